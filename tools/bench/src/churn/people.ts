import { Room } from '@weir/client';
import { withDeadline } from '@weir/core';
import { PeerEngine, preparedTrack, prepareMedia, receiverOf } from '@weir/peer';
import { type Doors, tokenFor } from '../measure/peers.ts';

/** How many meet in one room. */
export const meetingSize = 4;
const meetingTimeoutMs = 20_000;

/**
 * Headless people meet in a room of their own: each joins, publishes a microphone, hears somebody and leaves. The room
 * ends with them: by default it would be kept for minutes, for those who come back.
 */
export async function meet(doors: Doors, room: string): Promise<void> {
  const microphone = preparedTrack([await prepareMedia({ codec: 'opus', bitrateBps: 32_000, seconds: 2 })]);
  const people = await Promise.all(
    Array.from({ length: meetingSize }, async (_, i) => {
      const engine = new PeerEngine({ dataChannels: false });
      const token = await tokenFor(doors, room, `p${i}`, { admin: i === 0 });
      return new Room({ url: doors.url, token, engine, keepSeat: false });
    }),
  );
  try {
    const all = people.map(async (one) => {
      const hears = hearsSomebody(one);
      await one.connect();
      if (one === people[0]) await one.moderation.updateSettings({ emptyTimeoutSeconds: 0 });
      await one.local.publish(microphone, { source: 'microphone' });
      await hears;
    });
    await withDeadline(Promise.all(all), meetingTimeoutMs, `the meeting in ${room}`);
  } finally {
    await Promise.all(people.map((one) => one.leave()));
  }
}

function hearsSomebody(room: Room): Promise<void> {
  return new Promise((resolve) => {
    room.events.on('trackSubscribed', (_, track) => {
      const receiver = receiverOf(track);
      if (receiver) receiver.onFrame = () => resolve();
    });
  });
}
