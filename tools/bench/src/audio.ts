import type { Bench, BenchOptions } from '@weir/cli';
import { Room } from '@weir/client';
import { newId, sleep } from '@weir/core';
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
    await using stack = new AsyncDisposableStack();
    const without = await startPlatform(100_000, stack);
    // The price of forwarding: everybody's microphone to everybody else, no slots.
    const all = await measure(without, { people: smallRoom, listens: true, seconds }, progress);
    const idle = await measure(without, { people: smallRoom, listens: false, seconds }, progress);
    const forwarded = smallRoom * (smallRoom - 1) * packetsPerSecond;
    const packetSeconds = (all.workerCores - idle.workerCores) / forwarded;
    // The price of listening to all of a big room.
    const unheard = await measure(without, { people: microphones, listens: false, seconds }, progress);
    progress.say('with slots:');
    const slots = await startPlatform(0, stack);
    const heard = await measure(slots, { people: microphones, listens: false, seconds }, progress);
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

type Place = Doors & { pid: number; workerPids: number[] };
type Scene = { people: number; listens: boolean; seconds: number };

/** A platform in a process of its own. */
async function startPlatform(microphonesWithoutSlots: number, stack: AsyncDisposableStack): Promise<Place> {
  const child = stack.use(new Child<PlatformProcess>(platformModule));
  const { audioSlots } = limits;
  return child.call('start', { workers: 1, sound: { microphonesWithoutSlots, audioSlots } });
}

/** CPU use of a platform while so many speak. */
async function measure(doors: Place, scene: Scene, { say, signal }: Progress): Promise<Load> {
  const { people, listens, seconds } = scene;
  await using stack = new AsyncDisposableStack();
  const room = newId('audio');
  const peers: Room[] = [];
  stack.defer(async () => {
    await Promise.all(peers.map((peer) => peer.leave()));
  });
  while (peers.length < people && !signal.aborted) {
    const step = Math.min(20, people - peers.length);
    const joining = Array.from({ length: step }, (_, i) =>
      joinSpeaking(doors, room, `${peers.length + i}`, listens),
    );
    peers.push(...(await Promise.all(joining)));
  }
  await sleep(Math.min(settleMs, seconds * 1_000), signal);
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
  const how = listens ? 'to each other' : 'to nobody';
  say(
    `${people} speak ${how}: node ${load.nodeCores.toFixed(3)}, worker ${load.workerCores.toFixed(3)} cores`,
  );
  return load;
}

async function joinSpeaking(doors: Doors, room: string, identity: string, subscribe: boolean): Promise<Room> {
  const token = await tokenFor(doors, room, identity, { subscribe });
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
