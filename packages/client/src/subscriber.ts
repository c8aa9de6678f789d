import { type Emitter, type Logger, PlatformError, sleep } from '@weir/core';
import type { LayerPreferences, Subscription } from '@weir/protocol';
import { limits } from '@weir/protocol/limits';
import type { AudioSlots } from './audio-slots.ts';
import type { MediaEngine, Reception } from './media-engine.ts';
import { RemotePublication } from './publication.ts';
import type { RoomEvents } from './room-events.ts';
import type { RoomModel } from './room-model.ts';
import { unpackSample } from './sample-channel.ts';
import type { SignalingLink } from './signaling-link.ts';
import { nextBatch, type ReceiveTransport, type WaitingTrack } from './subscribe-queue.ts';

type Held = { epoch: number; transportId: string; reception: Reception };
type Running = { transportId: string | undefined; trackIds: string[] };

/** How receiving stands, for debug panels and tests. */
export type ReceivingState = {
  /** Tracks that are to be received, and how many of them are. */
  wanted: number;
  received: number;
  /** In batches under way, and behind them in the queue. */
  negotiating: number;
  waiting: number;
  transports: { transportId: string; tracks: number; negotiating: boolean }[];
};

/** While one batch is negotiated here, the server sets up the next ones. */
const batchesAtOnce = 3;
const batches = { tracksPerBatch: 50, tracksInFirstBatch: 25 };
const retryMs = 1_000;
const announceMs = 100;
const firstAtMostMs = 500;
/** What does not flow over another media session by then is not waited for. */
const moveAtMostMs = 7_000;
/** The transport of work that needs none. */
const none = 'none';

