import { createSocket, type Socket, type SocketType } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import type { Clock } from '@weir/core';
import { preciseClock } from './delay-line.ts';
import { ImpairedPath, type Impairment, type PathCounters } from './impairment.ts';
import { PacketLink } from './packet-link.ts';
import type { Seed } from './seeded-random.ts';

export type UdpProxyOptions = {
  /** An IP address and a port. */
  target: { host: string; port: number };
  seed: Seed;
  /** From the clients to the target. */
  up?: Impairment;
  /** From the target to the clients. */
  down?: Impairment;
  /**
   * Where clients reach the proxy; 127.0.0.1 and any free port when left out. A server that announces its own port (ICE
   * candidates) is proxied without rewriting the port by the same port of another loopback address, as 127.0.0.2.
   */
  host?: string;
  port?: number;
  /** A client that sent nothing for so long is forgotten. */
  idleTimeoutMs?: number;
  /** Packets of further clients are dropped. */
  maxClients?: number;
};

export type UdpProxyCounters = {
  up: PathCounters;
  down: PathCounters;
  clients: number;
  /** Packets of clients beyond `maxClients`. */
  refused: number;
};

const socketBufferBytes = 4 * 2 ** 20;

/** A proxy of one UDP port. Each client address has its own socket to the target and its own link, by the seed. */
export async function udpProxy(options: UdpProxyOptions): Promise<UdpProxy> {
  const { host = '127.0.0.1', port = 0 } = options;
  const socket = openSocket(host);
  try {
    const listening = once(socket, 'listening');
    socket.bind(port, host);
    await listening;
  } catch (error) {
    socket.close();
    throw error;
  }
  enlargeBuffers(socket);
  return new UdpProxy(socket, options);
}

type Client = { up: PacketLink; down: PacketLink; upstream: Socket; lastHeardAt: number };

export class UdpProxy implements AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly #options: UdpProxyOptions;
  readonly #socket: Socket;
  readonly #clock: Clock = preciseClock;
  readonly #paths: Record<'up' | 'down', ImpairedPath>;
  readonly #clients = new Map<string, Client>();
  readonly #idleTimeoutMs: number;
  readonly #sweep: ReturnType<typeof setInterval>;
  #clientsSeen = 0;
  #refused = 0;
  #closing?: Promise<void>;

  constructor(socket: Socket, options: UdpProxyOptions) {
    const { address, port } = socket.address();
    this.host = address;
    this.port = port;
    this.#socket = socket;
    this.#options = options;
    this.#idleTimeoutMs = options.idleTimeoutMs ?? 60_000;
    const now = this.#clock.now();
    this.#paths = {
      up: new ImpairedPath(options.up ?? {}, now),
      down: new ImpairedPath(options.down ?? {}, now),
    };
    socket.on('error', () => {}); // A client that is gone; its packets are lost, as on any network.
    socket.on('message', (packet, from) => this.#client(from.address, from.port)?.up.send(packet));
    this.#sweep = setInterval(() => this.#forgetIdle(), this.#idleTimeoutMs / 4);
  }

  get counters(): UdpProxyCounters {
    return structuredClone({
      up: this.#paths.up.counters,
      down: this.#paths.down.counters,
      clients: this.#clients.size,
      refused: this.#refused,
    });
  }

  /** Changes what is named, from now on; packets under way keep their time. `undefined` takes an effect away. */
  set(changes: { up?: Impairment; down?: Impairment }): void {
    for (const direction of ['up', 'down'] as const) {
      const path = this.#paths[direction];
      path.impairment = { ...path.impairment, ...changes[direction] };
    }
  }

  /** Drops all that comes in during the next `ms`. */
  blackout(ms: number, directions: readonly ('up' | 'down')[] = ['up', 'down']): void {
    for (const direction of directions) this.#paths[direction].blackout(this.#clock.now() + ms);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#sweep);
    await Promise.all([closed(this.#socket), ...[...this.#clients.keys()].map((key) => this.#forget(key))]);
  }

  #client(address: string, port: number): Client | undefined {
    const key = `${address}:${port}`;
    let client = this.#clients.get(key);
    if (!client) {
      if (this.#clients.size >= (this.#options.maxClients ?? 1000)) {
        this.#refused++;
        return undefined;
      }
      client = this.#open(address, port);
      this.#clients.set(key, client);
    }
    client.lastHeardAt = this.#clock.now();
    return client;
  }

  #open(address: string, port: number): Client {
    const { target, seed } = this.#options;
    const number = this.#clientsSeen++;
    const upstream = openSocket(target.host);
    const early: Uint8Array[] = []; // For the moment until the socket is connected.
    let connected = false;
    const up = new PacketLink(this.#paths.up, `${seed}/${number}/up`, this.#clock, (packet) => {
      if (connected) upstream.send(packet);
      else early.push(packet);
    });
    const down = new PacketLink(this.#paths.down, `${seed}/${number}/down`, this.#clock, (packet) =>
      this.#socket.send(packet, port, address),
    );
    upstream.on('error', () => {}); // The target's port is closed; it may open again.
    upstream.on('message', (packet) => down.send(packet));
    upstream.connect(target.port, target.host, () => {
      connected = true;
      enlargeBuffers(upstream);
      for (const packet of early.splice(0)) upstream.send(packet);
    });
    return { up, down, upstream, lastHeardAt: this.#clock.now() };
  }

  #forgetIdle(): void {
    const since = this.#clock.now() - this.#idleTimeoutMs;
    for (const [key, { lastHeardAt }] of this.#clients) if (lastHeardAt < since) void this.#forget(key);
  }

  async #forget(key: string): Promise<void> {
    const client = this.#clients.get(key);
    if (!client) return;
    this.#clients.delete(key);
    client.up.clear();
    client.down.clear();
    await closed(client.upstream);
  }
}

function openSocket(host: string): Socket {
  const type: SocketType = isIPv6(host) ? 'udp6' : 'udp4';
  // Hosts are addresses: Node's own lookup would put each packet through a tick of its own.
  return createSocket({
    type,
    lookup: (address, _options, done) => done(null, address, type === 'udp6' ? 6 : 4),
  });
}

function enlargeBuffers(socket: Socket): void {
  socket.setRecvBufferSize(socketBufferBytes);
  socket.setSendBufferSize(socketBufferBytes);
}

function closed(socket: Socket): Promise<void> {
  return new Promise((done) => socket.close(done));
}
