import type { Seat } from './signaling-state.ts';

/** What survives a page reload: the seat, as of when the page went. */
type KeptSeat = { seat: Seat; revision: number; leftAt: number };

const keyOf = (roomId: string) => `weir.seat.${roomId}`;
const lockOf = (participantId: string) => `weir.seat.${participantId}`;
/** Shorter than the server keeps the seat: an attempt that must fail is not worth its round trip. */
const freshMs = 55_000;
/** A busy machine takes a while to end the page before; a seat that is missed is a second one in the room. */
const lockWaitMs = 2_000;

function storage(): Storage | undefined {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined; // Forbidden in some embeddings: no seat is kept then.
  }
}

function read(roomId: string): KeptSeat | undefined {
  try {
    const kept = JSON.parse(storage()?.getItem(keyOf(roomId)) ?? 'null') as KeptSeat | null;
    return kept?.seat && Date.now() - kept.leftAt < freshMs ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** As `Room.hasSeat`, for a page that loads the rest of the SDK only then. */
export function hasSeat(roomId: string): boolean {
  return read(roomId) !== undefined;
}

/**
 * Keeps a room's seat in sessionStorage. A duplicated tab copies that storage: a lock on the seat tells the copy from a
 * reload, so that it does not take the first tab's place.
 */
export class SeatStorage {
  #release: (() => void) | undefined;

  static has(roomId: string): boolean {
    return hasSeat(roomId);
  }

  /** The kept seat, unless it is too old or another tab sits on it. */
  async take(roomId: string): Promise<Seat | undefined> {
    const kept = read(roomId);
    if (!kept) return undefined;
    return (await this.#lock(kept.seat.participantId)) ? kept.seat : undefined;
  }

  /** Keeps `seat` up to date until `forget`. Call it again as time goes by: the age counts from the last call. */
  keep(seat: Seat, revision: number): void {
    if (!this.#release) void this.#lock(seat.participantId);
    const kept: KeptSeat = { seat, revision, leftAt: Date.now() };
    try {
      storage()?.setItem(keyOf(seat.roomId), JSON.stringify(kept));
    } catch {
      // Full or forbidden: a reload joins anew then.
    }
  }

  forget(roomId: string): void {
    this.#release?.();
    this.#release = undefined;
    storage()?.removeItem(keyOf(roomId));
  }

  /** False when another tab holds the lock. */
  #lock(participantId: string): Promise<boolean> {
    this.#release?.();
    this.#release = undefined;
    const locks = globalThis.navigator?.locks;
    if (!locks) return Promise.resolve(true);
    return new Promise((resolve) => {
      // A reloaded page may still hold it for a moment.
      const signal = AbortSignal.timeout(lockWaitMs);
      locks
        .request(lockOf(participantId), { signal }, () => {
          resolve(true);
          return new Promise<void>((release) => {
            this.#release = release;
          });
        })
        .catch(() => resolve(false));
    });
  }
}
