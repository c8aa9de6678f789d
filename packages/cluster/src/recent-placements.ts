import type { RoomId } from '@weir/protocol';

type Placement = { at: number; roomId: RoomId; nodeId: string };

/** A placement counts as load for so long: its session is not in the node's own figures yet. */
const aheadMs = 3_000;
const keptAtMost = 10_000;

/** The placements of the last seconds, counted by node and by room. */
export class RecentPlacements {
  /** The oldest first; those before `#head` have been forgotten. */
  #queue: Placement[] = [];
  #head = 0;
  readonly #byNode = new Map<string, number>();
  readonly #byRoom = new Map<RoomId, Map<string, number>>();

  add(placement: Placement): void {
    const { roomId, nodeId } = placement;
    this.#queue.push(placement);
    bump(this.#byNode, nodeId, 1);
    const room = this.#byRoom.get(roomId) ?? new Map<string, number>();
    this.#byRoom.set(roomId, room);
    bump(room, nodeId, 1);
  }

  forgetBefore(now: number): void {
    const { length } = this.#queue;
    while (
      this.#head < length &&
      (now - this.#queue[this.#head]!.at >= aheadMs || length - this.#head > keptAtMost)
    )
      this.#forget(this.#queue[this.#head++]!);
    if (this.#head < length / 2) return;
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }

  on(nodeId: string): number {
    return this.#byNode.get(nodeId) ?? 0;
  }

  /** How many of this room, by node. */
  of(roomId: RoomId): ReadonlyMap<string, number> {
    return this.#byRoom.get(roomId) ?? none;
  }

  #forget({ roomId, nodeId }: Placement): void {
    bump(this.#byNode, nodeId, -1);
    const room = this.#byRoom.get(roomId)!;
    bump(room, nodeId, -1);
    if (room.size === 0) this.#byRoom.delete(roomId);
  }
}

const none: ReadonlyMap<string, number> = new Map();

function bump(counts: Map<string, number>, name: string, by: number): void {
  const count = (counts.get(name) ?? 0) + by;
  if (count === 0) counts.delete(name);
  else counts.set(name, count);
}
