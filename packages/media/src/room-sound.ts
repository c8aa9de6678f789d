import { type Clock, Lifetime, type Logger } from '@weir/core';
import { type AudioSlot as AudioSlotInfo, isAudioSlotId, type TrackId } from '@weir/protocol';
import type { AudioSlot } from './audio-slot.ts';
import { FarMicrophones } from './far-microphones.ts';
import { LoudestFew } from './loudest-few.ts';
import type { MediaRoom } from './media-room.ts';
import type { Publication } from './publication.ts';
import type { Level } from './speaker-ranking.ts';

export type SoundLimits = {
  /** With more microphones than this there are slots; */
  microphonesWithoutSlots: number;
  /** so many. */
  audioSlots: number;
  /** Slots go when there have been clearly fewer microphones for so long. Default 10 s. */
  settleMs?: number;
};

export type RoomSoundOptions = SoundLimits & {
  room: MediaRoom;
  clock: Clock;
  logger: Logger;
  tell: (slots: AudioSlotInfo[]) => void;
  onLevels: (from: unknown, levels: Level[]) => void;
};

/** Of the slots so many more are offered than microphones are open: a first word is not to wait for a subscription. */
const spareSlots = 2;
/** Slots are taken away when there are this much fewer microphones than brought them, */
const fewerByThird = 2 / 3;
const defaultSettleMs = 10_000;
/** and go on for so long, while clients subscribe to microphones. */
const lingerMs = 10_000;
const retryMs = 1_000;
/** Whom the slots carry is told at most so often. */
const tellEveryMs = 100;

