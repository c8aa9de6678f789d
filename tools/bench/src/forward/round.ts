import { setPriority } from 'node:os';
import { PlatformError, sleep } from '@weir/core';
import { eventually } from '@weir/testing';
import { Child } from '../measure/child.ts';
import { cpuSeconds, machineCpuSeconds } from '../measure/process-usage.ts';
import { type CallServer, sources } from './call-server.ts';
import type { PeersProcess } from './peers-process.ts';
import { RemoteEngine } from './remote-engine.ts';

/** Who publishes, and who watches only. Everybody receives everybody else. */
export type Scenario = { name: string; publishers: number; viewers: number };

/** Streams that the server sends out. */
export function fanOut({ publishers, viewers }: Scenario): number {
  return sources.length * publishers * (publishers - 1 + viewers);
}

export type RoundOptions = { packetsPerSecond: number; warmMs: number; measureMs: number };

/** What one round with one server showed. */
export type Round = {
  server: CallServer['name'];
  packetsPerSecond: number;
  workerCpuUs: number;
  nodeCpuUs: number;
  /** Share of one core. */
  workerBusy: number;
  delayP50Ms: number;
  delayP99Ms: number;
  delays: number;
  lost: number;
  /** How late the process that measures the delays runs, and whether the crowd keeps up with what it sends. */
  probeLagP99Ms: number;
  crowdBusy: number;
  framesSkipped: number;
  /** What other programs of this machine took meanwhile, in cores. */
  othersBusy: number;
};

/** What other programs may take while a round still counts. */
export const quietCores = 0.3;

export function isQuiet({ othersBusy }: Round): boolean {
  return othersBusy <= quietCores;
}

/** Viewers in a process of their own, which does so little that it takes each packet when it comes. */
const probes = 2;
const joinsAtOnce = 8;
const peersModule = new URL('peers-process.ts', import.meta.url);
let rounds = 0;

/** A room is filled, runs for a while and is closed. */
export async function runRound(
  server: CallServer,
  scenario: Scenario,
  options: RoundOptions,
): Promise<Round> {
  await using stack = new AsyncDisposableStack();
  const crowd = stack.use(new Child<PeersProcess>(peersModule));
  const probe = stack.use(new Child<PeersProcess>(peersModule));
  setPriority(crowd.pid, 10); // Where the machine is short of cores, the server comes first.
  const room = `round-${rounds++}`;
  stack.defer(() => server.closeRoom(room));
  await fill(server, room, scenario, options, crowd, probe);
  await sleep(options.warmMs);

  const before = await look(server, crowd, probe);
  await probe.call('begin', undefined);
  await sleep(options.measureMs);
  const delays = await probe.call('takeDelays', undefined);
  const after = await look(server, crowd, probe);

  const seconds = (after.atMs - before.atMs) / 1000;
  const packetsPerSecond = rate(before.crowd, after.crowd) + rate(before.probe, after.probe);
  const perPacketUs = (name: 'workerCpu' | 'nodeCpu') =>
    ((after[name] - before[name]) / seconds / packetsPerSecond) * 1e6;
  const skewMs = after.probe.clockOffsetMs - after.crowd.clockOffsetMs;
  return {
    server: server.name,
    packetsPerSecond,
    workerCpuUs: perPacketUs('workerCpu'),
    nodeCpuUs: perPacketUs('nodeCpu'),
    workerBusy: (after.workerCpu - before.workerCpu) / seconds,
    delayP50Ms: delays.p50 - skewMs,
    delayP99Ms: delays.p99 - skewMs,
    delays: delays.count,
    lost: after.crowd.lost - before.crowd.lost + after.probe.lost - before.probe.lost,
    probeLagP99Ms: delays.lagP99Ms,
    crowdBusy: (after.crowdCpu - before.crowdCpu) / seconds,
    framesSkipped: after.crowd.framesSkipped - before.crowd.framesSkipped,
    othersBusy: (after.othersCpu - before.othersCpu) / seconds,
  };
}

async function fill(
  server: CallServer,
  room: string,
  { publishers, viewers }: Scenario,
  { packetsPerSecond }: RoundOptions,
  crowd: Child<PeersProcess>,
  probe: Child<PeersProcess>,
): Promise<void> {
  const join = (identity: string, peers: Child<PeersProcess>) =>
    server.join(room, identity, new RemoteEngine(peers, packetsPerSecond));
  const publish: (() => Promise<void>)[] = [];
  for (let i = 0; i < publishers; i++) publish.push(await join(`publisher-${i}`, crowd));
  for (let i = 0; i < viewers; i += joinsAtOnce) {
    const some = Array.from({ length: Math.min(joinsAtOnce, viewers - i) }, (_, k) => i + k);
    await Promise.all(some.map((n) => join(`viewer-${n}`, n < probes ? probe : crowd)));
  }
  for (const start of publish) await start(); // Last, so that nobody needs a key frame for long.
  const wanted = fanOut({ name: '', publishers, viewers });
  await eventually(
    async () => {
      const [there, watched] = await Promise.all([
        crowd.call('count', undefined),
        probe.call('count', undefined),
      ]);
      const live = there.live + watched.live;
      return live === wanted || `${live} of ${wanted} streams arrive`;
    },
    { timeoutMs: 30_000, intervalMs: 200 },
  );
}

type Count = Awaited<ReturnType<PeersProcess['count']>>;

async function look(server: CallServer, crowdChild: Child<PeersProcess>, probeChild: Child<PeersProcess>) {
  const [worker] = server.workerPids;
  if (worker === undefined) throw new PlatformError('internal', 'the server has no worker');
  const pids = [worker, server.pid, crowdChild.pid, probeChild.pid, process.pid];
  const [machineCpu, ...cpu] = await Promise.all([machineCpuSeconds(), ...pids.map(cpuSeconds)]);
  const [workerCpu = 0, nodeCpu = 0, crowdCpu = 0] = cpu;
  const othersCpu = machineCpu - cpu.reduce((sum, one) => sum + one, 0);
  const atMs = performance.now();
  const [crowd, probe] = await Promise.all([
    crowdChild.call('count', undefined),
    probeChild.call('count', undefined),
  ]);
  return { atMs, workerCpu, nodeCpu, crowdCpu, othersCpu, crowd, probe };
}

/** By each process's own clock: a busy one answers late. */
function rate(before: Count, after: Count): number {
  return ((after.received - before.received) * 1000) / (after.atMs - before.atMs);
}
