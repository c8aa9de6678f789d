import { type Emitter, type Logger, PlatformError } from '@weir/core';
import type { LayerPreferences, Subscription } from '@weir/protocol';
import type { AudioSlots } from './audio-slots.ts';
import type { MediaEngine, Reception } from './media-engine.ts';
import type { RemotePublication } from './publication.ts';
import type { RoomEvents } from './room-events.ts';
import type { RoomModel } from './room-model.ts';
import { unpackSample } from './sample-channel.ts';
import type { SignalingLink } from './signaling-link.ts';

type Held = { epoch: number; reception: Reception };

/** Tracks a negotiation: more take longer than linear in a browser, fewer cost a round trip each. */
const batchSize = 50;
const retryMs = 1_000;

/** Keeps what is received equal to what is wanted, in batches, one at a time. */
export class Subscriber {
  readonly #link: SignalingLink;
  readonly #engine: MediaEngine;
  readonly #model: RoomModel;
  readonly #events: Emitter<RoomEvents>;
  readonly #logger: Logger;
  readonly #slots: AudioSlots;
  readonly #auto: boolean;
  readonly #held = new Map<string, Held>();
  readonly #wanted = new Map<string, boolean>();
  readonly #preferences = new Map<string, LayerPreferences>();
  /** Tracks that cannot be received at this epoch (their codec is not known here). */
  readonly #refused = new Map<string, number>();
  /** Grows with each new media session: what was under way for the one before is dropped. */
  #generation = 0;
  /** Made by the server together with the media session. */
  #ready: Subscription[] = [];
  /** The generation whose loop runs. */
  #working: number | undefined;
  /** By the grants; given again, they come with new media. */
  #allowed = true;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    link: SignalingLink,
    engine: MediaEngine,
    model: RoomModel,
    events: Emitter<RoomEvents>,
    options: { auto: boolean; slots: AudioSlots; logger: Logger },
  ) {
    this.#link = link;
    this.#engine = engine;
    this.#model = model;
    this.#events = events;
    this.#auto = options.auto;
    this.#slots = options.slots;
    this.#logger = options.logger;
    events.on('trackPublished', () => this.sync(), link.signal);
    events.on('trackUpdated', () => this.sync(), link.signal);
    events.on('trackUnpublished', ({ trackId }) => this.#forget(trackId), link.signal);
    events.on(
      'participantUpdated',
      ({ isLocal, grants }) => isLocal && this.#allow(grants.subscribe),
      link.signal,
    );
    link.onClose(() => clearTimeout(this.#retry));
  }

  /** New transports: everything is received anew, these first. Resolves when these are. */
  reset(ready: Subscription[]): Promise<void> {
    this.#generation += 1;
    for (const trackId of [...this.#held.keys()]) this.#drop(trackId);
    this.#refused.clear();
    this.#ready = ready;
    return this.#work();
  }

  async setSubscribed(publication: RemotePublication, subscribed: boolean): Promise<void> {
    const { trackId } = publication;
    this.#wanted.set(trackId, subscribed);
    if (publication.source === 'microphone') await this.#tellPause(trackId);
    if (subscribed) return this.sync();
    if (!this.#held.has(trackId)) return;
    this.#drop(trackId);
    await this.#link.request('track.unsubscribe', { trackIds: [trackId] });
  }

  async setPreferences(publication: RemotePublication, preferences: LayerPreferences): Promise<void> {
    const { trackId } = publication;
    const merged = { ...this.#preferences.get(trackId), ...preferences };
    this.#preferences.set(trackId, merged);
    if (this.#held.has(trackId))
      await this.#link.request('track.setPreferences', { preferences: [{ trackId, ...preferences }] });
    else if (publication.source === 'microphone') await this.#tellPause(trackId);
  }

  /** A microphone that is not wanted is not to be heard through an audio slot either. */
  async #tellPause(trackId: string): Promise<void> {
    if (!this.#engine.mediaSessionId) return; // It is told with the first media.
    const preferences = [{ trackId, paused: this.#unwanted(trackId) }];
    await this.#link.request('track.setPreferences', { preferences });
  }

  #unwanted(trackId: string): boolean {
    return this.#wanted.get(trackId) === false || this.#preferences.get(trackId)?.paused === true;
  }

  /** The server ended a subscription: its track went, or moved and will be there again. */
  closedByServer(trackId: string, subscriptionId: string): void {
    if (this.#held.get(trackId)?.reception.subscriptionId !== subscriptionId) return;
    this.#drop(trackId);
    this.#slots.lost(trackId);
    this.sync();
  }

  #allow(allowed: boolean): void {
    this.#allowed = allowed;
    if (!allowed) for (const trackId of [...this.#held.keys()]) this.#drop(trackId);
  }

  /** Starts working off what is missing, unless that is under way. */
  sync(): void {
    queueMicrotask(() => void this.#work());
  }

  /** One loop for each media session: what is under way for an earlier one is not waited for. */
  async #work(): Promise<void> {
    const generation = this.#generation;
    if (this.#working === generation || this.#link.closed) return;
    this.#working = generation;
    try {
      await this.#takeReady();
      while (generation === this.#generation && ((await this.#nextBatch()) || (await this.#leaveSurplus())));
    } catch (error) {
      this.#logger.warn({ err: error }, 'subscribing failed, trying again');
      if (generation === this.#generation) this.#retryLater();
    } finally {
      if (this.#working === generation) this.#working = undefined;
    }
  }

  async #takeReady(): Promise<void> {
    const ready = this.#ready;
    this.#ready = [];
    await this.#receive(ready);
    const preferences = [...this.#preferences]
      .filter(([trackId]) => this.#held.has(trackId))
      .map(([trackId, wanted]) => ({ trackId, ...wanted }));
    for (const { trackId, source } of this.#model.remoteTracks())
      if (source === 'microphone' && !this.#held.has(trackId) && this.#unwanted(trackId))
        preferences.push({ trackId, paused: true });
    if (preferences.length) await this.#link.request('track.setPreferences', { preferences });
  }

  #retryLater(): void {
    clearTimeout(this.#retry);
    if (!this.#link.closed) this.#retry = setTimeout(() => this.sync(), retryMs);
  }

  #missing(): string[] {
    if (!this.#engine.mediaSessionId || !this.#allowed) return [];
    const missing = this.#auto ? [...this.#slots.offered].filter((slotId) => !this.#held.has(slotId)) : [];
    for (const publication of this.#model.remoteTracks()) {
      const { info, trackId } = publication;
      if (!this.#wants(publication) || this.#refused.get(trackId) === info.epoch) continue;
      const held = this.#held.get(trackId);
      if (held && held.epoch >= info.epoch) continue;
      missing.push(trackId);
      if (missing.length === batchSize) break;
    }
    return missing;
  }

  #wants({ trackId, source }: RemotePublication): boolean {
    const throughSlots = source === 'microphone' && this.#slots.offered.size > 0;
    return this.#wanted.get(trackId) ?? (this.#auto && !throughSlots);
  }

  /**
   * Microphones that come through slots by now, slots that are no longer offered: the server lets each go as it ends the
   * other, so they are left only when what takes their place flows. False when there is nothing to leave.
   */
  async #leaveSurplus(): Promise<boolean> {
    const generation = this.#generation;
    const surplus = [...this.#held.keys()].filter((trackId) => {
      if (this.#slots.has(trackId)) return !this.#slots.offered.has(trackId);
      const publication = this.#model.track(trackId);
      return publication?.source === 'microphone' && !this.#wants(publication);
    });
    for (let at = 0; at < surplus.length && generation === this.#generation; at += batchSize) {
      const trackIds = surplus.slice(at, at + batchSize);
      await this.#link.request('track.unsubscribe', { trackIds });
      if (generation === this.#generation) for (const trackId of trackIds) this.#drop(trackId);
    }
    return surplus.length > 0;
  }

  /** False when nothing is missing. */
  async #nextBatch(): Promise<boolean> {
    const trackIds = this.#missing();
    if (!trackIds.length) return false;
    const generation = this.#generation;
    const { subscriptions, failures } = await this.#link.request('track.subscribe', { trackIds });
    if (generation !== this.#generation) return true;
    const slotsLost = failures.some(({ trackId }) => this.#slots.has(trackId));
    for (const failure of failures) this.#failed(failure.trackId, failure.code);
    for (const { trackId } of subscriptions) this.#drop(trackId); // An earlier epoch of it.
    await this.#receive(subscriptions);
    if (generation !== this.#generation) return true;
    const received = subscriptions
      .filter(({ trackId }) => this.#held.has(trackId))
      .map(({ trackId }) => trackId);
    if (received.length) await this.#link.request('track.start', { trackIds: received });
    return subscriptions.length > 0 || slotsLost;
  }

  #failed(trackId: string, code: string): void {
    this.#slots.lost(trackId);
    const epoch = this.#model.track(trackId)?.info.epoch;
    if (epoch === undefined) return; // It went meanwhile.
    this.#refused.set(trackId, epoch); // Until it is produced anew.
    if (code !== 'codec-unsupported' && code !== 'forbidden')
      setTimeout(() => {
        if (this.#refused.get(trackId) === epoch) this.#refused.delete(trackId);
        this.sync();
      }, retryMs);
  }

  async #receive(subscriptions: Subscription[]): Promise<void> {
    if (!subscriptions.length) return;
    const generation = this.#generation;
    const receptions = await this.#engine.receive(
      subscriptions,
      (trackId) => this.#streamId(trackId),
      (trackId, payload) => this.#sample(trackId, payload),
    );
    for (const { trackId, epoch } of subscriptions) {
      const reception = receptions.get(trackId);
      const publication = this.#model.track(trackId);
      if (!reception) continue;
      if (generation === this.#generation && this.#slots.has(trackId)) {
        this.#held.set(trackId, { epoch, reception });
        this.#slots.received(trackId, reception.track);
        continue;
      }
      if (generation !== this.#generation || !publication) {
        reception.close();
        continue;
      }
      this.#held.set(trackId, { epoch, reception });
      if (!reception.track) continue;
      publication.mediaTrack = reception.track;
      publication.reception = reception;
      this.#events.emit('trackSubscribed', publication, reception.track);
    }
    const missing = subscriptions.length - receptions.size;
    if (missing > 0 && generation === this.#generation)
      throw new PlatformError(
        'media-lost',
        `${missing} of ${subscriptions.length} tracks could not be set up`,
      );
  }

  /** Camera and microphone of one participant are played in step; a shared screen goes its own way. */
  #streamId(trackId: string): string {
    const publication = this.#model.track(trackId);
    const screen = publication?.source === 'screen' || publication?.source === 'screen-audio';
    return `${publication?.participant.participantId ?? trackId}${screen ? '-screen' : ''}`;
  }

  #sample(trackId: string, payload: Uint8Array): void {
    const publication = this.#model.track(trackId);
    const sample = unpackSample(payload);
    if (!publication || !sample) return;
    const { participantId } = publication.participant;
    this.#events.emit('sampleReceived', { participantId, name: publication.name, ...sample });
  }

  #drop(trackId: string): void {
    const held = this.#held.get(trackId);
    if (!held) return;
    this.#held.delete(trackId);
    held.reception.close();
    this.#slots.received(trackId, undefined);
    const publication = this.#model.track(trackId);
    if (!publication?.mediaTrack) return;
    publication.mediaTrack = undefined;
    publication.reception = undefined;
    publication.layer = undefined;
    publication.limitedBy = undefined;
    this.#events.emit('trackUnsubscribed', publication);
  }

  #forget(trackId: string): void {
    this.#held.get(trackId)?.reception.close();
    this.#held.delete(trackId);
    this.#wanted.delete(trackId);
    this.#preferences.delete(trackId);
    this.#refused.delete(trackId);
  }
}
