import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '@weir/core';
import { DelayLine, preciseClock } from './delay-line.ts';
import { Bottleneck, ImpairedPath, type Impairment } from './impairment.ts';
import { type Seed, seededRandom } from './seeded-random.ts';

/**
 * What can be done to a stream without looking into TCP: lost and reordered packets are delay to who reads the stream. A
 * blackout stalls it. `queueBytes` bounds what the proxy holds; a sender beyond it is paused, not dropped.
 */
export type StreamImpairment = Pick<
  Impairment,
  'delayMs' | 'jitterMs' | 'rateBps' | 'queueBytes' | 'blackouts'
>;

export type TcpProxyOptions = {
  target: { host: string; port: number };
  seed: Seed;
  up?: StreamImpairment;
  down?: StreamImpairment;
  /** 127.0.0.1 and any free port when left out. */
  host?: string;
  port?: number;
  /**
   * What a connection waits before its first byte goes up: the round trip of TCP's own handshake, which the system here
   * does on the spot.
   */
  handshakeMs?: number;
  /** Further connections are reset. */
  maxConnections?: number;
};

export type TcpProxyCounters = {
  /** Open now. */
  connections: number;
  accepted: number;
  bytes: { up: number; down: number };
};

const defaultQueueBytes = 128 * 1024;
const connectTimeoutMs = 10_000;

/** The size of the pieces that a rate is made of: a full packet, or 2 ms' worth of a fast link. */
const pieceBytes = (rateBps: number) => Math.max(1460, Math.floor(rateBps / 8000) * 2);

/** A proxy of one TCP port. */
export async function tcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  // Half-open: one side's end reaches the other after the delay, like its data.
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  const listening = once(server, 'listening');
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  await listening;
  return new TcpProxy(server, options);
}

