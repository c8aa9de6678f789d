import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type ClusterStore,
  type Drain,
  DrainWatch,
  type Lease,
  nodeFacts,
  Placement,
  Rooms,
  type Session,
  type SignalingNodeStatus,
  signalingNodeKey,
  signalingNodes,
} from '@weir/cluster';
import { Lifetime, type Logger, sleep, Turns } from '@weir/core';
import { type Channel, limits, subprotocol } from '@weir/protocol';
import { wsChannel } from '@weir/service';
import { type WebSocket, WebSocketServer } from 'ws';
import { ClientConnection } from './client-connection.ts';
import { MediaLinks, type OpenMediaLink } from './media-links.ts';
import type { OfferRelays } from './seat-view.ts';
import { SessionReaper } from './session-reaper.ts';

export type SignalingOptions = {
  store: ClusterStore;
  openMediaLink: OpenMediaLink;
  /** Default: no relays. */
  iceServers?: OfferRelays;
  /** How often a client that stays gets new credentials for relays. Default: 15 min. */
  renewRelaysEveryMs?: number;
  logger: Logger;
  nodeId?: string;
  /** Default: `local`. */
  region?: string;
  /** Where clients reach this node; absent: where they ask the director. */
  url?: string;
};

/** Where clients open their WebSocket. */
export const signalingPath = '/v1/signaling';

const leaseMs = 3_000;
const renewRelaysEveryMs = 900_000;
const stopMs = 2_000;
/** Clients that are moved from drained media nodes at the same time: each has its media twice meanwhile. */
const movesAtOnce = 8;
/** Clients that are let in at the same time. What more would wait for is the processor, and each for all. */
const arrivalsAtOnce = 32;
const redirectEveryMs = 500;
/** Clients are sent to other nodes over this share of the time that there is. */
const redirectSpread = 0.7;
/** One that has not gone by itself by then is cut off. */
const redirectPatienceMs = 5_000;
/** A socket that was silent for one to two of these is gone (SG14). */
const lookEveryMs = 5_000;

/** A signaling node: takes sockets from HTTP servers, and keeps nothing that another node could not take over. */
export class Signaling extends Lifetime {
  readonly nodeId: string;
  readonly rooms: Rooms;
  readonly #options: SignalingOptions;
  readonly #links: MediaLinks;
  readonly #placement: Placement;
  readonly #drains: DrainWatch;
  readonly #turns = new Turns(movesAtOnce);
  readonly #arrivals = new Turns(arrivalsAtOnce);
  /** The others that take this node's clients, while it is drained; none: they stay. */
  #others: string[] | undefined;
  #leaving: Lifetime | undefined;
  readonly #connections = new Set<ClientConnection>();
  /** Closes when no more sockets are taken. */
  readonly #accepting = this.own(new Lifetime());
  readonly #open = new Set<WebSocket>();
  /** The sockets that were heard of since the last look. */
  readonly #answering = new WeakSet<WebSocket>();
  readonly #sockets: WebSocketServer;
  /** What went wrong so far, by error code. */
  readonly violations = new Map<string, number>();

