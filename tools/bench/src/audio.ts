import type { Bench, BenchOptions } from '@weir/cli';
import { Room } from '@weir/client';
import { sleep } from '@weir/core';
import { PeerEngine, preparedTrack, prepareMedia } from '@weir/peer';
import { limits } from '@weir/protocol';
import { Child } from './measure/child.ts';
import { thisMachine } from './measure/machine.ts';
import { type Doors, tokenFor } from './measure/peers.ts';
import type { PlatformProcess } from './measure/platform-process.ts';
import { cpuSeconds } from './measure/process-usage.ts';
import { table } from './measure/table.ts';

const platformModule = new URL('measure/platform-process.ts', import.meta.url);
const packetsPerSecond = 50;
const settleMs = 3_000;
/** A room small enough to send everybody to everybody, for the price of a packet. */
const smallRoom = 16;
const goal = { cores: 1 };

type Load = { nodeCores: number; workerCores: number };
type Progress = Pick<BenchOptions, 'say' | 'signal'>;

export const bench: Bench = {
  name: 'audio',
  describe: 'what it costs the server that a room with all microphones open is heard through audio slots',
  parameters: { microphones: 200, seconds: 10 },
  async run({ parameters, ...progress }) {
    const { microphones, seconds } = parameters as { microphones: number; seconds: number };
    // The price of forwarding: everybody's microphone to everybody else, no slots.
    const all = await measure({ people: smallRoom, listens: true, slotsAbove: 100_000, seconds }, progress);
    const idle = await measure({ people: smallRoom, listens: false, slotsAbove: 100_000, seconds }, progress);
    const forwarded = smallRoom * (smallRoom - 1) * packetsPerSecond;
    const packetSeconds = (all.workerCores - idle.workerCores) / forwarded;
    // The price of listening to all of a big room.
    const heard = await measure({ people: microphones, listens: false, slotsAbove: 0, seconds }, progress);
    const unheard = await measure(
      { people: microphones, listens: false, slotsAbove: 100_000, seconds },
      progress,
    );
    const hearing = {
      node: heard.nodeCores - unheard.nodeCores,
      worker: heard.workerCores - unheard.workerCores,
    };
    const streams = { slots: microphones * limits.audioSlots, all: microphones * (microphones - 1) };
    const cores = {
      slots: streams.slots * packetsPerSecond * packetSeconds + hearing.node + hearing.worker,
      all: streams.all * packetsPerSecond * packetSeconds,
    };
    const rows = [
      ['slots', streams.slots, cores.slots.toFixed(2)],
      ['everybody to everybody', streams.all, cores.all.toFixed(2)],
    ];
    progress.say(table([`${microphones} open microphones`, 'streams sent', 'cores (computed)'], rows));
    progress.say(
      `\nhearing them all, measured: ${hearing.node.toFixed(2)} cores in the node's process, ${hearing.worker.toFixed(2)} in the worker`,
    );
    progress.say(`a packet forwarded, measured: ${(packetSeconds * 1e6).toFixed(1)} µs`);
    return {
      name: 'audio',
      against: 'everybody’s microphone to everybody else, computed from the measured price of a packet',
      ratio: cores.slots / cores.all,
      p50Ms: null,
      p95Ms: null,
      p99Ms: null,
      goal: `hearing ${microphones} open microphones takes less than ${goal.cores} core`,
      met: hearing.node + hearing.worker < goal.cores,
      ranOn: thisMachine(),
      details: {
        microphones,
        hearingNodeCores: round(hearing.node),
        hearingWorkerCores: round(hearing.worker),
        forwardMicrosPerPacket: round(packetSeconds * 1e6),
        slotStreams: streams.slots,
        allStreams: streams.all,
        slotCores: round(cores.slots),
        allCores: round(cores.all),
      },
    };
  },
};

type Scene = { people: number; listens: boolean; slotsAbove: number; seconds: number };

/** CPU use of a platform of its own while so many speak. */
async function measure(scene: Scene, { say, signal }: Progress): Promise<Load> {
  const { people, listens, slotsAbove, seconds } = scene;
  await using stack = new AsyncDisposableStack();
  const child = stack.use(new Child<PlatformProcess>(platformModule));
  const sound = { microphonesWithoutSlots: slotsAbove, audioSlots: limits.audioSlots };
  const doors = await child.call('start', { workers: 1, sound });
  const peers: Room[] = [];
  stack.defer(async () => {
    await Promise.all(peers.map((peer) => peer.leave()));
  });
  while (peers.length < people && !signal.aborted) {
    const step = Math.min(20, people - peers.length);
    const joining = Array.from({ length: step }, (_, i) =>
      joinSpeaking(doors, `${peers.length + i}`, listens),
    );
    peers.push(...(await Promise.all(joining)));
  }
  await sleep(settleMs, signal);
  const [workerPid] = doors.workerPids as [number];
  const read = async () => ({ node: await cpuSeconds(doors.pid), worker: await cpuSeconds(workerPid) });
  const before = await read();
  const startedAt = performance.now();
  await sleep(seconds * 1_000, signal);
  const after = await read();
  const passed = (performance.now() - startedAt) / 1_000;
  const load = {
    nodeCores: (after.node - before.node) / passed,
    workerCores: (after.worker - before.worker) / passed,
  };
  const how = listens ? 'to each other' : slotsAbove === 0 ? 'heard' : 'to nobody';
  say(
    `${people} speak ${how}: node ${load.nodeCores.toFixed(3)}, worker ${load.workerCores.toFixed(3)} cores`,
  );
  return load;
}

async function joinSpeaking(doors: Doors, identity: string, subscribe: boolean): Promise<Room> {
  const token = await tokenFor(doors, 'audio', identity, { subscribe });
  const engine = new PeerEngine({ dataChannels: false });
  const peer = new Room({ url: doors.url, token, engine, keepSeat: false });
  await peer.connect();
  const sound = await prepareMedia({ codec: 'opus', bitrateBps: 32_000, seconds: 4 });
  await peer.local.publish(preparedTrack([sound]), { source: 'microphone' });
  return peer;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
