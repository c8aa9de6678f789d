import { Room } from '@weir/client';
import { sleep } from '@weir/core';
import { PeerEngine, preparedTrack, prepareMedia, receiverOf } from '@weir/peer';
import { BareGuest } from '../measure/bare-guest.ts';
import { serveParent } from '../measure/child.ts';
import { LongestGap } from '../measure/longest-gap.ts';
import { type Doors, tokenFor } from '../measure/peers.ts';

// A process of its own with people who watch one room.

/** Times in ms since its own first step; undefined: that did not come to pass. */
export type Arrival = { joinedMs?: number; pictureMs?: number; publishedMs?: number; error?: string };

type Storm = {
  /** Those of the platform, or of mediasoup alone with what is to be received there. */
  doors: Doors | { bareUrl: string; producerIds: string[] };
  room: string;
  name: string;
  people: number;
  withinMs: number;
  patienceMs: number;
};

type Person = { gap?: LongestGap; joins: number; leave(): unknown };
/** What somebody does on arriving: `joined` and `seen` are to be told. */
type Way = (person: Person, joined: () => void, seen: () => void) => Promise<void>;

const people: Person[] = [];
const sound = () => prepareMedia({ codec: 'opus', bitrateBps: 24_000, seconds: 4 });

/** As a class does: hears and sees, its own microphone published, but muted. */
async function intoRoom(doors: Doors, room: string, identity: string): Promise<Way> {
  const [token, microphone] = await Promise.all([tokenFor(doors, room, identity), sound()]);
  return async (person, joined, seen) => {
    const engine = new PeerEngine({ dataChannels: false, bindAddress: '127.0.0.1' });
    const one = new Room({ url: doors.url, token, engine, keepSeat: false });
    person.leave = () => one.leave();
    one.events.on('participantJoined', () => person.joins++);
    one.events.on('trackSubscribed', ({ kind }, track) => {
      const receiver = kind === 'video' ? receiverOf(track) : undefined;
      if (receiver) receiver.onFrame = seen;
    });
    await one.connect();
    joined();
    await one.local.publish(preparedTrack([microphone]), { source: 'microphone', muted: true });
  };
}

/** The same of mediasoup alone. */
async function intoBare(url: string, producerIds: string[], room: string): Promise<Way> {
  const microphone = await sound();
  return async (person, joined, seen) => {
    const guest = await BareGuest.enter(url, room);
    person.leave = () => guest.leave();
    joined();
    await Promise.all([guest.receive(producerIds, seen), guest.publish([microphone], { muted: true })]);
  };
}

async function arrive({ doors, room, patienceMs }: Storm, identity: string): Promise<Arrival> {
  const way =
    'bareUrl' in doors
      ? await intoBare(doors.bareUrl, doors.producerIds, room)
      : await intoRoom(doors, room, identity);
  const person: Person = { joins: 0, leave: () => {} };
  people.push(person);
  const arrival: Arrival = {};
  const startedAt = performance.now();
  const since = () => performance.now() - startedAt;
  const picture = Promise.withResolvers<void>();
  const joined = () => {
    arrival.joinedMs = since();
  };
  const seen = () => {
    person.gap ??= new LongestGap();
    person.gap.beat();
    arrival.pictureMs ??= since();
    picture.resolve();
  };
  const enter = async () => {
    await way(person, joined, seen);
    arrival.publishedMs = since();
  };
  try {
    await Promise.race([Promise.all([enter(), picture.promise]), sleep(patienceMs)]);
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

  async leave(): Promise<void> {
    await Promise.all(people.splice(0).map((person) => person.leave()));
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

serveParent(handlers, handlers.leave);