export class TcpProxy implements AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly #server: Server;
  readonly #options: TcpProxyOptions;
  readonly #clock: Clock = preciseClock;
  readonly #paths: Record<'up' | 'down', ImpairedPath>;
  readonly #connections = new Set<{ near: Socket; far: Socket }>();
  #accepted = 0;
  #closing?: Promise<void>;

  constructor(server: Server, options: TcpProxyOptions) {
    const { address, port } = server.address() as AddressInfo;
    this.host = address;
    this.port = port;
    this.#server = server;
    this.#options = options;
    const now = this.#clock.now();
    this.#paths = {
      up: new ImpairedPath(options.up ?? {}, now),
      down: new ImpairedPath(options.down ?? {}, now),
    };
    server.on('connection', (near) => this.#accept(near));
  }

  get counters(): TcpProxyCounters {
    const { up, down } = this.#paths;
    return {
      connections: this.#connections.size,
      accepted: this.#accepted,
      bytes: { up: up.counters.forwardedBytes, down: down.counters.forwardedBytes },
    };
  }

  /** Changes what is named, for what comes in from now on. `undefined` takes an effect away. */
  set(changes: { up?: StreamImpairment; down?: StreamImpairment }): void {
    for (const direction of ['up', 'down'] as const) {
      const path = this.#paths[direction];
      path.impairment = { ...path.impairment, ...changes[direction] };
    }
  }

  /** Nothing comes through during the next `ms`; afterwards all of it does. */
  blackout(ms: number, directions: readonly ('up' | 'down')[] = ['up', 'down']): void {
    for (const direction of directions) this.#paths[direction].blackout(this.#clock.now() + ms);
  }

  /** Resets (RST) all connections on both sides. New ones are accepted. */
  reset(): void {
    for (const { near, far } of this.#connections) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((done) => {
      this.#server.close(() => done());
      for (const { near, far } of this.#connections) {
        near.destroy();
        far.destroy();
      }
    });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(near: Socket): void {
    near.on('error', () => {}); // 'close' follows, and ends the other side the same way.
    if (this.#connections.size >= (this.#options.maxConnections ?? 1000)) {
      near.resetAndDestroy();
      return;
    }
    const number = this.#accepted++;
    const far = connect({ ...this.#options.target, allowHalfOpen: true, noDelay: true });
    far.on('error', () => {});
    const connecting = setTimeout(() => far.destroy(new Error('no connection')), connectTimeoutMs);
    far.once('connect', () => clearTimeout(connecting));
    const connection = { near, far };
    this.#connections.add(connection);
    const links = (['up', 'down'] as const).map((direction) => {
      const [from, to] = direction === 'up' ? [near, far] : [far, near];
      const seed = `${this.#options.seed}/${number}/${direction}`;
      const opensAt = this.#clock.now() + (direction === 'up' ? (this.#options.handshakeMs ?? 0) : 0);
      return new StreamLink(this.#paths[direction], seed, this.#clock, from, to, opensAt);
    });
    const over = (failed: boolean) => {
      if (failed) for (const socket of [near, far]) socket.resetAndDestroy();
      if (!near.closed || !far.closed) return; // What is under way to the side still open is delivered.
      clearTimeout(connecting);
      this.#connections.delete(connection);
      for (const link of links) link.close();
    };
    near.once('close', over);
    far.once('close', over);
  }
}

/** One connection's bytes in one direction, in order. */
class StreamLink {
  readonly #path: ImpairedPath;
  readonly #clock: Clock;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #random: () => number;
  readonly #bottleneck = new Bottleneck();
  /** What waits, in order; 'end' is the last of it. The line tells only when the next one may go. */
  readonly #queue: (Buffer | 'end')[] = [];
  readonly #line: DelayLine<undefined>;
  readonly #opensAt: number;
  #queuedBytes = 0;
  #lastDueAt = 0;

  constructor(path: ImpairedPath, seed: Seed, clock: Clock, from: Socket, to: Socket, opensAt: number) {
    this.#path = path;
    this.#clock = clock;
    this.#from = from;
    this.#to = to;
    this.#random = seededRandom(seed);
    this.#opensAt = opensAt;
    this.#line = new DelayLine(clock, () => this.#deliver());
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    from.on('end', () => this.#enter('end', clock.now()));
    to.on('drain', () => this.#balance());
  }

  close(): void {
    this.#line.clear();
    this.#queue.length = 0;
  }

  #take(chunk: Buffer): void {
    const { rateBps } = this.#path.impairment;
    const { counters } = this.#path;
    counters.received++;
    counters.receivedBytes += chunk.byteLength;
    const size = rateBps === undefined ? chunk.byteLength : pieceBytes(rateBps);
    const now = this.#clock.now();
    for (let at = 0; at < chunk.byteLength; at += size) {
      const piece = chunk.subarray(at, at + size);
      // The sender is paused when too much waits, so nothing that came is ever refused.
      const limits = { rateBps, queueBytes: Number.POSITIVE_INFINITY };
      this.#enter(piece, this.#bottleneck.departure(now, piece.byteLength, limits) ?? now);
    }
    this.#balance();
  }

  #enter(piece: Buffer | 'end', departsAt: number): void {
    const { delayMs = 0, jitterMs = 0 } = this.#path.impairment;
    const jitter = (2 * this.#random() - 1) * jitterMs;
    const leavesAt = Math.max(departsAt, this.#opensAt);
    this.#lastDueAt = Math.max(this.#lastDueAt, leavesAt + Math.max(0, delayMs + jitter));
    this.#queue.push(piece);
    if (piece !== 'end') this.#queuedBytes += piece.byteLength;
    this.#line.push(this.#lastDueAt, undefined);
  }

  #deliver(): void {
    const now = this.#clock.now();
    const stalledUntil = this.#path.blackoutEnd(now);
    if (stalledUntil !== undefined) {
      this.#lastDueAt = Math.max(this.#lastDueAt, stalledUntil);
      return this.#line.push(stalledUntil, undefined);
    }
    const piece = this.#queue.shift();
    if (piece === undefined) return;
    if (piece === 'end') this.#to.end();
    else {
      this.#queuedBytes -= piece.byteLength;
      this.#path.counters.forwarded++;
      this.#path.counters.forwardedBytes += piece.byteLength;
      this.#to.write(piece);
      this.#balance();
    }
  }

  /** Stops reading while too much waits: that is how a slow link is felt by who sends. */
  #balance(): void {
    const waiting = this.#queuedBytes + this.#to.writableLength;
    const limit = this.#path.impairment.queueBytes ?? defaultQueueBytes;
    if (waiting > limit) this.#from.pause();
    else if (this.#from.isPaused()) this.#from.resume();
  }
}
