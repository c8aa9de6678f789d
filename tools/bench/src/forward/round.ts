import { sleep } from '@weir/core';
import { cpuSeconds, machineCpuSeconds } from '../measure/process-usage.ts';
import { quantile } from '../measure/quantile.ts';
import { BusyRoom, type Look, type Scenario, sum } from './busy-room.ts';
import type { CallServer } from './call-server.ts';
import { capturedPackets } from './captured-packets.ts';
import { nodeDelays } from './node-delays.ts';
import { capturePorts } from './packet-capture.ts';

export type RoundOptions = {
  packetsPerSecond: number;
  warmMs: number;
  measureMs: number;
  /** Record the packets: what the node's own delays are read from, and what costs the worker some time. */
  capture: boolean;
};

/** What one round showed of one server. */
export type Round = {
  server: CallServer['name'];
  packetsPerSecond: number;
  workerCpuUs: number;
  nodeCpuUs: number;
  /** Share of one core. */
  workerBusy: number;
  /** In the node, to the first copy of a packet and over all copies; NaN without a capture. */
  firstP50Ms: number;
  firstP99Ms: number;
  copyP50Ms: number;
  copyP99Ms: number;
  copies: number;
  captureDropped: number;
  /** As a receiving peer sees it, its own part included, and how late its process runs. */
  peerP50Ms: number;
  peerP99Ms: number;
  probeLagP99Ms: number;
  /** NaN with a capture. */
  lost: number;
  peersBusy: number;
  /** What other programs of this machine took meanwhile, in cores. */
  othersBusy: number;
};

/** A room of each server is filled; all of them run for a while at the same time, and are closed. */
export async function runRound(
  servers: readonly CallServer[],
  scenario: Scenario,
  options: RoundOptions,
): Promise<Round[]> {
  await using stack = new AsyncDisposableStack();
  const rooms: BusyRoom[] = [];
  for (const server of servers)
    rooms.push(await BusyRoom.fill(stack, server, scenario, options.packetsPerSecond));
  await sleep(options.warmMs);

  const before = await lookAt(rooms);
  const seen = await Promise.all(rooms.map((room) => watch(room, options)));
  const after = await lookAt(rooms);

  const seconds = (after.atMs - before.atMs) / 1000;
  const othersBusy = (after.othersCpu - before.othersCpu) / seconds;
  return rooms.map((room, i) => ({
    server: room.server.name,
    othersBusy,
    ...difference(before.looks[i]!, after.looks[i]!, seen[i]!.sentPerSecond),
    ...seen[i]!,
  }));
}

/** All rooms, and what the machine does besides them. */
async function lookAt(rooms: readonly BusyRoom[]) {
  const [machineCpu, ownCpu, ...looks] = await Promise.all([
    machineCpuSeconds(),
    cpuSeconds(process.pid),
    ...rooms.map((room) => room.look()),
  ]);
  const roomsCpu = looks.map(({ workerCpu, nodeCpu, peersCpu }) => workerCpu + nodeCpu + peersCpu);
  return { atMs: performance.now(), othersCpu: machineCpu - ownCpu - sum(roomsCpu), looks };
}

/** What the probe and the capture see meanwhile. */
async function watch(room: BusyRoom, { measureMs, capture }: RoundOptions) {
  const { probe, streams } = room;
  await probe.call('begin', undefined);
  const packets = capture
    ? await room.withoutViewers(() => capturePorts([streams.nodePort ?? 0], measureMs))
    : await sleep(measureMs).then(() => undefined);
  const peer = await probe.call('takeDelays', undefined);
  const { first, all } = packets
    ? nodeDelays(capturedPackets(packets.pcap), streams)
    : { first: [], all: [] };
  return {
    /** Undefined without a capture: then it is what the peers receive. */
    sentPerSecond: packets ? (all.length * 1000) / measureMs : undefined,
    firstP50Ms: quantile(first, 0.5),
    firstP99Ms: quantile(first, 0.99),
    copyP50Ms: quantile(all, 0.5),
    copyP99Ms: quantile(all, 0.99),
    copies: all.length,
    captureDropped: packets?.dropped ?? 0,
    peerP50Ms: peer.p50,
    peerP99Ms: peer.p99,
    probeLagP99Ms: peer.lagP99Ms,
  };
}

function difference(before: Look, after: Look, sentPerSecond: number | undefined) {
  const seconds = (after.atMs - before.atMs) / 1000;
  const packetsPerSecond =
    sentPerSecond ?? sum(after.counts.map((count, i) => rate(before.counts[i]!, count)));
  const perPacketUs = (name: 'workerCpu' | 'nodeCpu') =>
    ((after[name] - before[name]) / seconds / packetsPerSecond) * 1e6;
  const lost = ({ counts }: Look) => sum(counts.map((count) => count.lost));
  return {
    packetsPerSecond,
    workerCpuUs: perPacketUs('workerCpu'),
    nodeCpuUs: perPacketUs('nodeCpu'),
    workerBusy: (after.workerCpu - before.workerCpu) / seconds,
    lost: sentPerSecond === undefined ? lost(after) - lost(before) : Number.NaN, // Viewers that take nothing miss all.
    peersBusy: (after.peersCpu - before.peersCpu) / seconds,
  };
}

type Count = Look['counts'][number];

/** By each process's own clock: a busy one answers late. */
function rate(before: Count, after: Count): number {
  return ((after.received - before.received) * 1000) / (after.atMs - before.atMs);
}
