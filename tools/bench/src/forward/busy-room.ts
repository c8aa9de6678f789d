import { getPriority, setPriority } from 'node:os';
import { PlatformError } from '@weir/core';
import { eventually } from '@weir/testing';
import { Child } from '../measure/child.ts';
import { cpuSeconds } from '../measure/process-usage.ts';
import { type CallServer, sources } from './call-server.ts';
import { Streams } from './node-delays.ts';
import type { PeersProcess } from './peers-process.ts';
import { RemoteEngine } from './remote-engine.ts';

/** Who publishes, and who watches: a packet has as many copies as there are viewers. */
export type Scenario = { name: string; publishers: number; viewers: number };

/** Streams that the server sends out. */
export function fanOut({ publishers, viewers }: Scenario): number {
  return sources.length * publishers * viewers;
}

type Peers = Child<PeersProcess>;
type Count = Awaited<ReturnType<PeersProcess['count']>>;

/** Where a room stands; the difference of two looks is a measurement. */
export type Look = { atMs: number; workerCpu: number; nodeCpu: number; peersCpu: number; counts: Count[] };

/** Viewers in a process of their own, which does so little that it takes each packet when it comes. */
const probes = 1;
const joinsAtOnce = 8;
const peersModule = new URL('peers-process.ts', import.meta.url);
let rooms = 0;

/**
 * A room of a server, full of peers who send and receive. Each publisher has a process of its own, as people have computers
 * of their own: from one process the packets of all would come in bursts.
 */
export class BusyRoom {
  readonly server: CallServer;
  readonly probe: Peers;
  readonly streams = new Streams();
  readonly #scenario: Scenario;
  readonly #publishers: Peers[];
  readonly #crowd: Peers;

  /** Filled, and every stream arrives. It is gone when `stack` is. */
  static async fill(
    stack: AsyncDisposableStack,
    server: CallServer,
    scenario: Scenario,
    packetsPerSecond: number,
  ): Promise<BusyRoom> {
    const room = new BusyRoom(stack, server, scenario);
    const name = `round-${rooms++}`;
    stack.defer(() => server.closeRoom(name));
    const join = (identity: string, peers: Peers, receives: boolean) =>
      server.join(name, identity, new RemoteEngine(peers, packetsPerSecond, room.streams), receives);
    const publish: (() => Promise<void>)[] = [];
    for (const [i, peers] of room.#publishers.entries())
      publish.push(await join(`publisher-${i}`, peers, false));
    for (let i = 0; i < scenario.viewers; i += joinsAtOnce) {
      const some = Array.from({ length: Math.min(joinsAtOnce, scenario.viewers - i) }, (_, k) => i + k);
      await Promise.all(some.map((n) => join(`viewer-${n}`, n < probes ? room.probe : room.#crowd, true)));
    }
    for (const start of publish) await start(); // Last, so that nobody needs a key frame for long.
    await room.#untilLive();
    return room;
  }

  private constructor(stack: AsyncDisposableStack, server: CallServer, scenario: Scenario) {
    this.server = server;
    this.#scenario = scenario;
    this.#publishers = Array.from({ length: scenario.publishers }, () => stack.use(new Child(peersModule)));
    this.#crowd = stack.use(new Child(peersModule));
    this.probe = stack.use(new Child(peersModule));
    // Where the machine is short of cores, the server comes first.
    for (const { pid } of [...this.#publishers, this.#crowd])
      setPriority(pid, Math.min(19, getPriority() + 10));
  }

  /**
   * While `work` runs the viewers but the probe take nothing in, and cost nothing: the kernel drops what is sent to them. For the
   * server that is the same work; with them, a machine of two cores would be full before the server is busy.
   */
  async withoutViewers<T>(work: () => Promise<T>): Promise<T> {
    process.kill(this.#crowd.pid, 'SIGSTOP');
    try {
      return await work();
    } finally {
      process.kill(this.#crowd.pid, 'SIGCONT');
    }
  }

  async look(): Promise<Look> {
    const [worker] = this.server.workerPids;
    if (worker === undefined) throw new PlatformError('internal', 'the server has no worker');
    const pids = [worker, this.server.pid, ...this.#peers.map(({ pid }) => pid)];
    const [workerCpu = 0, nodeCpu = 0, ...peersCpu] = await Promise.all(pids.map(cpuSeconds));
    const atMs = performance.now();
    return { atMs, workerCpu, nodeCpu, peersCpu: sum(peersCpu), counts: await this.#counts() };
  }

  get #peers(): Peers[] {
    return [...this.#publishers, this.#crowd, this.probe];
  }

  #counts(): Promise<Count[]> {
    return Promise.all(this.#peers.map((peers) => peers.call('count', undefined)));
  }

  async #untilLive(): Promise<void> {
    const wanted = fanOut(this.#scenario);
    const allLive = async () => {
      const live = sum((await this.#counts()).map((count) => count.live));
      return live === wanted || `${live} of ${wanted} streams arrive`;
    };
    await eventually(allLive, { timeoutMs: 30_000, intervalMs: 200 });
  }
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