/** How a room's microphones reach those who listen: each by itself, or where there are many through audio slots. */
export class RoomSound extends Lifetime {
  readonly #options: RoomSoundOptions;
  readonly #microphones = new Set<Publication>();
  /** All that the room has by its log, on whatever node. */
  readonly #expected = new Set<TrackId>();
  #few: LoudestFew | undefined;
  #far: FarMicrophones | undefined;
  #opening = false;
  /** False while the slots only linger. */
  #offered = false;
  /** So many of the slots have been needed so far. */
  #wide = 0;
  /** What is to be done later, should the number of microphones stay as it is. */
  #later: (() => void) | undefined;
  #cancelTelling: (() => void) | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: RoomSoundOptions) {
    super();
    this.#options = options;
    this.onClose(() => {
      this.#later?.();
      this.#cancelTelling?.();
    });
  }

  /** The slots on offer; none where each microphone is subscribed to by itself. */
  get slots(): AudioSlotInfo[] {
    return this.#offered && this.#few ? this.#few.describe().slice(0, this.#wide) : [];
  }

  /** True while it knows who speaks. */
  get ranks(): boolean {
    return this.#few !== undefined;
  }

  /** The slot that carries a track now. */
  carrying(trackId: TrackId): AudioSlot | undefined {
    return this.#few?.slots.find((slot) => slot.carries?.trackId === trackId);
  }

  /** The same tracks, with the slots on offer in place of microphones. */
  inPlaceOfMicrophones(trackIds: TrackId[]): TrackId[] {
    const { slots } = this;
    if (slots.length === 0) return trackIds;
    const others = trackIds.filter((id) => !isAudioSlotId(id) && !this.isMicrophone(id));
    return [...slots.map(({ slotId }) => slotId), ...others];
  }

  isMicrophone(trackId: TrackId): boolean {
    return this.#expected.has(trackId) || this.#options.room.publication(trackId)?.source === 'microphone';
  }

  /** The room's log has this microphone, be it here or on another node; or has it no more. */
  expect(trackId: TrackId, expected: boolean): void {
    if (this.#expected.has(trackId) === expected) return;
    if (expected) this.#expected.add(trackId);
    else this.#expected.delete(trackId);
    this.#far?.gather();
    this.#consider();
  }

  add(microphone: Publication): void {
    // Of an earlier production nothing is heard besides.
    for (const earlier of this.#microphones)
      if (earlier.trackId === microphone.trackId) this.#few?.leave(earlier);
    this.#microphones.add(microphone);
    microphone.onClose(() => {
      this.#microphones.delete(microphone);
      this.#consider();
    });
    this.#few?.listenTo(microphone);
    microphone.events.on('muteChanged', () => this.#widen(), microphone.signal);
    this.#widen();
    this.#consider();
  }

  /** Offers as many slots as may be needed in a moment; who has them keeps them. */
  #widen(): void {
    let open = 0;
    for (const { muted } of this.#microphones) if (!muted) open++;
    const wide = Math.min(open + spareSlots, this.#options.audioSlots);
    if (wide <= this.#wide) return;
    this.#wide = wide;
    if (this.slots.length > 0) this.#tell();
  }

  #consider(): void {
    if (this.closed) return;
    const { microphonesWithoutSlots } = this.#options;
    const count = this.#count;
    if (count > microphonesWithoutSlots) {
      this.#afterwards(undefined);
      if (this.#few) this.#offer(true);
      else void this.#open();
    } else if (count > microphonesWithoutSlots * fewerByThird) this.#afterwards(undefined);
    else if (this.#offered && !this.#later)
      this.#afterwards(() => this.#withdraw(), this.#options.settleMs ?? defaultSettleMs);
  }

  /** Those that are here, and those that are on other nodes. */
  get #count(): number {
    let here = this.#expected.size;
    for (const { trackId } of this.#microphones) if (!this.#expected.has(trackId)) here++;
    return here;
  }

  #withdraw(): void {
    this.#offer(false);
    this.#afterwards(() => this.#few?.close(), lingerMs);
  }

  async #open(): Promise<void> {
    const { room, audioSlots, clock, logger, onLevels } = this.#options;
    if (this.#opening || this.closed) return;
    this.#opening = true;
    try {
      const router = await room.anyRouter();
      if (!router || this.closed) return;
      const few = await LoudestFew.open(router, {
        slots: audioSlots,
        sessions: () => room.sessions,
        clock,
        logger,
        onChange: () => this.#tell(),
        onLevels,
      });
      this.#adopt(few);
    } catch (error) {
      logger.warn({ err: error }, 'a big room has no audio slots yet');
      this.#afterwards(() => this.#consider(), retryMs);
    } finally {
      this.#opening = false;
    }
  }

  #adopt(few: LoudestFew): void {
    this.own(few);
    if (few.closed) return;
    this.#few = few;
    few.onClose(() => {
      this.#few = undefined;
      this.#offer(false);
      this.#consider(); // Its router went: another one makes them anew.
    });
    for (const slot of few.slots) this.#options.room.add(slot);
    for (const microphone of this.#microphones) few.listenTo(microphone);
    const { room, clock, logger } = this.#options;
    if (!room.isAlone)
      this.#far = few.own(new FarMicrophones({ room, expected: this.#expected, clock, logger }));
    this.#offer(true);
    this.#consider(); // Some may have gone meanwhile.
  }

  #offer(offered: boolean): void {
    if (this.#offered === offered) return;
    this.#offered = offered;
    this.#tell();
  }

  /** The first change at once, those that follow together. */
  #tell(): void {
    if (this.#cancelTelling || this.closed) return;
    const { clock, tell } = this.#options;
    const waitMs = this.#toldAt + tellEveryMs - clock.now();
    if (waitMs <= 0) {
      this.#toldAt = clock.now();
      return tell(this.slots);
    }
    this.#cancelTelling = clock.after(waitMs, () => {
      this.#cancelTelling = undefined;
      this.#tell();
    });
  }

  /** Instead of what was to be done later so far. */
  #afterwards(work: (() => void) | undefined, ms = 0): void {
    this.#later?.();
    this.#later = undefined;
    if (!work) return;
    this.#later = this.#options.clock.after(ms, () => {
      this.#later = undefined;
      work();
    });
  }
}
