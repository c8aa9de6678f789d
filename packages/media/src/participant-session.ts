import { type Clock, Lifetime, type Logger, newId, PlatformError, withDeadline } from '@weir/core';
import type {
  Direction,
  DtlsParameters,
  LayerPreferences,
  MediaControl,
  MediaSession,
  Notice,
  NoticeHandlers,
  NoticeParams,
  ParticipantId,
  RoomId,
  RtpCapabilities,
  Source,
  SubscribeResult,
  TrackId,
  TransportParameters,
} from '@weir/protocol';
import { limits } from '@weir/protocol';
import { AudioSlot } from './audio-slot.ts';
import type { DegradeLadder } from './degrade-ladder.ts';
import { describeProduction, type Production, produce, toPlatformError } from './engine-words.ts';
import type { MediaRoom } from './media-room.ts';
import type { MediaWorker } from './media-worker.ts';
import { Publication } from './publication.ts';
import type { ReachLog } from './reach-log.ts';
import { SessionTransport } from './session-transport.ts';
import { SubscriberBandwidth } from './subscriber-bandwidth.ts';
import { TrackSubscription } from './track-subscription.ts';

/** Who is told what happens to a session: the side that opened or adopted it. */
export type MediaListener = NoticeHandlers<MediaControl>;

export type SessionOptions = {
  nodeId: string;
  room: MediaRoom;
  worker: MediaWorker;
  participantId: ParticipantId;
  rtpCapabilities: RtpCapabilities;
  listener: MediaListener;
  reach: ReachLog;
  ladder: DegradeLadder;
  clock: Clock;
  logger: Logger;
};

const subscriptionsAtMost = 4_096;
const fetchPatienceMs = 6_000;
const encodingsAtMost = 4;
const transportsAtMost = { send: limits.sendTransports, receive: limits.receiveTransports };
const lookEveryMs = 200;

/** A participant's media on one worker: its transports, what it publishes and what it subscribes to. */
export class ParticipantSession extends Lifetime {
  readonly id = newId('ms');
  readonly participantId: ParticipantId;
  readonly worker: MediaWorker;
  readonly #options: SessionOptions;
  readonly #transports = new Map<string, SessionTransport>();
  /** The first of each direction: what a request means that names none. */
  readonly #first = new Map<Direction, SessionTransport>();
  readonly #opening = { send: 0, receive: 0 };
  #looking = false;
  readonly #publications = new Map<TrackId, { publication: Publication; transport: SessionTransport }>();
  readonly #publishing = new Set<TrackId>();
  readonly #subscriptions = new Map<TrackId, TrackSubscription>();
  /** To earlier productions of tracks, until its client has changed over. */
  readonly #superseded = new Set<TrackSubscription>();
  /** The subscriptions that its client knows of: the end of these only is news. */
  readonly #announced = new Set<TrackSubscription>();
  /** Microphones that are not to be heard, through audio slots neither. */
  readonly #paused = new Set<TrackId>();
  readonly #bandwidth: SubscriberBandwidth;
  #listener: MediaListener | undefined;

  constructor(options: SessionOptions) {
    super();
    this.#options = options;
    this.#listener = options.listener;
    this.participantId = options.participantId;
    this.worker = options.worker;
    this.#bandwidth = this.own(
      new SubscriberBandwidth(options.clock, (transportId) => this.#pictureless(transportId)),
    );
    this.worker.count('sessions', this);
    this.worker.own(this);
    this.onClose(() => {
      if (this.worker.closeReason === 'lost') this.#tellLost('the media worker died');
    });
  }

  get roomId(): RoomId {
    return this.#options.room.roomId;
  }

  get listener(): MediaListener | undefined {
    return this.#listener;
  }