/** Keeps what is received equal to what is wanted, in batches, by the order of `subscribe-queue.ts`. */
export class Subscriber {
  readonly #link: SignalingLink;
  readonly #engine: MediaEngine;
  readonly #model: RoomModel;
  readonly #events: Emitter<RoomEvents>;
  readonly #logger: Logger;
  readonly #slots: AudioSlots;
  readonly #auto: boolean;
  readonly #held = new Map<string, Held>();
  /** What is on show until what is held in its place flows: earlier productions, or all of the media session before. */
  readonly #leaving = new Map<string, Held>();
  /** Resolves when all has been changed over to another media session. */
  #moved: { left: Set<string>; done: PromiseWithResolvers<void> } | undefined;
  readonly #wanted = new Map<string, boolean>();
  readonly #preferences = new Map<string, LayerPreferences>();
  readonly #streamIds = new Map<string, string>();
  /** Tracks that cannot be received at this epoch (their codec is not known here). */
  readonly #refused = new Map<string, number>();
  /** Grows with each new media session: what was under way for the one before is dropped. */
  #generation = 0;
  /** Batches under way on the media session of now. */
  readonly #running = new Set<Running>();
  /** The browser or the server allows no further transport: the ones there are take all. */
  #noMoreTransports = false;
  /** What is to be told of preferences, in one request for all. */
  #telling: { preferences: Map<string, LayerPreferences>; told: PromiseWithResolvers<void> } | undefined;
  #syncing = false;
  /** The tracks that came with the media are on their way: who looks at an empty page waits for nothing else. */
  #opening = false;
  #announced = false;
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
    events.on(
      'trackUpdated',
      ({ trackId, info }) => {
        if (!this.#isCurrent(trackId, info.epoch)) this.sync(); // Produced anew.
      },
      link.signal,
    );
    events.on(
      'trackUnpublished',
      (publication) => publication instanceof RemotePublication && this.#forget(publication),
      link.signal,
    );
    events.on(
      'participantUpdated',
      ({ isLocal, grants }) => isLocal && this.#allow(grants.subscribe),
      link.signal,
    );
    link.onClose(() => clearTimeout(this.#retry));
  }

  /** New transports: everything is received anew, these first. Resolves when these are. */
  async reset(ready: Subscription[]): Promise<void> {
    this.#generation += 1;
    this.#running.clear();
    this.#noMoreTransports = false;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    for (const trackId of this.#all()) this.#drop(trackId);
    this.#moved = undefined;
    this.#refused.clear();
    const trackIds = ready.map(({ trackId }) => trackId);
    const generation = this.#generation;
    this.#opening = ready.length > 0;
    await this.#run({ transportId: ready[0]?.transportId ?? none, trackIds }, () => this.#takeReady(ready));
    if (generation !== this.#generation || !this.#opening) return;
    void this.#haveCome(trackIds).then(() => {
      if (generation !== this.#generation) return;
      this.#opening = false;
      this.#fill();
    });
  }

  /**
   * Another media session beside the one before: everything is received over it, and shown from the moment that it flows.
   * Resolves when all is, or has taken too long.
   */
  async move(): Promise<void> {
    this.#generation += 1;
    this.#running.clear();
    this.#noMoreTransports = false;
    this.#opening = false;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#refused.clear();
    for (const [trackId, held] of [...this.#held]) this.#leave(trackId, held);
    const left = new Set([...this.#leaving.keys()].filter((trackId) => !this.#slots.has(trackId)));
    const moved = { left, done: Promise.withResolvers<void>() };
    this.#moved = moved;
    if (left.size === 0) moved.done.resolve();
    this.#fill();
    await Promise.race([moved.done.promise, sleep(moveAtMostMs)]);
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
    this.sync();
  }

  get state(): ReceivingState {
    const wanted = [...this.#model.remoteTracks()].filter((publication) => this.#wants(publication));
    return {
      wanted: wanted.length,
      received: this.#held.size,
      negotiating: this.#underWay().size,
      waiting: this.#waiting().length,
      transports: this.#transports().map(({ transportId, tracks, busy }) => ({
        transportId,
        tracks,
        negotiating: busy,
      })),
    };
  }

  async setSubscribed(publication: RemotePublication, subscribed: boolean): Promise<void> {
    const { trackId } = publication;
    this.#wanted.set(trackId, subscribed);
    if (publication.source === 'microphone') await this.#tellPause(trackId);
    if (subscribed) return this.sync();
    if (!this.#held.has(trackId)) return;
    this.#drop(trackId);
    await this.#link.request('track.unsubscribe', { trackIds: [trackId], ...this.#link.mediaScope });
  }

  async setPreferences(publication: RemotePublication, preferences: LayerPreferences): Promise<void> {
    const { trackId } = publication;
    this.#preferences.set(trackId, { ...this.#preferences.get(trackId), ...preferences });
    if (this.#held.has(trackId)) await this.#tell(trackId, preferences);
    else if (publication.source === 'microphone') await this.#tellPause(trackId);
  }

  /** A microphone that is not wanted is not to be heard through an audio slot either. */
  async #tellPause(trackId: string): Promise<void> {
    if (!this.#engine.mediaSessionId) return; // It is told with the first media.
    await this.#tell(trackId, { paused: this.#unwanted(trackId) });
  }

  #unwanted(trackId: string): boolean {
    return this.#wanted.get(trackId) === false || this.#preferences.get(trackId)?.paused === true;
  }

  /** A receive transport is gone: its tracks are received over others. */
  transportLost(transportId: string): void {
    for (const [trackId, held] of [...this.#held]) if (held.transportId === transportId) this.#drop(trackId);
    for (const [trackId, held] of [...this.#leaving])
      if (held.transportId === transportId) {
        if (this.#held.has(trackId)) this.#show(trackId);
        else this.#drop(trackId);
      }
    this.sync();
  }

  /** The server ended a subscription: its track went, or moved and will be there again. */
  closedByServer(trackId: string, subscriptionId: string): void {
    const leaving = this.#leaving.get(trackId);
    if (leaving?.reception.subscriptionId === subscriptionId) {
      if (this.#held.has(trackId)) return this.#show(trackId);
      return this.#drop(trackId);
    }
    if (this.#held.get(trackId)?.reception.subscriptionId !== subscriptionId) return;
    this.#drop(trackId);
    this.#slots.lost(trackId);
    this.sync();
  }

  /** Whether what the server says of a subscription is of one that is being left. */
  isLeaving(trackId: string, subscriptionId: string): boolean {
    return this.#leaving.get(trackId)?.reception.subscriptionId === subscriptionId;
  }

  #allow(allowed: boolean): void {
    this.#allowed = allowed;
    if (!allowed) for (const trackId of this.#all()) this.#drop(trackId);
  }

  /** Starts working off what is missing, unless that is under way. */
  sync(): void {
    if (this.#syncing) return;
    this.#syncing = true;
    queueMicrotask(() => {
      this.#syncing = false;
      this.#fill();
    });
  }

  #isCurrent(trackId: string, epoch: number): boolean {
    const held = this.#held.get(trackId);
    return held !== undefined && held.epoch >= epoch;
  }

  /** Begins as many batches as may run at once. */
  #fill(): void {
    const mayBegin = () =>
      this.#running.size < batchesAtOnce && !this.#opening && !this.#link.closed && this.#retry === undefined;
    while (mayBegin()) {
      const batch = this.#next();
      if (!batch?.trackIds.length) break;
      void this.#run(batch, () => this.#receiveBatch(batch));
    }
    const idle = this.#running.size === 0 && this.#retry === undefined && !this.#link.closed;
    if (idle && this.#surplus().length)
      void this.#run({ transportId: none, trackIds: [] }, () => this.#leaveSurplus());
    this.#changed();
  }

  /** A batch, from its request to its packets; what is under way for an earlier media session is not waited for. */
  async #run(batch: Running, work: () => Promise<void>): Promise<void> {
    const generation = this.#generation;
    this.#running.add(batch);
    this.#changed();
    try {
      await work();
    } catch (error) {
      this.#logger.warn({ err: error }, 'subscribing failed, trying again');
      if (generation === this.#generation) this.#batchFailed(batch, PlatformError.from(error));
    } finally {
      this.#running.delete(batch);
      if (generation === this.#generation) this.#fill();
    }
  }

  #batchFailed({ transportId }: Running, { code }: PlatformError): void {
    if (code === 'limit-reached' && transportId === undefined) this.#noMoreTransports = true;
    if (code === 'transport-not-found' && transportId !== undefined)
      this.#engine.receiveTransports?.drop(transportId);
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#fill();
    }, retryMs);
    if (this.#link.closed) clearTimeout(this.#retry);
  }

  async #takeReady(ready: Subscription[]): Promise<void> {
    const generation = this.#generation;
    await this.#receive(ready);
    if (generation !== this.#generation) return;
    for (const { trackId, source } of this.#model.remoteTracks())
      if (source === 'microphone' && !this.#held.has(trackId) && this.#unwanted(trackId))
        this.#tellPause(trackId).catch(() => {}); // Told again with the next media.
    this.#tellAll(ready.map(({ trackId }) => trackId));
  }

  /** Until packets of all these have come; some may be paused or silent, so not for long. */
  async #haveCome(trackIds: string[]): Promise<void> {
    const tracks = trackIds.flatMap((trackId) => this.#model.track(trackId)?.mediaTrack ?? []);
    const come = tracks.map(
      (track) =>
        new Promise<void>((resolve) => {
          if (!track.muted) resolve();
          else track.addEventListener('unmute', () => resolve(), { once: true });
        }),
    );
    await Promise.race([Promise.all(come), sleep(firstAtMostMs)]);
  }

  async #receiveBatch(batch: Running): Promise<void> {
    const generation = this.#generation;
    batch.transportId ??= await this.#engine.receiveTransports?.open();
    if (generation !== this.#generation) return;
    const { trackIds, transportId } = batch;
    const epochs = new Map(trackIds.map((trackId) => [trackId, this.#epoch(trackId)]));
    const { subscriptions, failures } = await this.#link.request('track.subscribe', {
      trackIds,
      ...(transportId ? { transportId } : {}),
      ...this.#link.mediaScope,
    });
    if (generation !== this.#generation) return;
    if (!subscriptions.length && !failures.length)
      throw new PlatformError('internal', `nothing was answered for ${trackIds.length} tracks`);
    for (const { trackId, code } of failures) this.#failed(trackId, epochs.get(trackId), code);
    for (const { trackId } of subscriptions) {
      const held = this.#held.get(trackId);
      if (held) this.#leave(trackId, held); // An earlier epoch of it.
    }
    try {
      await this.#receive(subscriptions);
    } finally {
      if (generation === this.#generation) await this.#start(subscriptions);
    }
  }

  async #start(subscriptions: Subscription[]): Promise<void> {
    const trackIds = subscriptions.flatMap(({ trackId }) => (this.#held.has(trackId) ? trackId : []));
    if (!trackIds.length) return;
    this.#tellAll(trackIds); // First: no packet of what is not shown.
    await this.#link.request('track.start', { trackIds, ...this.#link.mediaScope });
  }

  #tellAll(trackIds: string[]): void {
    for (const trackId of trackIds) {
      const preferences = this.#preferences.get(trackId);
      // Should it fail, what they bring is too much, not too little; who set them has heard of it.
      if (preferences && this.#held.has(trackId)) this.#tell(trackId, preferences).catch(() => {});
    }
    this.#flush();
  }

  /** Tells the server with the others of this turn. */
  #tell(trackId: string, preferences: LayerPreferences): Promise<void> {
    if (!this.#telling) {
      this.#telling = { preferences: new Map(), told: Promise.withResolvers() };
      queueMicrotask(() => this.#flush());
    }
    const { preferences: all, told } = this.#telling;
    all.set(trackId, { ...all.get(trackId), ...preferences });
    return told.promise;
  }

  #flush(): void {
    if (!this.#telling) return;
    const { preferences, told } = this.#telling;
    this.#telling = undefined;
    const all = [...preferences].map(([trackId, wanted]) => ({ trackId, ...wanted }));
    const requests: Promise<unknown>[] = [];
    for (let i = 0; i < all.length; i += limits.subscriptionsPerRequest) {
      const preferences = all.slice(i, i + limits.subscriptionsPerRequest);
      const some = { preferences, ...this.#link.mediaScope };
      requests.push(this.#link.request('track.setPreferences', some));
    }
    told.resolve(Promise.all(requests).then(() => {}));
  }

  #wants({ trackId, source }: RemotePublication): boolean {
    const throughSlots = source === 'microphone' && this.#slots.offered.size > 0;
    return this.#wanted.get(trackId) ?? (this.#auto && !throughSlots);
  }

  /**
   * Microphones that come through slots by now, slots that are no longer offered: the server lets each go as it ends the
   * other, so they are left only when what takes their place flows.
   */
  #surplus(): string[] {
    return [...this.#held.keys()].filter((trackId) => {
      if (this.#slots.has(trackId)) return !this.#slots.offered.has(trackId);
      const publication = this.#model.track(trackId);
      return publication?.source === 'microphone' && !this.#wants(publication);
    });
  }

  async #leaveSurplus(): Promise<void> {
    const generation = this.#generation;
    const trackIds = this.#surplus().slice(0, limits.subscriptionsPerRequest);
    await this.#link.request('track.unsubscribe', { trackIds, ...this.#link.mediaScope });
    if (generation === this.#generation) for (const trackId of trackIds) this.#drop(trackId);
  }

  #underWay(): Set<string> {
    return new Set([...this.#running].flatMap(({ trackIds }) => trackIds));
  }

  #waiting(): WaitingTrack[] {
    if (!this.#engine.mediaSessionId || !this.#allowed) return [];
    const underWay = this.#underWay();
    const waiting: WaitingTrack[] = [];
    for (const slotId of this.#auto ? this.#slots.offered : [])
      if (!this.#held.has(slotId) && !underWay.has(slotId))
        waiting.push({ trackId: slotId, kind: 'audio', streamId: slotId });
    for (const publication of this.#model.remoteTracks()) {
      const { info, trackId, kind } = publication;
      if (!this.#wants(publication) || this.#refused.get(trackId) === info.epoch) continue;
      if (underWay.has(trackId) || this.#isCurrent(trackId, info.epoch)) continue;
      const preferences = this.#preferences.get(trackId);
      waiting.push({ trackId, kind, streamId: this.#streamId(trackId), preferences });
    }
    return waiting;
  }

  #next(): Running | undefined {
    const pool = this.#engine.receiveTransports;
    const transports = this.#transports();
    const opening = [...this.#running].filter(({ transportId }) => !transportId).length;
    const atMost = this.#noMoreTransports ? transports.length : (pool?.atMost ?? 1);
    return nextBatch(this.#waiting(), transports, pool ? opening : 0, {
      tracksPerTransport: pool?.tracksEach ?? Number.POSITIVE_INFINITY,
      transports: atMost,
      ...batches,
    });
  }

  /** What each receive transport carries; an engine without a choice has one without a name. */
  #transports(): ReceiveTransport[] {
    const ids = this.#engine.receiveTransports?.ids ?? [''];
    const all = new Map(
      ids.map((transportId) => [
        transportId,
        { transportId, tracks: 0, streams: new Set<string>(), busy: false },
      ]),
    );
    const at = (transportId = '') => all.get(ids[0] === '' ? '' : transportId);
    for (const [trackId, { transportId }] of this.#held) {
      const transport = at(transportId);
      if (!transport) continue;
      transport.tracks += 1;
      transport.streams.add(this.#streamId(trackId));
    }
    for (const { transportId, trackIds } of this.#running) {
      const transport = at(transportId);
      if (!transport) continue;
      transport.busy = true;
      transport.tracks += trackIds.length;
      for (const trackId of trackIds) transport.streams.add(this.#streamId(trackId));
    }
    return [...all.values()];
  }

  /** Told a few times a second at most: to count hundreds of tracks takes time. */
  #changed(): void {
    if (this.#announced) return;
    this.#announced = true;
    setTimeout(() => {
      this.#announced = false;
      this.#events.emit('receivingChanged', this.state);
    }, announceMs);
  }

  #epoch(trackId: string): number | undefined {
    return this.#model.track(trackId)?.info.epoch;
  }

  /** `epoch`: that of the track when it was asked for. */
  #failed(trackId: string, epoch: number | undefined, code: string): void {
    this.#slots.lost(trackId);
    if (epoch === undefined || epoch !== this.#epoch(trackId)) return; // It went meanwhile, or is there anew.
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
    const unwanted: string[] = []; // Since it was asked for.
    for (const { trackId, epoch, transportId } of subscriptions) {
      const reception = receptions.get(trackId);
      const publication = this.#model.track(trackId);
      if (!reception) continue;
      if (generation === this.#generation && this.#slots.has(trackId)) {
        this.#held.set(trackId, { epoch, transportId, reception });
        if (!this.#moved) this.#slots.received(trackId, reception.track); // Else nobody is heard twice.
        continue;
      }
      if (generation !== this.#generation || !publication) {
        reception.close();
        continue;
      }
      if (this.#wanted.get(trackId) === false) {
        reception.close();
        unwanted.push(trackId);
        continue;
      }
      this.#held.set(trackId, { epoch, transportId, reception });
      if (this.#leaving.has(trackId)) void this.#changeOver(trackId, reception);
      else this.#show(trackId);
    }
    const scope = this.#link.mediaScope;
    if (unwanted.length)
      this.#link.request('track.unsubscribe', { trackIds: unwanted, ...scope }).catch(() => {}); // It is paused at least.
    const missing = subscriptions.length - receptions.size;
    if (missing > 0 && generation === this.#generation)
      throw new PlatformError(
        'media-lost',
        `${missing} of ${subscriptions.length} tracks could not be set up`,
      );
  }

  #all(): Set<string> {
    return new Set([...this.#held.keys(), ...this.#leaving.keys()]);
  }

  /** It stays on show until something is held in its place that flows. */
  #leave(trackId: string, held: Held): void {
    this.#held.delete(trackId);
    this.#leaving.get(trackId)?.reception.close();
    this.#leaving.set(trackId, held);
  }

  /** Shows what is held in place of what is being left, as soon as it flows; at the latest when that ends. */
  async #changeOver(trackId: string, reception: Reception): Promise<void> {
    const publication = this.#model.track(trackId);
    const flows = publication && !publication.limitedBy && !this.#preferences.get(trackId)?.paused;
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
      const { subscriptionId } = before.reception;
      // Of the media session before all ends together.
      if (!this.#moved)
        this.#link
          .request('track.unsubscribe', { trackIds: [], subscriptionIds: [subscriptionId] })
          .catch(() => {}); // It ends by itself.
    }
    const { left, done } = this.#moved ?? {};
    if (left?.delete(trackId) && left.size === 0) done!.resolve();
  }

  /** Camera and microphone of one participant are played in step; a shared screen goes its own way. */
  #streamId(trackId: string): string {
    const known = this.#streamIds.get(trackId);
    if (known !== undefined) return known;
    const publication = this.#model.track(trackId);
    if (!publication) return trackId;
    const { participant, source } = publication;
    const screen = source === 'screen' || source === 'screen-audio';
    const isFirst = participant.publication(source) === publication; // A second camera goes with nothing else.
    const streamId = isFirst ? `${participant.participantId}${screen ? '-screen' : ''}` : trackId;
    this.#streamIds.set(trackId, streamId);
    return streamId;
  }

  #sample(trackId: string, payload: Uint8Array): void {
    const publication = this.#model.track(trackId);
    const sample = unpackSample(payload);
    if (!publication || !sample) return;
    const { participantId } = publication.participant;
    this.#events.emit('sampleReceived', { participantId, name: publication.name, ...sample });
  }

  #drop(trackId: string, publication = this.#model.track(trackId)): void {
    const held = this.#held.get(trackId);
    this.#held.delete(trackId);
    held?.reception.close();
    const leaving = this.#leaving.get(trackId);
    this.#leaving.delete(trackId);
    leaving?.reception.close();
    if (!held && !leaving) return;
    this.#slots.received(trackId, undefined);
    if (!publication?.mediaTrack) return;
    publication.mediaTrack = undefined;
    publication.reception = undefined;
    publication.layer = undefined;
    publication.limit = undefined;
    this.#events.emit('trackUnsubscribed', publication);
  }

  /** It is no longer in the model, but whoever shows it is told to stop. */
  #forget(publication: RemotePublication): void {
    const { trackId } = publication;
    this.#drop(trackId, publication);
    if (this.#moved?.left.delete(trackId) && this.#moved.left.size === 0) this.#moved.done.resolve();
    this.#wanted.delete(trackId);
    this.#preferences.delete(trackId);
    this.#streamIds.delete(trackId);
    this.#refused.delete(trackId);
  }
}
