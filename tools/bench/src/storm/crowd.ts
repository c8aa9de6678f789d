import { Room } from '@weir/client';
import { sleep } from '@weir/core';
import { PeerEngine, preparedTrack, prepareMedia, receiverOf } from '@weir/peer';
import { serveParent } from '../measure/child.ts';
import { LongestGap } from '../measure/longest-gap.ts';
import { type Doors, tokenFor } from '../measure/peers.ts';

// A process of its own with people who watch one room.

/** Times in ms since its own first step; undefined: that did not come to pass. */
export type Arrival = { joinedMs?: number; pictureMs?: number; publishedMs?: number; error?: string };

type Storm = {
  doors: Doors;
  room: string;
  name: string;
  people: number;
  withinMs: number;
  patienceMs: number;
};

const people: { room: Room; gap?: LongestGap; joins: number }[] = [];

/** As a class does: hears and sees, its own microphone published, but muted. */
async function arrive({ doors, room, patienceMs }: Storm, identity: string): Promise<Arrival> {
  const token = await tokenFor(doors, room, identity);
  const sound = await prepareMedia({ codec: 'opus', bitrateBps: 24_000, seconds: 4 });
  const engine = new PeerEngine({ dataChannels: false, bindAddress: '127.0.0.1' });
  const one = new Room({ url: doors.url, token, engine, keepSeat: false });
  const person: (typeof people)[number] = { room: one, joins: 0 };
  people.push(person);
  one.events.on('participantJoined', () => person.joins++);
  const arrival: Arrival = {};
  const startedAt = performance.now();
  const since = () => performance.now() - startedAt;
  const picture = new Promise<void>((resolve) => {
    one.events.on('trackSubscribed', ({ kind }, track) => {
      const receiver = kind === 'video' ? receiverOf(track) : undefined;
      if (!receiver) return;
      receiver.onFrame = () => {
        person.gap ??= new LongestGap();
        person.gap.beat();
        arrival.pictureMs ??= since();
        resolve();
      };
    });
  });
  const enter = async () => {
    await one.connect();
    arrival.joinedMs = since();
    await one.local.publish(preparedTrack([sound]), { source: 'microphone', muted: true });
    arrival.publishedMs = since();
  };
  try {
    await Promise.race([Promise.all([enter(), picture]), sleep(patienceMs)]);
  } catch (error) {
    arrival.error = error instanceof Error ? error.message : String(error);
  }
  return arrival;
}

const handlers = {
  /** So many people, evenly over `withinMs`. Resolves when each is in, or has lost patience. */
  async join(storm: Storm): Promise<Arrival[]> {
    const { name, people: count, withinMs } = storm;
    return Promise.all(
      Array.from({ length: count }, async (_, i) => {
        await sleep((i * withinMs) / count);
        return arrive(storm, `${name}-${i}`);
      }),
    );
  },

  /** Forgets what stood still so far. */
  async begin(): Promise<void> {
    for (const person of people) {
      if (person.gap) person.gap = new LongestGap();
      person.joins = 0;
    }
  },

  /** How often somebody joined since, as seen by each of the people: more often than there are others is joining twice. */
  async joins(): Promise<number[]> {
    return people.map(({ joins }) => joins);
  },

  /** The longest time without a frame, of each of the people, ms. */
  async gaps(): Promise<number[]> {
    return people.map(({ gap }) => gap?.ms ?? Number.POSITIVE_INFINITY);
  },
};

export type CrowdProcess = typeof handlers;

serveParent(handlers, async () => {
  await Promise.all(people.map(({ room }) => room.leave()));
});
