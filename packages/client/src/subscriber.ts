import { type Emitter, type Logger, PlatformError, sleep } from '@weir/core';
import type { LayerPreferences, Subscription } from '@weir/protocol';
import { limits } from '@weir/protocol/limits';
import type { AudioSlots } from './audio-slots.ts';
import { expectPageBusy } from './busy-page.ts';
import type { MediaEngine } from './media-engine.ts';
import { RemotePublication } from './publication.ts';
import type { ReceivingState } from './receiving-state.ts';
import { Receptions } from './receptions.ts';
import type { RoomEvents } from './room-events.ts';
import type { RoomModel } from './room-model.ts';
import { unpackSample } from './sample-channel.ts';
import type { SignalingLink } from './signaling-link.ts';
import { nextBatch, type ReceiveTransport, type WaitingTrack } from './subscribe-queue.ts';
import { ToldPreferences } from './told-preferences.ts';

type Running = { transportId: string | undefined; trackIds: string[] };

/** While one batch is negotiated here, the server sets up the next ones. */
const batchesAtOnce = 3;
const batches = { tracksPerBatch: 50, tracksInFirstBatch: 25 };
const retryMs = 1_000;
/** With more tracks than that those that are not shown start last, … */
const startedAtOnce = 50;
/** … but no longer when nothing more was set up for so long, … */
const stalledMs = 10_000;
/** … and not for longer than that. */
const startAtMostMs = 45_000;
/** Between two requests that start some of many the page has so long to catch up, and longer while it is late, but not for ever. */
const breathMs = { least: 100, most: 1_000 };
/** A page that sets up or starts some beside more than `startedAtOnce` has its hands full for so long. */
const handsFullMs = 5_000;
const announceMs = 100;
const firstAtMostMs = 500;
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
  readonly #receptions: Receptions;
  readonly #preferences: ToldPreferences;
  readonly #wanted = new Map<string, boolean>();
  readonly #streamIds = new Map<string, string>();
  /** Tracks that cannot be received at this epoch (their codec is not known here). */
  readonly #refused = new Map<string, number>();
  /** Grows with each new media session: what was under way for the one before is dropped. */
  #generation = 0;
  /** Batches under way on the media session of now. */
  readonly #running = new Set<Running>();
  /** What is set up and not started yet, since when. */
  readonly #unstarted = new Map<string, number>();
  /** When something was set up last. */
  #setUpAt = 0;
  /** The generation of which some are just being started. */
  #starting: number | undefined;
  /** The browser or the server allows no further transport: the ones there are take all. */
  #noMoreTransports = false;
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
    this.#preferences = new ToldPreferences(link);
    this.#receptions = new Receptions(link, model, events, {
      slots: options.slots,
      isPaused: (trackId) => this.#preferences.of(trackId)?.paused === true,
    });
    events.on('trackPublished', () => this.sync(), link.signal);
    events.on(
      'trackUpdated',
      ({ trackId, info }) => {
        if (!this.#receptions.isCurrent(trackId, info.epoch)) this.sync(); // Produced anew.
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
    this.#beginAnew();
    this.#receptions.dropAll();
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
    this.#beginAnew();
    this.#opening = false;
    const { changedOver } = this.#receptions.leaveAll();
    this.#fill();
    await changedOver;
  }

  /** The media session before is over: what was received over it ends. */
  settle(): void {
    this.#receptions.settle();
    this.sync();
  }

  /** What was under way for the media session before does not count any more. */
  #beginAnew(): void {
    this.#generation += 1;
    this.#running.clear();
    this.#unstarted.clear();
    this.#noMoreTransports = false;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#refused.clear();
  }

  get state(): ReceivingState {
    const wanted = [...this.#model.remoteTracks()].filter((publication) => this.#wants(publication));
    return {
      wanted: wanted.length,
      received: this.#receptions.size,
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
    if (!this.#receptions.has(trackId)) return;
    this.#receptions.drop(trackId);
    await this.#link.request('track.unsubscribe', { trackIds: [trackId], ...this.#link.mediaScope });
  }

  async setPreferences(publication: RemotePublication, preferences: LayerPreferences): Promise<void> {
    const { trackId } = publication;
    this.#preferences.add(trackId, preferences);
    if (this.#unstarted.has(trackId)) void this.#startDue();
    if (this.#receptions.has(trackId)) await this.#preferences.tell(trackId, preferences);
    else if (publication.source === 'microphone') await this.#tellPause(trackId);
  }

  /** A microphone that is not wanted is not to be heard through an audio slot either. */
  async #tellPause(trackId: string): Promise<void> {
    if (!this.#engine.mediaSessionId) return; // It is told with the first media.
    await this.#preferences.tell(trackId, { paused: this.#unwanted(trackId) });
  }

  #unwanted(trackId: string): boolean {
    return this.#wanted.get(trackId) === false || this.#preferences.of(trackId)?.paused === true;
  }

  /** A receive transport is gone: its tracks are received over others. */
  transportLost(transportId: string): void {
    this.#receptions.transportLost(transportId);
    this.sync();
  }

  /** Its tracks are received over others, and are on show until they flow there. */
  receiveAnew(transportId: string): void {
    for (const [trackId, held] of [...this.#receptions])
      if (held.transportId === transportId) this.#receptions.leave(trackId);
    this.sync();
  }

  /** The server ended a subscription: its track went, or moved and will be there again. */
  closedByServer(trackId: string, subscriptionId: string): void {
    if (!this.#receptions.ended(trackId, subscriptionId)) return;
    this.#slots.lost(trackId);
    this.sync();
  }

  /** Whether what the server says of a subscription is of one that is being left. */
  isLeaving(trackId: string, subscriptionId: string): boolean {
    return this.#receptions.isLeaving(trackId, subscriptionId);
  }

  #allow(allowed: boolean): void {
    this.#allowed = allowed;
    if (!allowed) this.#receptions.dropAll();
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
    void this.#startDue();
    this.#changed();
  }

  /** A batch, from its request to its packets; what is under way for an earlier media session is not waited for. */
  async #run(batch: Running, work: () => Promise<void>): Promise<void> {
    const generation = this.#generation;
    this.#running.add(batch);
    this.#takeOn(batch.trackIds.length);
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

  #takeOn(tracks: number): void {
    if (tracks > 0 && this.#receptions.size > startedAtOnce) expectPageBusy(handsFullMs);
  }

  #batchFailed({ transportId }: Running, { code }: PlatformError): void {
    if (code === 'limit-reached' && transportId === undefined) this.#noMoreTransports = true;
    if (code === 'transport-not-found' && transportId !== undefined)
      this.#engine.receiveTransports?.drop(transportId);
    this.#fillLater();
  }

  #fillLater(): void {
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
      if (source === 'microphone' && !this.#receptions.has(trackId) && this.#unwanted(trackId))
        this.#tellPause(trackId).catch(() => {}); // Told again with the next media.
    this.#tellAll(ready);
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
    for (const { trackId } of subscriptions) this.#receptions.leave(trackId); // An earlier epoch of it.
    try {
      await this.#receive(subscriptions);
    } finally {
      if (generation === this.#generation) this.#setUp(subscriptions);
    }
  }

  #setUp(subscriptions: Subscription[]): void {
    // What is preferred is told first: no packet of what is not shown.
    this.#setUpAt = performance.now();
    for (const trackId of this.#tellAll(subscriptions)) this.#unstarted.set(trackId, this.#setUpAt);
    void this.#startDue();
  }

  /** Lets packets come; what cannot be told now is told later. */
  async #startDue(): Promise<void> {
    const generation = this.#generation;
    if (this.#starting === generation) return;
    this.#starting = generation;
    try {
      for (let due = this.#due(); due.length > 0; due = this.#due()) {
        this.#takeOn(due.length);
        const trackIds = due.map(([trackId]) => trackId);
        await this.#link.request('track.start', { trackIds, ...this.#link.mediaScope });
        if (generation !== this.#generation) return;
        for (const [trackId, since] of due)
          if (this.#unstarted.get(trackId) === since) this.#unstarted.delete(trackId); // Else it is there anew.
        if (this.#unstarted.size > 0 && this.#receptions.size > startedAtOnce) await breathe();
        if (generation !== this.#generation) return;
      }
    } catch (error) {
      this.#logger.warn({ err: error }, 'starting failed, trying again');
      if (generation === this.#generation) this.#fillLater();
    } finally {
      if (this.#starting === generation) this.#starting = undefined;
    }
  }

  /**
   * Where there are many, what is not shown waits until all is set up: a page that decodes hundreds of streams negotiates further
   * ones slowly.
   */
  #due(): [trackId: string, since: number][] {
    for (const trackId of this.#unstarted.keys())
      if (!this.#receptions.has(trackId)) this.#unstarted.delete(trackId);
    const now = performance.now();
    const goesOn = this.#running.size > 0 && now - this.#setUpAt < stalledMs;
    const mayWait = goesOn && this.#receptions.size > startedAtOnce;
    const isDue = ([trackId, since]: [string, number]) => {
      const preferences = this.#preferences.of(trackId);
      const isShown = preferences !== undefined && !preferences.paused;
      const isVideo = this.#model.track(trackId)?.kind === 'video';
      return !mayWait || isShown || !isVideo || now - since > startAtMostMs;
    };
    return [...this.#unstarted].filter(isDue).slice(0, startedAtOnce);
  }

  /** Answers those of them that are held. */
  #tellAll(subscriptions: Subscription[]): string[] {
    const trackIds = subscriptions.flatMap(({ trackId }) => (this.#receptions.has(trackId) ? trackId : []));
    this.#preferences.tellAll(trackIds);
    return trackIds;
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
    const held = [...this.#receptions].map(([trackId]) => trackId);
    return held.filter((trackId) => {
      if (this.#slots.has(trackId)) return !this.#slots.offered.has(trackId);
      const publication = this.#model.track(trackId);
      return publication?.source === 'microphone' && !this.#wants(publication);
    });
  }

  async #leaveSurplus(): Promise<void> {
    const generation = this.#generation;
    const trackIds = this.#surplus().slice(0, limits.subscriptionsPerRequest);
    await this.#link.request('track.unsubscribe', { trackIds, ...this.#link.mediaScope });
    if (generation === this.#generation) for (const trackId of trackIds) this.#receptions.drop(trackId);
  }

  #underWay(): Set<string> {
    return new Set([...this.#running].flatMap(({ trackIds }) => trackIds));
  }

  #waiting(): WaitingTrack[] {
    if (!this.#engine.mediaSessionId || !this.#allowed) return [];
    const underWay = this.#underWay();
    const waiting: WaitingTrack[] = [];
    for (const slotId of this.#auto ? this.#slots.offered : [])
      if (!this.#receptions.has(slotId) && !underWay.has(slotId))
        waiting.push({ trackId: slotId, kind: 'audio', streamId: slotId });
    for (const publication of this.#model.remoteTracks()) {
      const { info, trackId, kind } = publication;
      if (!this.#wants(publication) || this.#refused.get(trackId) === info.epoch) continue;
      if (underWay.has(trackId) || this.#receptions.isCurrent(trackId, info.epoch)) continue;
      const preferences = this.#preferences.of(trackId);
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
    for (const [trackId, { transportId }] of this.#receptions) {
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
      if (!reception) continue;
      const isKnown = this.#slots.has(trackId) || this.#model.track(trackId) !== undefined;
      const isWanted = this.#wanted.get(trackId) !== false;
      if (generation === this.#generation && isKnown && isWanted)
        this.#receptions.hold(trackId, { epoch, transportId, reception });
      else reception.close();
      if (generation === this.#generation && isKnown && !isWanted) unwanted.push(trackId);
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

  /** It is no longer in the model, but whoever shows it is told to stop. */
  #forget(publication: RemotePublication): void {
    const { trackId } = publication;
    this.#receptions.drop(trackId, publication);
    this.#wanted.delete(trackId);
    this.#preferences.delete(trackId);
    this.#streamIds.delete(trackId);
    this.#refused.delete(trackId);
  }
}

/** Until a timer is in time again: what was just begun has what it needs of the page. */
async function breathe(): Promise<void> {
  const until = performance.now() + breathMs.most;
  for (let before = performance.now(); before < until; before = performance.now()) {
    await sleep(breathMs.least);
    if (performance.now() - before < 2 * breathMs.least) return;
  }
}
