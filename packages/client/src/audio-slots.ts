import type { Emitter } from '@weir/core';
import type { AudioSlot as AudioSlotInfo } from '@weir/protocol';
import type { Participant } from './participant.ts';
import type { RemotePublication } from './publication.ts';
import type { RoomEvents } from './room-events.ts';
import type { RoomModel } from './room-model.ts';

/** One of the few sound streams of a big room: whom it carries changes with who speaks. */
export class AudioSlot {
  readonly slotId: string;
  /** What to play; undefined while it is not received. */
  mediaTrack: MediaStreamTrack | undefined;
  #info: AudioSlotInfo;
  readonly #model: RoomModel;

  constructor(info: AudioSlotInfo, model: RoomModel) {
    this.slotId = info.slotId;
    this.#info = info;
    this.#model = model;
  }

  /** The microphone that it carries now; undefined: none, or your own, which does not come back to you. */
  get publication(): RemotePublication | undefined {
    const { carries } = this.#info;
    return carries ? this.#model.track(carries.trackId) : undefined;
  }

  get participant(): Participant | undefined {
    return this.publication?.participant;
  }

  accept(info: AudioSlotInfo): void {
    this.#info = info;
  }
}

/** The audio slots that the server offers, and those that are still received from before. */
export class AudioSlots {
  readonly #model: RoomModel;
  readonly #events: Emitter<RoomEvents>;
  readonly #slots = new Map<string, AudioSlot>();
  readonly #offered = new Set<string>();

  constructor(model: RoomModel, events: Emitter<RoomEvents>) {
    this.#model = model;
    this.#events = events;
  }

  get all(): readonly AudioSlot[] {
    return [...this.#slots.values()];
  }

  /** To be received in place of microphones; empty where each of those is received by itself. */
  get offered(): ReadonlySet<string> {
    return this.#offered;
  }

  has(trackId: string): boolean {
    return this.#slots.has(trackId);
  }

  /** The server said which slots there are and whom they carry. */
  accept(infos: readonly AudioSlotInfo[]): void {
    this.#offered.clear();
    for (const info of infos) {
      this.#offered.add(info.slotId);
      const known = this.#slots.get(info.slotId);
      if (known) known.accept(info);
      else this.#slots.set(info.slotId, new AudioSlot(info, this.#model));
    }
    for (const slot of this.#slots.values())
      if (!this.#offered.has(slot.slotId)) slot.accept({ slotId: slot.slotId, carries: null });
    this.#changed();
  }

  /** The server has ended it. */
  lost(slotId: string): void {
    if (this.#offered.delete(slotId)) this.#changed();
  }

  received(slotId: string, mediaTrack: MediaStreamTrack | undefined): void {
    const slot = this.#slots.get(slotId);
    if (!slot) return;
    slot.mediaTrack = mediaTrack;
    this.#changed();
  }

  #changed(): void {
    for (const [slotId, { mediaTrack }] of this.#slots)
      if (!mediaTrack && !this.#offered.has(slotId)) this.#slots.delete(slotId);
    this.#events.emit('audioSlotsChanged', this.all);
  }
}
