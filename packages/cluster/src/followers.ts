import type { RoomRecord } from './room-log.ts';

/** `after`: it has the room up to this revision in its state. */
export type Follower = { listener: (record: RoomRecord) => void; after: number };

/** Tells each follower that does not have it yet. One that throws is reported, and stops nobody. */
export function deliver(
  followers: ReadonlySet<Follower>,
  record: RoomRecord,
  onError: (error: unknown) => void,
): void {
  for (const follower of [...followers]) {
    // It began after this commit and has it in its state, or was stopped by a listener just now.
    if (record.revision <= follower.after || !followers.has(follower)) continue;
    try {
      follower.listener(record);
    } catch (error) {
      onError(error);
    }
  }
}
