import { Lifetime } from '@weir/core';
import { deliver, type Follower } from './followers.ts';
import type { RoomRecord, RoomState } from './room-log.ts';

export type RoomFeedSource = {
  /** Tells each record's text as it is published; answers how to stop. */
  subscribe: (onText: (text: string) => void) => Promise<() => void>;
  /** Undefined for what is no record. */
  parse: (text: string) => RoomRecord | undefined;
  read: () => Promise<RoomState | undefined>;
  since: (revision: number) => Promise<RoomRecord[] | 'gone'>;
  onListenerError: (error: unknown) => void;
};

type Reader = Follower & { onLost: (() => void) | undefined };

/**
 * One life of a room as this node follows it: what is published, in order and without gaps. What a lost connection
 * swallowed is read from the room's records. Closes with the room's end, with the last follower, and with `lost` when
 * too much was missed.
 */
export class RoomFeed extends Lifetime {
  readonly #source: RoomFeedSource;
  readonly #followers = new Set<Reader>();
  readonly #subscribed: Promise<() => void>;
  /** The last record that was delivered; undefined before the first state was read. */
  #last: number | undefined;
  /** Records that came before the first state, or wait for a gap to be filled. */
  #waiting: RoomRecord[] = [];
  #filling = false;
  #opening = 0;

  constructor(source: RoomFeedSource) {
    super();
    this.#source = source;
    this.#subscribed = source.subscribe((text) => {
      if (this.#knows(text)) return;
      const record = source.parse(text);
      if (record) this.#take(record);
      else this.catchUp(); // Whatever it should have been is among the room's records.
    });
    this.#subscribed.then(
      (stop) => this.onClose(stop),
      () => this.close('failed'), // Each follower hears of it by itself.
    );
  }

  /** `again`: this life of the room was over before its state was read. */
  async follow(
    listener: (record: RoomRecord) => void,
    onLost?: () => void,
  ): Promise<{ state: RoomState; stop: () => void } | undefined | 'again'> {
    const held: RoomRecord[] = [];
    const follower: Reader = { listener: (record) => held.push(record), after: -1, onLost };
    this.#opening++;
    this.#followers.add(follower);
    const stop = () => this.#drop(follower);
    try {
      await this.#subscribed;
      const state = await this.#source.read();
      if (!state) {
        stop();
        return undefined;
      }
      // Over, and the state is not of before its end: it is another life's.
      if (this.closed && !held.some(({ end, revision }) => end && revision > state.revision)) return 'again';
      this.#begin(state.revision);
      follower.after = state.revision;
      follower.listener = listener;
      // Told in the next turn, as all that comes later is.
      if (held.length) queueMicrotask(() => this.#tellHeld(follower, held));
      return { state, stop };
    } catch (error) {
      stop();
      throw error;
    } finally {
      this.#opening--;
      if (this.#followers.size === 0) this.close();
    }
  }

  /** A change that this node made itself: told at once if nothing is missing before it, else when it is published. */
  note(record: RoomRecord): void {
    const isNext = this.#last !== undefined && record.revision === this.#last + 1;
    if (isNext && !this.#filling && !this.closed) this.#deliver(record);
  }

  /** Something may have been missed. */
  catchUp(): void {
    if (this.#last !== undefined) void this.#fill();
  }

  /** By its first words, which the commit script writes: a record that was delivered before need not be read. */
  #knows(text: string): boolean {
    const revision = /^\{"revision":(\d+),/.exec(text)?.[1];
    return revision !== undefined && this.#last !== undefined && Number(revision) <= this.#last;
  }

  #tellHeld(follower: Reader, held: RoomRecord[]): void {
    const alone = new Set([follower]);
    for (const record of held)
      if (this.#followers.has(follower)) deliver(alone, record, this.#source.onListenerError);
  }

  #begin(revision: number): void {
    if (this.#last !== undefined) return;
    this.#last = revision;
    this.#drain();
  }

  #take(record: RoomRecord): void {
    if (this.closed) return;
    this.#waiting.push(record);
    if (this.#last !== undefined && !this.#filling) this.#drain();
  }

  /** Delivers what follows without a gap. */
  #drain(): void {
    while (!this.closed) {
      const next = this.#waiting.shift();
      if (!next) return;
      if (next.revision <= this.#last!) continue;
      if (next.revision > this.#last! + 1) {
        this.#waiting.unshift(next);
        return void this.#fill();
      }
      this.#deliver(next);
    }
  }

  async #fill(): Promise<void> {
    if (this.#filling || this.closed) return;
    this.#filling = true;
    try {
      const missed = await this.#source.since(this.#last!);
      if (missed === 'gone') return this.#lose();
      for (const record of missed) if (record.revision === this.#last! + 1) this.#deliver(record);
    } catch {
      return; // The store is away: its return calls `catchUp`.
    } finally {
      this.#filling = false;
    }
    this.#drain();
  }

  #deliver(record: RoomRecord): void {
    this.#last = record.revision;
    deliver(this.#followers, record, this.#source.onListenerError);
    if (record.end) this.close();
  }

  /** The room ended and the record of it was missed, or more was missed than is kept. */
  #lose(): void {
    const followers = [...this.#followers];
    this.close('lost');
    for (const { onLost } of followers) onLost?.();
  }

  #drop(follower: Reader): void {
    this.#followers.delete(follower);
    if (this.#followers.size === 0 && this.#opening === 0) this.close();
  }
}
