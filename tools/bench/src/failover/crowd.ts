import { Room } from '@weir/client';
import { sleep } from '@weir/core';
import { PeerEngine, preparedTrack, prepareMedia, type RtpReceiver, receiverOf } from '@weir/peer';
import { eventually } from '@weir/testing';
import { serveParent } from '../measure/child.ts';
import { LongestGap } from '../measure/longest-gap.ts';
import { type Doors, tokenFor } from '../measure/peers.ts';
import { callCamera } from './crowd-camera.ts';

// A process of its own with people in calls: each sends a camera and receives those of the others in its room.

type Calls = {
  doors: Doors;
  rooms: string[];
  each: number;
  /** Pictures a second of each camera. */
  fps: number;
  /** The rooms have a standby: the calls have begun when everybody is connected to it, too. */
  standby: boolean;
  patienceMs: number;
};

/** What became of a call since `begin`. Times in ms since the epoch, lengths in ms. */
export type Course = {
  /** The longest time without a frame, of each subscription. */
  gapsMs: number[];
  /** How many of them flow. */
  flowing: number;
  /** When each person was told of new media, and when its signaling was back. */
  resetsAt: number[];
  backAt: number[];
  /** Who seemed to leave or to come, and tracks that seemed to end. */
  comingsAndGoings: number;
  /** RTP packets that never came. */
  packetsLost: number;
};

const joinsAtOnce = 10;
const flowsWithinMs = 1_000;
/** By then what does not flow has been silent for long enough to be told from what does. */
const settleMs = 1_500;

class Caller {
  readonly #room: Room;
  readonly #gaps = new Map<string, LongestGap>();
  readonly #receivers = new Map<string, RtpReceiver>();
  #lostBefore = 0;
  resetsAt: number[] = [];
  backAt: number[] = [];
  comingsAndGoings = 0;

  readonly #engine = new PeerEngine({ dataChannels: false });

  constructor(url: string, token: string) {
    const engine = this.#engine;
    const room = new Room({ url, token, engine, keepSeat: false });
    this.#room = room;
    room.events.on('trackSubscribed', ({ trackId }, track) => this.#watch(trackId, track));
    room.events.on('mediaReset', () => this.resetsAt.push(Date.now()));
    room.events.on('statusChanged', (status) => status === 'connected' && this.backAt.push(Date.now()));
    for (const event of ['participantJoined', 'participantLeft', 'trackUnpublished'] as const)
      room.events.on(event, () => this.comingsAndGoings++);
  }

  async join(fps: number): Promise<void> {
    const camera = await prepareMedia(callCamera(fps));
    await this.#room.connect();
    await this.#room.local.publish(preparedTrack([camera]), { source: 'camera' });
  }

  get standsBy(): boolean {
    return this.#engine.standsBy;
  }

  get gaps(): LongestGap[] {
    return [...this.#gaps.values()];
  }

  get packetsLost(): number {
    return this.#lost - this.#lostBefore;
  }

  begin(): void {
    for (const trackId of this.#gaps.keys()) this.#gaps.set(trackId, new LongestGap());
    this.#lostBefore = this.#lost;
    this.resetsAt = [];
    this.backAt = [];
    this.comingsAndGoings = 0;
  }

  leave(): Promise<void> {
    return this.#room.leave();
  }

  get #lost(): number {
    return [...this.#receivers.values()].reduce((sum, { statistics }) => sum + statistics.lost, 0);
  }

  #watch(trackId: string, track: MediaStreamTrack): void {
    const receiver = receiverOf(track);
    if (!receiver) return;
    this.#receivers.set(trackId, receiver);
    receiver.onFrame = () => {
      const gap = this.#gaps.get(trackId);
      if (gap) gap.beat();
      else this.#gaps.set(trackId, new LongestGap());
    };
  }
}

let callers: Caller[] = [];

const flowing = () => callers.flatMap(({ gaps }) => gaps).filter(({ lastMs }) => lastMs < flowsWithinMs);

const handlers = {
  /** So many people in each of the rooms. Resolves when everybody receives all others. */
  async join({ doors, rooms, each, fps, standby, patienceMs }: Calls): Promise<void> {
    const people = rooms.flatMap((room) => Array.from({ length: each }, (_, i) => ({ room, i })));
    const queue = people.values();
    const work = async () => {
      for (const { room, i } of queue) {
        const caller = new Caller(doors.url, await tokenFor(doors, room, `${room}-${i}`));
        callers.push(caller);
        await caller.join(fps);
      }
    };
    await Promise.all(Array.from({ length: joinsAtOnce }, work));
    const wanted = people.length * (each - 1);
    const all = () => flowing().length === wanted || `${flowing().length} of ${wanted} flow`;
    await eventually(all, { timeoutMs: patienceMs });
    const ready = () => callers.filter(({ standsBy }) => standsBy).length;
    if (standby)
      await eventually(() => ready() === people.length || `${ready()} of ${people.length} stand by`, {
        timeoutMs: patienceMs,
      });
  },

  /** Forgets what happened so far. */
  async begin(): Promise<void> {
    for (const caller of callers) caller.begin();
  },

  /** Waits until everything flows again, but not for ever. */
  async course({ resets, patienceMs }: { resets: boolean; patienceMs: number }): Promise<Course> {
    const all = callers.flatMap(({ gaps }) => gaps).length;
    const isOver = () => flowing().length === all && callers.every((one) => !resets || one.resetsAt.length);
    const over = () => eventually(() => isOver() || 'not yet', { timeoutMs: patienceMs });
    await over()
      .then(() => sleep(settleMs))
      .then(over)
      .catch(() => {}); // The gaps tell.
    return {
      gapsMs: callers.flatMap(({ gaps }) => gaps).map(({ ms }) => ms),
      flowing: flowing().length,
      resetsAt: callers.flatMap(({ resetsAt }) => resetsAt.at(-1) ?? []),
      backAt: callers.flatMap(({ backAt }) => backAt.at(-1) ?? []),
      comingsAndGoings: callers.reduce((sum, one) => sum + one.comingsAndGoings, 0),
      packetsLost: callers.reduce((sum, one) => sum + one.packetsLost, 0),
    };
  },

  async leave(): Promise<void> {
    await Promise.all(callers.map((caller) => caller.leave()));
    callers = [];
  },
};

export type CrowdProcess = typeof handlers;

serveParent(handlers, async () => handlers.leave());