  /** The ways in which it has transports. */
  get directions(): Record<Direction, boolean> {
    return { send: this.#first.has('send'), receive: this.#first.has('receive') };
  }

  async open(directions: Direction[]): Promise<MediaSession> {
    const { nodeId } = this.#options;
    const [send, receive] = await Promise.all(
      (['send', 'receive'] as const).map(async (direction) => {
        if (!directions.includes(direction)) return null;
        const transport = await this.#newTransport(direction);
        this.#first.set(direction, transport);
        return transport.describe();
      }),
    );
    return { mediaSessionId: this.id, nodeId, send: send ?? null, receive: receive ?? null };
  }

  /** Another transport of a direction that it has. */
  async openTransport(direction: Direction): Promise<TransportParameters> {
    this.assertOpen();
    if (!this.#first.has(direction))
      throw new PlatformError('wrong-state', `media session ${this.id} does not ${direction}`);
    const atMost = transportsAtMost[direction];
    if (this.#there(direction).length + this.#opening[direction] >= atMost)
      throw new PlatformError('limit-reached', `at most ${atMost} ${direction} transports`);
    this.#opening[direction]++;
    try {
      return (await this.#newTransport(direction)).describe();
    } finally {
      this.#opening[direction]--;
    }
  }

  /** Its client begins to look for a path. */
  async connect(direction: Direction, dtlsParameters: DtlsParameters, transportId?: string): Promise<void> {
    const transport = this.transport(direction, transportId);
    if (!this.#looking && transport.state === 'new') this.#options.reach.expect(this.participantId, this);
    this.#looking = true;
    await transport.connect(dtlsParameters);
  }

  /** Its client gave it up: the end of its subscriptions is no news. */
  closeTransport(transportId: string): void {
    const direction = this.#transports.get(transportId)?.direction ?? 'receive';
    const transport = this.transport(direction, transportId);
    if (direction === 'send' && this.#there(direction).length < 2)
      throw new PlatformError('wrong-state', 'it is the only one to send over: open another first');
    for (const subscription of this.#subscriptions.values())
      if (subscription.transportId === transportId) this.#announced.delete(subscription);
    transport.close();
  }

  /** From now on `listener` is told, beginning with how the transports are. */
  adopt(listener: MediaListener): void {
    this.#listener = listener;
    for (const transport of this.#transports.values()) this.#tellConnectivity(transport);
    for (const subscription of this.#announced) subscription.repeat();
    for (const { publication } of this.#publications.values()) publication.demand?.repeat();
  }

  /** Nobody is told any more, if it was `listener`; the media goes on. */
  forget(listener: MediaListener): void {
    if (this.#listener === listener) this.#listener = undefined;
  }

  /** One of this session's transports and no other's; without an id the first of the direction. */
  transport(direction: Direction, transportId?: string): SessionTransport {
    this.assertOpen();
    const first = this.#first.get(direction);
    if (!first)
      throw new PlatformError('wrong-state', `media session ${this.id} has no ${direction} transport`);
    const transport = transportId === undefined ? first : this.#transports.get(transportId);
    if (!transport || transport.closed || transport.direction !== direction)
      throw new PlatformError('transport-not-found', `no ${direction} transport ${transportId ?? first.id}`);
    return transport;
  }

  async publish(
    track: { trackId: TrackId; epoch: number; source?: Source | undefined },
    production: Production,
    transportId?: string,
  ): Promise<{ codec: string; spatialLayers: number }> {
    const { trackId } = track;
    const transport = this.transport('send', transportId);
    checkProduction(production);
    this.#assertMayPublish(track);
    const before = this.#publications.get(trackId);
    if (before?.transport === transport) before.publication.close(); // First: a transport takes each mid and SSRC once.
    this.#publishing.add(trackId);
    try {
      const produced = await produce(transport.engine, production, track.source);
      if (this.closed) produced.close();
      this.assertOpen();
      const origin = await this.#options.room.routerFor(this);
      const publication = new Publication({
        trackId,
        epoch: track.epoch,
        ...(track.source ? { source: track.source } : {}),
        participantId: this.participantId,
        origin,
        produced,
        muted: production.muted,
        clock: this.#options.clock,
        onDemand: (maxSpatialLayer) =>
          this.tell('track.demand', { mediaSessionId: this.id, trackId, maxSpatialLayer }),
      });
      this.worker.count('producers', publication);
      this.#publications.set(trackId, { publication, transport });
      publication.onClose(() => {
        if (this.#publications.get(trackId)?.publication === publication) this.#publications.delete(trackId);
      });
      this.own(publication);
      transport.own(publication);
      // What goes over another transport of its own goes on for those who have not changed over yet.
      if (before && !before.publication.closed) this.#options.room.outdate(trackId, track.epoch);
      this.#options.room.add(publication);
      origin.listenTo(publication);
      return describeProduction(production);
    } finally {
      this.#publishing.delete(trackId);
    }
  }

  unpublish(trackId: TrackId): void {
    this.#publications.get(trackId)?.publication.close();
  }

  /**
   * All at once; each track that cannot be subscribed to is a failure of its own. `patienceMs`: how long those of other nodes
   * may take to come. `expects`: waits a moment for those that are to be produced here. `epochs`: earlier productions than these are no good.
   */
  async subscribe(
    trackIds: TrackId[],
    started: boolean,
    {
      transportId,
      patienceMs = fetchPatienceMs,
      expects = true,
      epochs = {},
    }: {
      transportId?: string | undefined;
      patienceMs?: number;
      expects?: boolean;
      epochs?: Record<TrackId, number> | undefined;
    } = {},
  ): Promise<SubscribeResult> {
    const wanted = [...new Set(trackIds)];
    if (wanted.length === 0) return { subscriptions: [], failures: [] };
    const transport = this.transport('receive', transportId);
    const result: SubscribeResult = { subscriptions: [], failures: [] };
    const settled = await Promise.all(
      wanted.map((trackId) =>
        this.#subscribeOne(trackId, transport, { started, patienceMs, expects, epoch: epochs[trackId] ?? 0 }),
      ),
    );
    this.assertOpen();
    for (const [i, one] of settled.entries()) {
      const trackId = wanted[i]!;
      if (one instanceof PlatformError)
        result.failures.push({ trackId, code: one.code, message: one.message });
      else if (one.closed)
        result.failures.push({
          trackId,
          code: 'track-not-found',
          message: `track ${trackId} closed meanwhile`,
        });
      else {
        this.#announced.add(one);
        result.subscriptions.push(one.describe());
      }
    }
    return result;
  }

  /** Tracks that are not subscribed to (any more) are passed over: their end has been told. */
  async start(trackIds: TrackId[]): Promise<void> {
    await Promise.all(trackIds.map((trackId) => this.#change(trackId, (s) => s.start())));
    await this.#heedSoon(trackIds);
  }

  /** To the tracks as they are now; `subscriptionIds`: to earlier productions. */
  unsubscribe(trackIds: TrackId[], subscriptionIds: string[] = []): void {
    for (const trackId of trackIds) this.#subscriptions.get(trackId)?.close();
    for (const subscription of [...this.#superseded])
      if (subscriptionIds.includes(subscription.id ?? '')) subscription.close();
  }

  /** Its participant has moved to another node: what it publishes goes on until nobody gets it from here any more. */
  depart(): void {
    for (const transport of [...this.#transports.values()])
      if (transport.direction === 'receive') this.closeTransport(transport.id);
    const { clock } = this.#options;
    this.onClose(clock.after(limits.productionOverlapMs, () => this.close()));
    const look = () => {
      if (this.closed) return;
      const isWanted = [...this.#publications.values()].some(
        ({ publication }) => publication.subscriberCount > 0,
      );
      if (isWanted) this.onClose(clock.after(lookEveryMs, look));
      else this.close();
    };
    look();
  }

  async setPreferences(preferences: (LayerPreferences & { trackId: TrackId })[]): Promise<void> {
    await Promise.all(
      preferences.map(({ trackId, ...wanted }) => this.#change(trackId, (s) => s.setPreferences(wanted))),
    );
    for (const { trackId, paused } of preferences)
      if (paused !== undefined) this.#pauseMicrophone(trackId, paused);
    await this.#heedWhatCarries(preferences.map(({ trackId }) => trackId));
  }

  /** Nothing of these arrives, says its client: what is sent all the same is too much for its line. */
  async starved(trackIds: TrackId[]): Promise<void> {
    await Promise.all(
      trackIds.map((trackId) =>
        this.#change(trackId, async (subscription) => {
          if (await subscription.isSending()) this.#bandwidth.fell(subscription, -1);
        }),
      ),
    );
  }

  /** Its node gives up more, or less, than before. */
  degrade(): void {
    for (const subscription of this.#subscriptions.values()) subscription.degrade();
  }

  /** Gets an audio slot but while that carries what this participant must not hear, or hears already. */
  async heed(slot: AudioSlot): Promise<void> {
    const subscription = this.#subscriptions.get(slot.trackId);
    if (subscription?.publication !== slot) return;
    await subscription.withhold(this.#excludes(slot));
  }

  /** Tells the listener, after the work that is being done: it may call back. */
  tell<N extends Notice<MediaControl>>(notice: N, params: NoticeParams<MediaControl, N>): void {
    const listener = this.#listener;
    if (!listener) return;
    queueMicrotask(() => {
      try {
        listener[notice](params);
      } catch (error) {
        this.#options.logger.error({ err: error, notice }, 'a media listener threw');
      }
    });
  }

  assertOpen(): void {
    if (this.closed) throw new PlatformError('media-lost', `media session ${this.id} closed`);
  }

  async #newTransport(direction: Direction): Promise<SessionTransport> {
    const router = await this.#options.room.routerFor(this);
    const transport = await SessionTransport.open(router, direction, (it) => this.#connectivityChanged(it));
    this.own(transport);
    this.assertOpen();
    this.#transports.set(transport.id, transport);
    if (direction === 'receive') this.#bandwidth.listen(transport.engine);
    transport.onClose(() => this.#forgetTransport(transport));
    return transport;
  }

  #there(direction: Direction): SessionTransport[] {
    return [...this.#transports.values()].filter((transport) => transport.direction === direction);
  }

  #forgetTransport(transport: SessionTransport): void {
    const { direction } = transport;
    this.#transports.delete(transport.id);
    if (direction !== 'send' || this.#first.get(direction) !== transport) return;
    const [next] = this.#there(direction);
    if (next) this.#first.set(direction, next); // It has taken its place.
  }

  #assertMayPublish({ trackId, epoch }: { trackId: TrackId; epoch: number }): void {
    const there = this.#options.room.publication(trackId);
    if (there && there.participantId !== this.participantId)
      throw new PlatformError('conflict', `track ${trackId} is another participant's`);
    if (there && there.epoch > epoch)
      throw new PlatformError('conflict', `track ${trackId} was produced anew already`);
    if (this.#publishing.has(trackId))
      throw new PlatformError('conflict', `track ${trackId} is just being published`);
    if (!there && this.#publications.size + this.#publishing.size >= limits.tracksPerParticipant)
      throw new PlatformError('limit-reached', `at most ${limits.tracksPerParticipant} tracks a participant`);
  }

  async #subscribeOne(
    trackId: TrackId,
    transport: SessionTransport,
    { started, ...how }: { started: boolean; patienceMs: number; expects: boolean; epoch: number },
  ): Promise<TrackSubscription | PlatformError> {
    const { room } = this.#options;
    let publication = room.publication(trackId);
    try {
      if (!publication || publication.epoch < how.epoch) publication = await this.#bring(trackId, how);
      this.assertOpen();
      const before = this.#subscriptions.get(trackId);
      const subscription =
        before && before.publication === publication && before.transportId === transport.id
          ? before
          : await this.#newSubscription(publication, transport, started);
      await subscription.ready;
      if (started) await subscription.start();
      if (publication instanceof AudioSlot) await this.heed(publication);
      else if (publication.source === 'microphone') await this.#heedSoon([trackId]);
      return subscription;
    } catch (error) {
      if (publication?.closed)
        return new PlatformError('track-not-found', `track ${trackId} closed meanwhile`);
      return toPlatformError(error, `track ${trackId}`);
    }
  }

  async #bring(
    trackId: TrackId,
    { epoch, patienceMs, expects }: { epoch: number; patienceMs: number; expects: boolean },
  ): Promise<Publication> {
    const { room } = this.#options;
    try {
      return await withDeadline(room.bring(trackId, this.worker, epoch), patienceMs, `track ${trackId}`);
    } catch (error) {
      const { code } = PlatformError.from(error);
      const isMissing = code === 'track-not-found' || code === 'media-lost'; // Here, or where it was got from until now.
      const come = expects && isMissing ? await room.expected(trackId, epoch) : undefined;
      if (come) return come;
      throw error;
    }
  }

  async #newSubscription(
    publication: Publication,
    transport: SessionTransport,
    started: boolean,
  ): Promise<TrackSubscription> {
    if (this.#subscriptions.size >= subscriptionsAtMost)
      throw new PlatformError('limit-reached', `at most ${subscriptionsAtMost} subscriptions a session`);
    const { trackId } = publication;
    const router = await this.#options.room.routerFor(this);
    const other = this.#subscriptions.get(trackId);
    // Asked for twice at the same time.
    if (other?.publication === publication && other.transportId === transport.id) return other;
    if (other?.transportId === transport.id && !other.closed) this.#superseded.add(other);
    else other?.close();
    const subscription = new TrackSubscription({
      publication,
      router,
      transport: transport.engine,
      rtpCapabilities: this.#options.rtpCapabilities,
      started,
      withheld: publication instanceof AudioSlot && this.#excludes(publication),
      clock: this.#options.clock,
      bandwidth: this.#bandwidth,
      ladder: this.#options.ladder,
      onFlow: (report) => {
        const { id: subscriptionId } = subscription;
        if (subscriptionId)
          this.tell('subscription.layers', { mediaSessionId: this.id, subscriptionId, trackId, ...report });
      },
    });
    this.#subscriptions.set(trackId, subscription);
    subscription.onClose((reason) => this.#forgetSubscription(subscription, reason !== 'requested'));
    return transport.own(subscription);
  }

  #forgetSubscription(subscription: TrackSubscription, unasked: boolean): void {
    const { trackId } = subscription.publication;
    if (this.#subscriptions.get(trackId) === subscription) this.#subscriptions.delete(trackId);
    this.#superseded.delete(subscription);
    // When the engine has been told of the end: not a packet comes both ways.
    queueMicrotask(() => {
      if (!this.closed) this.#heedWhatCarries([trackId]).catch(() => {}); // The slot closes too: its end is told.
    });
    if (this.#announced.delete(subscription) && unasked && !this.closed)
      this.tell('subscription.closed', {
        mediaSessionId: this.id,
        subscriptionId: subscription.id!,
        trackId,
      });
  }

  #excludes({ carries }: AudioSlot): boolean {
    if (!carries) return false;
    const { trackId, participantId } = carries;
    if (participantId === this.participantId || this.#paused.has(trackId)) return true;
    return this.#subscriptions.get(trackId)?.flowing ?? false;
  }

  /** After a track has begun to flow: the engine hands on what came before that in the next turn of the event loop. */
  async #heedSoon(trackIds: TrackId[]): Promise<void> {
    await new Promise(setImmediate);
    if (!this.closed) await this.#heedWhatCarries(trackIds);
  }

  async #heedWhatCarries(trackIds: TrackId[]): Promise<void> {
    const slots = trackIds.flatMap((trackId) => this.#options.room.sound.carrying(trackId) ?? []);
    await Promise.all(slots.map((slot) => this.heed(slot)));
  }

  /** Also while the track is being produced anew. */
  #pauseMicrophone(trackId: TrackId, paused: boolean): void {
    if (!paused) this.#paused.delete(trackId);
    else if (!this.#options.room.sound.isMicrophone(trackId)) return;
    else if (this.#paused.size < subscriptionsAtMost) this.#paused.add(trackId);
  }

  async #change(trackId: TrackId, change: (s: TrackSubscription) => Promise<void>): Promise<void> {
    const subscription = this.#subscriptions.get(trackId);
    if (!subscription) return;
    try {
      await change(subscription);
    } catch (error) {
      if (!subscription.closed) throw toPlatformError(error, `track ${trackId}`);
    }
  }

  #connectivityChanged(transport: SessionTransport): void {
    if (this.closed) return;
    if (transport.protocol) this.#options.reach.note(this.participantId, transport.protocol);
    this.#tellConnectivity(transport);
    if (transport.state === 'connected')
      for (const subscription of this.#subscriptions.values())
        if (subscription.transportId === transport.id) subscription.pathFound();
    if (!transport.failed) return;
    const { direction } = transport;
    if (this.#first.get(direction) !== transport) return transport.close('failed'); // The others carry on.
    this.#tellLost(`the ${direction} transport's DTLS failed`);
    this.close('failed');
  }

  /** Nothing that its client could do would bring a picture over this transport. */
  #pictureless(transportId: string): void {
    const transport = this.#transports.get(transportId);
    if (!transport || this.closed) return;
    if (this.#first.get('receive') !== transport) return transport.close('failed');
    this.#tellLost('no picture came back with the path');
    this.close('failed');
  }

  #tellConnectivity({ id: transportId, direction, state }: SessionTransport): void {
    this.tell('session.connectivity', { mediaSessionId: this.id, direction, transportId, state });
  }

  #tellLost(reason: string): void {
    const { id: mediaSessionId, participantId, roomId } = this;
    this.tell('session.lost', { mediaSessionId, participantId, roomId, reason });
  }
}

/** Refuses what the engine would take and then not serve well. */
function checkProduction(production: Production): void {
  if (production.kind === 'data') return;
  const { codecs, encodings = [] } = production.rtpParameters;
  const stranger = codecs.find(({ mimeType }) => !mimeType.toLowerCase().startsWith(`${production.kind}/`));
  if (stranger)
    throw new PlatformError('bad-request', `${stranger.mimeType} in a track of ${production.kind}`);
  if (encodings.length > encodingsAtMost)
    throw new PlatformError('limit-reached', `at most ${encodingsAtMost} encodings a track`);
}