  constructor(options: SignalingOptions, drains: DrainWatch) {
    super();
    this.#options = options;
    this.#drains = this.own(drains);
    this.nodeId = options.nodeId ?? `sig-${randomUUID().slice(0, 8)}`;
    this.rooms = new Rooms(options.store.rooms);
    this.#links = new MediaLinks(options.openMediaLink);
    this.#placement = new Placement(options.store, { region: options.region });
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: limits.clientMessageBytes,
      perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
    });
  }

  static async start(options: SignalingOptions): Promise<Signaling> {
    const node = new Signaling(options, await DrainWatch.start(options.store.leases, options.logger));
    void node.#keepLease(await node.#takeLease());
    const timer = setInterval(() => node.#look(), lookEveryMs);
    node.onClose(() => clearInterval(timer));
    node.own(
      new SessionReaper(options.store, node.rooms, node.nodeId, options.logger, (roomId, session) =>
        node.#takeAway(roomId, session),
      ),
    );
    node.#drains.events.on(
      'changed',
      (nodeId, drain) => nodeId === node.nodeId && node.#drain(drain),
      node.signal,
    );
    node.#drain(node.#drains.of(node.nodeId));
    return node;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Takes the WebSocket upgrades of `server` at `signalingPath` until this node closes. */
  attach(server: Server): void {
    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (new URL(request.url ?? '/', 'http://any').pathname !== signalingPath) return refuse(socket);
      this.#sockets.handleUpgrade(request, socket, head, (ws) => {
        if (ws.protocol !== subprotocol) return ws.close(4426, 'unsupported-version');
        this.#answering.add(ws);
        ws.on('pong', () => this.#answering.add(ws));
        ws.on('message', () => this.#answering.add(ws));
        this.#open.add(ws);
        ws.on('close', () => this.#open.delete(ws));
        this.accept(wsChannel(ws));
      });
    };
    server.on('upgrade', onUpgrade);
    this.#accepting.onClose(() => server.off('upgrade', onUpgrade));
  }

  /** Serves one client over `channel`. */
  accept(channel: Channel): void {
    const { store, logger } = this.#options;
    const connection = new ClientConnection(channel, {
      nodeId: this.nodeId,
      store,
      rooms: this.rooms,
      links: this.#links,
      placement: this.#placement,
      iceServers: this.#options.iceServers ?? (() => []),
      renewRelaysEveryMs: this.#options.renewRelaysEveryMs ?? renewRelaysEveryMs,
      drains: this.#drains,
      turns: this.#turns,
      arrivals: this.#arrivals,
      isLeaving: () => this.#others !== undefined,
      logger,
      count: (what) => this.violations.set(what, (this.violations.get(what) ?? 0) + 1),
    });
    this.#connections.add(connection);
    connection.onClose(() => this.#connections.delete(connection));
  }

  /** Sends every client to another node and stops. */
  async stop(): Promise<void> {
    this.#accepting.close(); // First: who is sent away must not come back here.
    for (const connection of this.#connections) connection.sendAway();
    const deadline = Date.now() + stopMs;
    while (this.#connections.size && Date.now() < deadline) await sleep(10);
    this.close();
    this.#links.close();
    this.#sockets.close();
  }

  /** Of somebody who is away nobody else sees that its media node is drained; its client finds its media elsewhere. */
  async #takeAway(roomId: string, { participantId, mediaNodeId }: Session): Promise<void> {
    const drain = this.#drains.of(mediaNodeId);
    if (!drain || Date.now() < drain.deadlineAt) return;
    await this.rooms
      .rehome(roomId, participantId, mediaNodeId, (wish) => this.#placement.choose(roomId, wish))
      .catch(() => {}); // There is no other node, or its client has just come back.
  }

  #drain(drain: Drain | undefined): void {
    this.#leaving?.close();
    this.#others = undefined;
    if (!drain) return;
    this.#leaving = this.own(new Lifetime());
    void this.#sendElsewhere(drain, this.#leaving);
  }

  /** Bit by bit, so that the others need not take all at once; while there is no other node everybody stays. */
  async #sendElsewhere({ deadlineAt }: Drain, leaving: Lifetime): Promise<void> {
    const sentAt = new Map<ClientConnection, number>();
    while (!leaving.closed) {
      const others = await this.#nodesBeside().catch(() => undefined);
      if (leaving.closed) return;
      this.#others = others;
      const now = Date.now();
      const rounds = ((deadlineAt - now) * redirectSpread) / redirectEveryMs;
      const here = [...this.#connections].filter((connection) => !sentAt.has(connection));
      const some = Math.ceil(here.length / Math.max(1, rounds));
      for (const connection of others ? here.slice(0, some) : []) {
        sentAt.set(connection, now);
        connection.onClose(() => sentAt.delete(connection));
        connection.redirect(others!);
      }
      for (const [connection, at] of sentAt) if (now - at > redirectPatienceMs) connection.sendAway();
      await sleep(redirectEveryMs, leaving.signal);
    }
  }

  /** The addresses of other nodes, in any order; undefined: there is no other. */
  async #nodesBeside(): Promise<string[] | undefined> {
    const living = await signalingNodes(this.#options.store.leases);
    const others = living.filter(({ nodeId }) => nodeId !== this.nodeId && !this.#drains.of(nodeId));
    if (!others.length) return undefined;
    return others.flatMap(({ status }) => status.url ?? []).sort(() => Math.random() - 0.5);
  }

  /** Cuts off the sockets that have not answered since the last look: their clients are gone, or cannot be reached. */
  #look(): void {
    for (const socket of this.#open) {
      if (!this.#answering.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }

  get #status(): string {
    const { url = null, region = 'local' } = this.#options;
    const connections = this.#connections.size;
    const status: SignalingNodeStatus = {
      url,
      region,
      connections,
      ...nodeFacts(this.#drains, this.nodeId),
    };
    return JSON.stringify(status);
  }

  #takeLease(): Promise<Lease | undefined> {
    const key = signalingNodeKey(this.nodeId);
    return this.#options.store.leases.acquire(key, this.nodeId, leaseMs, this.#status);
  }

  async #keepLease(first: Lease | undefined): Promise<void> {
    let lease = first;
    while (!this.closed) {
      await sleep(leaseMs / 3, this.signal);
      try {
        const { leases } = this.#options.store;
        if (lease && (await leases.renew(lease, leaseMs, this.#status))) continue;
        lease = await this.#takeLease();
      } catch (error) {
        this.#options.logger.warn({ err: error }, 'could not renew the lease of this signaling node');
      }
    }
    if (lease) await this.#options.store.leases.release(lease).catch(() => {});
  }
}

/** Nobody else takes upgrades: a socket that is not answered would stay open for good. */
function refuse(socket: Duplex): void {
  socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
}
