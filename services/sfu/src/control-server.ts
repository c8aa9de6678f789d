import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { Lifetime, type Logger } from '@weir/core';
import {
  type EdgeListener,
  handlersFor,
  type MediaListener,
  type MediaNode,
  pipeHandlersFor,
} from '@weir/media';
import {
  type ControlVersions,
  commonVersion,
  controlVersions,
  keepAlive,
  pipesPath,
  versionHeader,
} from '@weir/media/control';
import {
  limits,
  type MediaControl,
  type MediaNodeContract,
  type MediaPipes,
  mediaNode,
  mediaPipes,
  type PipeEdge,
  RpcPeer,
} from '@weir/protocol';
import { wsChannel } from '@weir/service';
import { type WebSocket, WebSocketServer } from 'ws';

export type ControlConfig = {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Whoever has it may control this node. */
  secret: string;
  /** The versions of the protocol that it speaks. Default: what this program does. */
  versions?: ControlVersions;
};

/** Signaling nodes, and media nodes that get tracks from here; more is somebody who should not be here. */
const connectionsAtMost = 1_024;
const toldEveryMs = 1_000;

/** Serves a media node's contracts to signaling nodes and other media nodes over WebSocket, on the private network. */
export class ControlServer extends Lifetime {
  readonly port: number;
  readonly #node: MediaNode;
  readonly #logger: Logger;
  readonly #secret: Buffer;
  readonly #versions: ControlVersions;
  /** Who was not let in so far, by error code. */
  readonly refused = new Map<string, number>();
  #toldAt = Number.NEGATIVE_INFINITY;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.serverMessageBytes,
    perMessageDeflate: false,
  });

  static async listen(config: ControlConfig, node: MediaNode, logger: Logger): Promise<ControlServer> {
    const server = createServer((_, response) => response.writeHead(426).end()).listen(
      config.port,
      config.host,
    );
    await once(server, 'listening');
    return new ControlServer(server, config, node, logger);
  }

  private constructor(server: Server, config: ControlConfig, node: MediaNode, logger: Logger) {
    super();
    this.port = (server.address() as AddressInfo).port;
    this.#node = node;
    this.#logger = logger;
    this.#secret = digest(`Bearer ${config.secret}`);
    this.#versions = config.versions ?? controlVersions;
    this.#sockets.on('headers', (headers, request) =>
      headers.push(`${versionHeader}: ${this.#versionFor(request)}`),
    );
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.onClose(() => {
      server.close();
      for (const socket of this.#sockets.clients) socket.terminate();
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), this.#secret))
      return this.#refuse(request, socket, '401 Unauthorized', 'unauthenticated');
    if (this.#versionFor(request) === undefined)
      return this.#refuse(request, socket, '426 Upgrade Required', 'unsupported-version');
    if (this.#sockets.clients.size >= connectionsAtMost)
      return this.#refuse(request, socket, '503 Service Unavailable', 'limit-reached');
    const { pathname } = new URL(request.url ?? '/', 'http://any');
    this.#sockets.handleUpgrade(request, socket, head, (accepted) => {
      keepAlive(accepted);
      if (pathname === pipesPath) this.#servePipes(accepted);
      else this.#serve(accepted);
    });
  }

  #versionFor({ headers }: IncomingMessage): number | undefined {
    const said = headers[versionHeader];
    return commonVersion(typeof said === 'string' ? said : undefined, this.#versions);
  }

  /** Somebody who guesses must not fill the log. */
  #refuse(request: IncomingMessage, socket: Duplex, status: string, code: string): void {
    const count = (this.refused.get(code) ?? 0) + 1;
    this.refused.set(code, count);
    const from = request.socket.remoteAddress;
    if (performance.now() - this.#toldAt > toldEveryMs) {
      this.#toldAt = performance.now();
      this.#logger.warn({ from, code, count }, 'somebody was not let in at the control port');
    }
    refuse(socket, status, code);
  }

  #serve(socket: WebSocket): void {
    const listener: MediaListener = {
      'session.lost': (notice) => peer.notify('session.lost', notice),
      'session.connectivity': (notice) => peer.notify('session.connectivity', notice),
      'subscription.closed': (notice) => peer.notify('subscription.closed', notice),
      'subscription.layers': (notice) => peer.notify('subscription.layers', notice),
      'track.demand': (notice) => peer.notify('track.demand', notice),
      'room.audioSlots': (notice) => peer.notify('room.audioSlots', notice),
      'room.speakers': (notice) => peer.notify('room.speakers', notice),
    };
    const peer = new RpcPeer<MediaNodeContract, MediaControl>(wsChannel(socket), {
      contract: mediaNode,
      handlers: handlersFor(this.#node, listener),
      notices: {},
      pendingAtMost: limits.pendingNodeRequests,
      onFault: (method, error) => this.#logger.error({ err: error, method }, 'a media request failed'),
      onViolation: (error) => this.#logger.warn({ err: error }, 'a signaling node broke the protocol'),
    });
    this.own(peer);
    peer.onClose(() => this.#node.forget(listener));
  }

  #servePipes(socket: WebSocket): void {
    const { distributor } = this.#node;
    if (!distributor) return socket.terminate();
    const listener: EdgeListener = { 'pipe.closed': (notice) => peer.notify('pipe.closed', notice) };
    const peer = new RpcPeer<MediaPipes, PipeEdge>(wsChannel(socket), {
      contract: mediaPipes,
      handlers: pipeHandlersFor(distributor, listener),
      notices: {},
      pendingAtMost: limits.pendingNodeRequests,
      onFault: (method, error) => this.#logger.error({ err: error, method }, 'a pipe request failed'),
      onViolation: (error) => this.#logger.warn({ err: error }, 'a media node broke the protocol'),
    });
    this.own(peer);
    peer.onClose(() => distributor.forget(listener));
  }
}

/** Of equal length whatever was sent, so that comparing tells nothing. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function refuse(socket: Duplex, status: string, code: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: ${code.length}\r\n\r\n${code}`);
}
