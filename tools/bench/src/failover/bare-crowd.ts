import { prepareMedia } from '@weir/peer';
import { eventually } from '@weir/testing';
import { BareGuest } from '../measure/bare-guest.ts';
import { serveParent } from '../measure/child.ts';
import { callCamera } from './crowd-camera.ts';

// A process of its own with people in calls on mediasoup alone: each sends a camera and receives those of the others in its room.

type Calls = { url: string; rooms: string[]; each: number; fps: number; warm: boolean };

let calls: BareGuest[][] = [];
let camera: Awaited<ReturnType<typeof prepareMedia>> | undefined;

/** ms from the beginning until the first frame of each of the others came. */
async function connect(guest: BareGuest, published: Promise<string>[], own: number, since: number) {
  const others = await Promise.all(published.filter((_, i) => i !== own));
  const cameMs = others.map(() => Number.POSITIVE_INFINITY);
  await Promise.all(
    others.map((producerId, i) =>
      guest.receive([producerId], () => {
        cameMs[i] = Math.min(cameMs[i]!, performance.now() - since);
      }),
    ),
  );
  return cameMs;
}

const handlers = {
  /** Everybody is there, with nothing set up yet; `warm`: but their connections. */
  async gather({ url, rooms, each, fps, warm }: Calls): Promise<void> {
    camera = await prepareMedia(callCamera(fps));
    for (const room of rooms) {
      const guests = await Promise.all(Array.from({ length: each }, () => BareGuest.enter(url, room)));
      calls.push(guests);
      if (warm) await Promise.all(guests.map((guest) => guest.connect()));
    }
  },

  /** All set up their media at once. Answers after how many ms each subscription had its first frame. */
  async setUp({ patienceMs }: { patienceMs: number }): Promise<number[]> {
    const since = performance.now();
    const cameMs: number[][] = [];
    await Promise.all(
      calls.map(async (guests) => {
        const published = guests.map((guest) => guest.publish([camera!]));
        cameMs.push(...(await Promise.all(guests.map((one, i) => connect(one, published, i, since)))));
      }),
    );
    const missing = () => cameMs.flat().filter((ms) => !Number.isFinite(ms)).length;
    await eventually(() => missing() === 0 || `${missing()} do not flow`, { timeoutMs: patienceMs });
    return cameMs.flat();
  },

  async leave(): Promise<void> {
    await Promise.all(calls.flat().map((guest) => guest.leave()));
    calls = [];
  },
};

export type BareCrowdProcess = typeof handlers;

serveParent(handlers, handlers.leave);
