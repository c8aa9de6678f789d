import { type Emitter, sleep } from '@weir/core';
import type { AudioSlots } from './audio-slots.ts';
import type { Reception } from './media-engine.ts';
import type { RoomEvents } from './room-events.ts';
import type { RoomModel } from './room-model.ts';
import type { SignalingLink } from './signaling-link.ts';

/** One production of a track, or an audio slot, as it is received. */
export type Held = { epoch: number; transportId: string; reception: Reception };

/** What does not flow over another media session by then is not waited for. */
const moveAtMostMs = 7_000;

/**
 * What is received of each track, and what of that is shown: the reception that is held, or an earlier one until the one in its
 * place flows. Tells the application through the tracks' publications.
 */
export class Receptions {
  readonly #link: SignalingLink;
  readonly #model: RoomModel;
  readonly #events: Emitter<RoomEvents>;
  readonly #slots: AudioSlots;
  readonly #isPaused: (trackId: string) => boolean;
  readonly #held = new Map<string, Held>();
  /** What is on show until what is held in its place flows: earlier productions, or all of the media session before. */
  readonly #leaving = new Map<string, Held>();
  /** Resolves when all has been changed over to another media session. */
  #moved: { left: Set<string>; done: PromiseWithResolvers<void> } | undefined;

  /** `isPaused`: the application does not want it to flow for now. */
  constructor(
    link: SignalingLink,
    model: RoomModel,
    events: Emitter<RoomEvents>,
    options: { slots: AudioSlots; isPaused: (trackId: string) => boolean },
  ) {
    this.#link = link;
    this.#model = model;
    this.#events = events;
    this.#slots = options.slots;
    this.#isPaused = options.isPaused;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Those that are held. */
  [Symbol.iterator](): IterableIterator<[trackId: string, held: Held]> {
    return this.#held.entries();
  }

  has(trackId: string): boolean {
    return this.#held.has(trackId);
  }

  /** Whether it is held at this epoch or a newer one. */
  isCurrent(trackId: string, epoch: number): boolean {
    const held = this.#held.get(trackId);
    return held !== undefined && held.epoch >= epoch;
  }

  /** Whether what the server says of a subscription is of one that is being left. */
  isLeaving(trackId: string, subscriptionId: string): boolean {
    return this.#leaving.get(trackId)?.reception.subscriptionId === subscriptionId;
  }

  hold(trackId: string, held: Held): void {
    this.#held.set(trackId, held);
    const { reception } = held;
    if (this.#slots.has(trackId)) {
      if (!this.#moved) this.#slots.received(trackId, reception.track); // Else nobody is heard twice.
    } else if (this.#leaving.has(trackId)) void this.#changeOver(trackId, reception);
    else this.#show(trackId);
  }

  /** It stays on show until something is held in its place that flows. */
  leave(trackId: string): void {
    const held = this.#held.get(trackId);
    if (!held) return;
    this.#held.delete(trackId);
    this.#leaving.get(trackId)?.reception.close();
    this.#leaving.set(trackId, held);
  }

  /** Another media session takes the place of the one before. `changedOver` resolves when all is shown over it, or has taken too long. */
  leaveAll(): { changedOver: Promise<unknown> } {
    for (const trackId of [...this.#held.keys()]) this.leave(trackId);
    const left = new Set([...this.#leaving.keys()].filter((trackId) => !this.#slots.has(trackId)));
    const done = Promise.withResolvers<void>();
    this.#moved = { left, done };
    if (left.size === 0) done.resolve();
    return { changedOver: Promise.race([done.promise, sleep(moveAtMostMs)]) };
  }

  /** The media session before is over: what was received over it ends. */
  settle(): void {
    this.#moved = undefined;
    for (const [trackId, { reception }] of [...this.#leaving]) {
      if (this.#held.has(trackId)) this.#show(trackId);
      else if (this.#slots.has(trackId)) this.#slots.received(trackId, undefined);
      this.#leaving.delete(trackId);
      reception.close();
    }
    for (const [trackId, { reception }] of this.#held)
      if (this.#slots.has(trackId)) this.#slots.received(trackId, reception.track);
  }

  transportLost(transportId: string): void {
    for (const [trackId, held] of [...this.#held]) if (held.transportId === transportId) this.drop(trackId);
    for (const [trackId, held] of [...this.#leaving])
      if (held.transportId === transportId) this.#leftBehind(trackId);
  }

  /** The server ended a subscription; true: nothing is held of that track now. */
  ended(trackId: string, subscriptionId: string): boolean {
    if (this.isLeaving(trackId, subscriptionId)) {
      this.#leftBehind(trackId);
      return false;
    }
    if (this.#held.get(trackId)?.reception.subscriptionId !== subscriptionId) return false;
    this.drop(trackId);
    return true;
  }

  /** Neither received nor shown any more; of a track that has left the model its publication is given. */
  drop(trackId: string, publication = this.#model.track(trackId)): void {
    const held = this.#held.get(trackId);
    this.#held.delete(trackId);
    held?.reception.close();
    const leaving = this.#leaving.get(trackId);
    this.#leaving.delete(trackId);
    leaving?.reception.close();
    this.#noLongerAwaited(trackId);
    if (!held && !leaving) return;
    this.#slots.received(trackId, undefined);
    if (!publication?.mediaTrack) return;
    publication.mediaTrack = undefined;
    publication.reception = undefined;
    publication.layer = undefined;
    publication.limit = undefined;
    this.#events.emit('trackUnsubscribed', publication);
  }

  dropAll(): void {
    for (const trackId of new Set([...this.#held.keys(), ...this.#leaving.keys()])) this.drop(trackId);
    this.#moved = undefined;
  }

  /** What was on show does not come any more: what is held in its place is shown, flowing or not. */
  #leftBehind(trackId: string): void {
    if (this.#held.has(trackId)) this.#show(trackId);
    else this.drop(trackId);
  }

  /** Shows what is held in place of what is being left, as soon as it flows; at the latest when that ends. */
  async #changeOver(trackId: string, reception: Reception): Promise<void> {
    const publication = this.#model.track(trackId);
    const flows = publication && !publication.limitedBy && !this.#isPaused(trackId);
    if (flows && reception.track) await reception.flows?.();
    if (this.#held.get(trackId)?.reception === reception && this.#leaving.has(trackId)) this.#show(trackId);
  }

  /** From now on what is held of it is what is seen; what was before ends. */
  #show(trackId: string): void {
    const { reception } = this.#held.get(trackId)!;
    const before = this.#leaving.get(trackId);
    this.#leaving.delete(trackId);
    const publication = this.#model.track(trackId);
    if (publication && reception.track && !this.#slots.has(trackId)) {
      publication.mediaTrack = reception.track;
      publication.reception = reception;
      this.#events.emit('trackSubscribed', publication, reception.track);
    }
    if (before) {
      before.reception.close();
      const subscriptionIds = [before.reception.subscriptionId];
      // Of the media session before all ends together.
      if (!this.#moved)
        this.#link.request('track.unsubscribe', { trackIds: [], subscriptionIds }).catch(() => {}); // It ends by itself.
    }
    this.#noLongerAwaited(trackId);
  }

  #noLongerAwaited(trackId: string): void {
    const { left, done } = this.#moved ?? {};
    if (left?.delete(trackId) && left.size === 0) done!.resolve();
  }
}
