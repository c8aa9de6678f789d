import {
  type DrainWatch,
  maySee,
  type Placement,
  type RoomRecord,
  type Rooms,
  type RoomView,
  type Session,
} from '@weir/cluster';
import {
  backoffMs,
  type ErrorCode,
  Lifetime,
  type Logger,
  PlatformError,
  sleep,
  type Turns,
  withDeadline,
} from '@weir/core';
import {
  type AudioSlot,
  type Calls,
  type EncodedNotice,
  encodeNotice,
  type Grants,
  type IceServer,
  isAudioSlotId,
  type Joined,
  limits,
  type MediaNodeContract,
  type MediaPaths,
  type MediaSession,
  type ParticipantId,
  type Result,
  type RoomEvent,
  type RpcPeer,
  type RtpCapabilities,
  type SignalingClient,
  type SignalingServer,
  type TrackId,
} from '@weir/protocol';
import type { z } from 'zod';
import { Departure } from './departure.ts';
import { FirstPath } from './first-path.ts';
import type { MediaLinks } from './media-links.ts';
import { MediaMove } from './media-move.ts';
import { Standby } from './standby.ts';

export type ClientPeer = RpcPeer<SignalingServer, SignalingClient>;
type JoinedResult = z.infer<typeof Joined>;

/** The relays for a participant, with credentials. `spare`: with another one, should the first be gone. */
export type OfferRelays = (
  participantId: ParticipantId,
  paths: MediaPaths,
  options: { spare: boolean; region?: string | undefined },
) => IceServer[];

export type AttendanceOptions = {
  rooms: Rooms;
  links: MediaLinks;
  placement: Placement;
  view: RoomView;
  session: Session;
  peer: ClientPeer;
  rtpCapabilities: RtpCapabilities;
  /** Subscribe to so many of the tracks that are there when media is set up, audio first. */
  subscribeAtMost: number;
  /** The client plays audio slots in place of microphones. */
  playsSlots: boolean;
  /** The client can have its media on two nodes for a moment. */
  moves: boolean;
  iceServers: OfferRelays;
  renewRelaysEveryMs: number;
  drains: DrainWatch;
  /** Of those who leave drained media nodes. */
  turns: Turns;
  logger: Logger;
};

const mediaRetries = 6;
/** For want of a path. */
const movesAtMost = 2;

/** Everybody in a room is told the same: it is put into words once. */
const texts = new WeakMap<RoomEvent, EncodedNotice<SignalingClient>>();

function encoded(revision: number, event: RoomEvent): EncodedNotice<SignalingClient> {
  let text = texts.get(event);
  if (text === undefined) {
    text = encodeNotice<SignalingClient, 'room.event'>('room.event', { revision, event });
    texts.set(event, text);
  }
  return text;
}

/** One client, attached to its seat on this node: its view of the room, its media session, its events. */
export class Attendance extends Lifetime {
  readonly #options: AttendanceOptions;
  #session: Session;
  #media: MediaSession | undefined;
  #mediaLifetime: Lifetime | undefined;
  #audioSlots: AudioSlot[] = [];
  /** Of all slots since media was set up: those that are no longer offered may still flow. */
  readonly #slotIds = new Set<TrackId>();
  #rehoming = false;
  /** To another node, under way. */
  #move: MediaMove | undefined;
  #standby: Standby | undefined;
  /** Aborts what keeps a standby. */
  #keeping: Lifetime | undefined;
  /** What the media that is there was made for. */
  #paths: MediaPaths = 'any';
  #pinnedTo = '';
  /** Events up to this revision are known to the client; undefined: it is not in the room yet. */
  #told: number | undefined;
  /** What happens while the answer is being put together; undefined: in the lobby nothing is told at all. */
  #held: { record: RoomRecord; hidden: ReadonlySet<ParticipantId> }[] | undefined;
  readonly #departure: Departure;
  #firstPath: FirstPath | undefined;
  /** How often media went elsewhere because no path to its node came about. */
  #unreached = 0;

  constructor(options: AttendanceOptions) {
    super();
    this.#options = options;
    this.#session = options.session;
    options.view.onRecord((record, hidden) => this.#take(record, hidden), this.signal);
    // Until it closes itself: a room may live for months, and its view must not remember everybody.
    options.view.onClose((reason) => {
      if (reason === 'lost')
        options.peer.closeWith('going-away'); // It resumes, and gets the room as it is now.
      else this.end('room-ended', 'the room was ended');
    }, this.signal);
    this.#departure = this.own(
      new Departure(
        { nodeId: () => this.#media?.nodeId, move: (unnoticed) => this.#leaveDrained(unnoticed) },
        options,
      ),
    );
    const timer = setInterval(() => this.renewRelays(), options.renewRelaysEveryMs).unref();
    this.onClose(() => clearInterval(timer));
  }

  get session(): Session {
    return this.#session;
  }
  get participantId(): ParticipantId {
    return this.#session.participantId;
  }
  get roomId(): string {
    return this.#options.view.roomId;
  }
  get view(): RoomView {
    return this.#options.view;
  }

  /** Its media session's id. Throws `wrong-state` before the client has joined. */
  get mediaSessionId(): string {
    if (!this.#media) throw new PlatformError('wrong-state', 'join first');
    return this.#media.mediaSessionId;
  }

  /** The grants as they are now. Throws `wrong-state` before the client is in the room. */
  get grants() {
    const participant = this.view.reader.participant(this.participantId);
    if (!participant) throw new PlatformError('wrong-state', 'not in the room');
    return participant.grants;
  }

  get #viewer() {
    return {
      participantId: this.participantId,
      admin: this.view.reader.participant(this.participantId)?.grants.admin ?? false,
    };
  }

  mediaCalls(): Promise<Calls<MediaNodeContract>> {
    return this.#options.links.calls(this.#session.mediaNodeId);
  }

  /**
   * The media session of that id: the one in use, its standby, or the one that the client moves to (`move`). Absent: that in
   * use. Throws `media-lost` for any other.
   */
  async mediaOf(
    asked?: string,
  ): Promise<{ mediaSessionId: string; calls: Calls<MediaNodeContract>; move?: MediaMove }> {
    const { mediaSessionId } = this;
    // Of the node where it is, not of the one that the seat names: in the moment of a move these are two.
    if (asked === undefined || asked === mediaSessionId)
      return { mediaSessionId, calls: await this.#options.links.calls(this.#media!.nodeId) };
    const move = this.#move;
    if (move?.media.mediaSessionId === asked) return { mediaSessionId: asked, calls: move.calls, move };
    const standby = this.#standby?.media;
    if (standby?.mediaSessionId === asked)
      return { mediaSessionId: asked, calls: await this.#options.links.calls(standby.nodeId) };
    throw new PlatformError('media-lost', `media session ${asked} is over`);
  }

  /** All flows where the client moves to: from now on it is there, for everybody. */
  async moved(mediaSessionId: string): Promise<void> {
    if (mediaSessionId === this.#media?.mediaSessionId) return; // Said before.
    const move = this.#move;
    if (move?.media.mediaSessionId !== mediaSessionId)
      throw new PlatformError('media-lost', `media session ${mediaSessionId} is over`);
    const { rooms } = this.#options;
    const { nodeId } = move.media;
    try {
      this.#session = await rooms.finishMove(this.roomId, this.participantId, nodeId, move.tracks);
    } catch (error) {
      move.close('failed');
      throw error;
    }
    move.finished();
    if (this.closed) return;
    this.#attachMedia(move.media);
    const { audioSlots = [] } = await move.calls['session.adopt']({ mediaSessionId }); // What it told before was not passed on.
    this.#noteSlots(audioSlots);
  }

  /** Resolves when no move is under way, or has taken too long. */
  async settled(): Promise<void> {
    if (this.#move) await withDeadline(this.#move.done, limits.moveMs, 'the move').catch(() => {});
  }

  /** Of which production of each track the room knows. */
  epochs(trackIds: TrackId[]): Record<TrackId, number> {
    const { reader } = this.view;
    return Object.fromEntries(
      trackIds.flatMap((trackId) => {
        const epoch = reader.track(trackId)?.epoch;
        return epoch === undefined ? [] : [[trackId, epoch]];
      }),
    );
  }

  /** From the lobby into the room. */
  async enter(): Promise<JoinedResult> {
    this.#session = await this.#options.rooms.enter(this.roomId, this.participantId);
    return this.joined();
  }

  /** Sets media up anew and answers with the whole room. */
  async joined(): Promise<JoinedResult> {
    this.#held = [];
    const iceServers = this.iceServers();
    if (this.mediaPaths !== 'any' && iceServers.length === 0)
      throw new PlatformError('no-relay', `no relay for a room with the media paths ${this.mediaPaths}`);
    const { media, subscriptions, audioSlots = [] } = await this.#openMedia();
    const snapshot = this.view.reader.snapshot(this.#viewer);
    this.#startTelling(snapshot.revision);
    return {
      status: 'joined',
      participantId: this.participantId,
      snapshot,
      media,
      subscriptions,
      iceServers,
      audioSlots,
    };
  }

  /** Which ways the room's media may take. */
  get mediaPaths(): MediaPaths {
    return this.view.reader.room?.settings.mediaPaths ?? 'any'; // Absent in a room that an older version made.
  }

  /** The region where the room's media must be; empty: anywhere. */
  get #pin(): string {
    return this.view.reader.room?.settings.region ?? '';
  }

  /** The relays that the client may use, with new credentials. */
  iceServers({ spare = false } = {}): IceServer[] {
    const region = this.#pin || this.#session.region;
    return this.#options.iceServers(this.participantId, this.mediaPaths, { spare, region });
  }

  /** Tells them to a client that is in the room. */
  renewRelays(): void {
    if (!this.#media || this.closed) return;
    const iceServers = this.iceServers({ spare: true });
    if (iceServers.length > 0) this.#options.peer.notify('session.iceServers', { iceServers });
  }

  /** The room's audio slots when media was last set up or taken over. */
  get audioSlots(): AudioSlot[] {
    return this.#audioSlots;
  }

  /** Takes over the running media session; false when it is gone, or was made for fewer grants than there are now. */
  async adoptMedia(mediaSessionId: string): Promise<boolean> {
    this.#held = [];
    const { alive, send, receive, audioSlots } = await (await this.mediaCalls())['session.adopt']({
      mediaSessionId,
    });
    const { grants } = this;
    if (!alive || (maySend(grants) && !send) || (grants.subscribe && !receive)) return false;
    // The transports' parameters are the client's already.
    this.#attachMedia({ mediaSessionId, nodeId: this.#session.mediaNodeId, send: null, receive: null });
    this.#noteSlots(audioSlots ?? []);
    return true;
  }

  /** What the client missed since `revision`, in order; from then on it is told everything. */
  catchUp(
    missed: RoomRecord[],
    revision: number,
  ): { events: { revision: number; event: RoomEvent }[]; revision: number } {
    const events = missed.flatMap((record) => this.#visible(record, this.view.hidden));
    const last = missed.at(-1)?.revision ?? revision;
    this.#startTelling(last);
    return { events, revision: last };
  }

  snapshot() {
    const snapshot = this.view.reader.snapshot(this.#viewer);
    this.#startTelling(snapshot.revision);
    return snapshot;
  }

  /** Tells the client why, and closes for good. */
  end(code: ErrorCode, message: string): void {
    if (this.closed) return;
    const { peer } = this.#options;
    // Whoever ended the room itself gets the answer first.
    setImmediate(() => {
      peer.notify('session.closed', { code, message });
      peer.closeWith(code);
    });
    this.close('requested');
  }

  // ---- events ----

  #startTelling(revision: number): void {
    this.#told = revision;
    for (const { record, hidden } of this.#held ?? []) this.#tell(record, hidden);
    this.#held = undefined;
  }

  #take(record: RoomRecord, hidden: ReadonlySet<ParticipantId>): void {
    if (this.#told !== undefined) this.#tell(record, hidden);
    else this.#held?.push({ record, hidden });
    this.#obey(record);
  }

  #tell(record: RoomRecord, hidden: ReadonlySet<ParticipantId>): void {
    if (record.revision <= this.#told!) return;
    this.#told = record.revision;
    const viewer = this.#viewer;
    for (const event of record.events)
      if (maySee(viewer, event, hidden)) this.#options.peer.notifyEncoded(encoded(record.revision, event));
  }

  #visible(record: RoomRecord, hidden: ReadonlySet<ParticipantId>): { revision: number; event: RoomEvent }[] {
    const viewer = this.#viewer;
    return record.events
      .filter((event) => maySee(viewer, event, hidden))
      .map((event) => ({ revision: record.revision, event }));
  }

  /** What a change means for this seat itself. */
  #obey(record: RoomRecord): void {
    const key = `session:${this.participantId}`;
    if (record.delete.includes(key)) return this.#seatGone(record);
    if ('room' in record.set && this.#media) this.#keepStandby();
    if (this.#media && this.#pin !== this.#pinnedTo) {
      this.#dropStandby(); // It is to be in that region, too.
      void this.#follow(this.#pin).then(() => this.#keepStandby());
    } else if (this.#media && this.mediaPaths !== this.#paths) {
      this.#dropStandby(); // It was made for other paths.
      void this.#rehome('the room allows other media paths');
    }
    const changed = record.set[key] as Session | undefined;
    if (!changed) return;
    if (changed.attachments > this.#session.attachments)
      return this.end('session-replaced', 'the session was continued on another connection');
    const before = this.#session;
    this.#session = changed;
    if (before.state === 'waiting' && changed.state === 'admitted')
      this.#options.peer.notify('session.admitted', {});
    // Its media there was made for the grants of before.
    if (before.grants.subscribe !== changed.grants.subscribe) this.#move?.close('failed');
    if (before.grants.subscribe && !changed.grants.subscribe) void this.#unsubscribeAll();
    // Its transports were made for fewer grants, and what it was subscribed to was withdrawn.
    else if (this.#media && allowsMore(before.grants, changed.grants))
      void this.#rehome('the grants allow more');
    if (!before.grants.admin && changed.grants.admin)
      for (const waiting of this.view.reader.lobby)
        this.#options.peer.notify('room.event', {
          revision: record.revision,
          event: { type: 'lobbyEntered', waiting },
        });
  }

  #seatGone(record: RoomRecord): void {
    for (const event of record.events) {
      if (
        event.type === 'lobbyLeft' &&
        event.participantId === this.participantId &&
        event.outcome === 'refused'
      )
        return this.end('lobby-refused', 'a moderator did not admit you');
      if (event.type !== 'participantLeft' || event.participantId !== this.participantId) continue;
      if (event.reason === 'removed') return this.end('removed', 'a moderator removed you from the room');
      if (event.reason === 'replaced')
        return this.end('session-replaced', 'the same identity joined from somewhere else');
    }
    const { peer } = this.#options;
    setImmediate(() => peer.close()); // Its own leaving, which is answered first, or an expiry.
    this.close('requested');
  }

  async #unsubscribeAll(): Promise<void> {
    try {
      const tracks = [...this.view.reader.tracks].map((track) => track.trackId);
      const trackIds = [...tracks, ...this.#slotIds];
      await (await this.mediaCalls())['track.unsubscribe']({ mediaSessionId: this.mediaSessionId, trackIds });
    } catch (error) {
      this.#options.logger.warn(
        { err: error, participantId: this.participantId },
        'could not withdraw subscriptions',
      );
    }
  }

  // ---- media ----

  /** The tracks that this participant may receive. */
  receivable(wanted?: TrackId[]): TrackId[] {
    const { reader } = this.view;
    if (!reader.participant(this.participantId)?.grants.subscribe) return [];
    const tracks = wanted ? wanted.flatMap((id) => reader.track(id) ?? []) : [...reader.tracks];
    const others = tracks.filter((t) => t.participantId !== this.participantId).map((t) => t.trackId);
    return [...(wanted ?? []).filter(isAudioSlotId), ...others];
  }

  /** Audio first; where the microphones are too many, audio slots come in their place. */
  #firstTracks(gone?: string): TrackId[] {
    const { subscribeAtMost, playsSlots } = this.#options;
    const { reader } = this.view;
    if (subscribeAtMost === 0) return [];
    const nodeOf = (trackId: TrackId) => reader.session(reader.track(trackId)!.participantId)?.mediaNodeId;
    const tracks = this.receivable().filter((trackId) => gone === undefined || nodeOf(trackId) !== gone);
    if (tracks.length <= subscribeAtMost) return tracks;
    const audio = tracks.filter((trackId) => reader.track(trackId)?.kind === 'audio');
    const throughSlots = playsSlots && audio.length > limits.microphonesWithoutSlots;
    const heard = throughSlots ? audio : audio.slice(0, subscribeAtMost);
    const left = subscribeAtMost - (throughSlots ? limits.audioSlots : heard.length);
    const others = tracks.filter((trackId) => reader.track(trackId)?.kind !== 'audio');
    return [...heard, ...others.slice(0, Math.max(0, left))];
  }

  /** `gone`: a node whose tracks are not to be had. */
  async #openMedia(gone?: string): Promise<Result<MediaNodeContract, 'session.open'>> {
    const { grants } = this;
    const calls = await this.#reachableCalls();
    const opened = await calls['session.open']({
      roomId: this.roomId,
      participantId: this.participantId,
      rtpCapabilities: this.#options.rtpCapabilities,
      send: maySend(grants),
      receive: grants.subscribe,
      trackIds: this.#firstTracks(gone),
      audioSlots: this.#options.subscribeAtMost > 0 && this.#options.playsSlots,
    });
    if (this.closed) {
      await calls['session.close']({ mediaSessionId: opened.media.mediaSessionId });
      throw new PlatformError('connection-lost', 'the client went while its media was set up');
    }
    this.#attachMedia(opened.media);
    this.#noteSlots(opened.audioSlots ?? []);
    return opened;
  }

  #noteSlots(slots: AudioSlot[]): void {
    this.#audioSlots = slots;
    for (const { slotId } of slots) this.#slotIds.add(slotId);
  }

  /** Of the seat's media node, or of another one when that is gone. */
  async #reachableCalls(): Promise<Calls<MediaNodeContract>> {
    try {
      return await this.mediaCalls();
    } catch (error) {
      if (PlatformError.from(error).code !== 'no-media-node') throw error;
      await this.#leaveNode(this.#session.mediaNodeId);
      return this.mediaCalls();
    }
  }

  #attachMedia(media: MediaSession): void {
    this.#mediaLifetime?.close();
    this.#paths = this.mediaPaths;
    this.#pinnedTo = this.#pin;
    this.#media = media;
    this.#mediaLifetime = this.own(new Lifetime());
    const { signal } = this.#mediaLifetime;
    const { peer } = this.#options;
    const { nodeId, mediaSessionId } = media;
    const notices = this.#options.links.notices({ nodeId, roomId: this.roomId, mediaSessionId }, signal);
    this.#firstPath = this.#mediaLifetime.own(new FirstPath(() => void this.#leaveUnreached(media.nodeId)));
    notices.on('session.connectivity', ({ state }) => this.#firstPath?.heard(state));
    notices.on('subscription.closed', ({ subscriptionId, trackId }) =>
      peer.notify('subscription.closed', { subscriptionId, trackId }),
    );
    notices.on('subscription.layers', ({ mediaSessionId: _, ...layers }) =>
      peer.notify('subscription.layers', layers),
    );
    notices.on('track.demand', ({ mediaSessionId: _, ...demand }) => peer.notify('track.demand', demand));
    notices.on('room.audioSlots', ({ slots }) => {
      if (this.#move) return; // Its client goes by those of the node that it moves to.
      this.#noteSlots(slots);
      if (this.#options.playsSlots) peer.notify('room.audioSlots', { slots });
    });
    notices.on('room.speakers', ({ speakers }) => peer.notify('room.speakers', { speakers }));
    notices.on('session.lost', ({ reason }) => void this.#rehome(reason));
    notices.on('linkLost', (nodeId) => {
      if (nodeId === media.nodeId) void this.#relink(media);
    });
    this.#departure.look();
    this.#keepStandby();
  }

  // ---- a second node ----

  /** Where the room has standbys, this participant gets one, and another when it is gone or its node is the one in use. */
  #keepStandby(): void {
    const media = this.#media;
    const wanted = this.view.reader.room?.settings.standby === 'warm';
    const { mediaSessionId, nodeId } = this.#standby?.media ?? {};
    if (!media || this.closed || !wanted) return this.#renounceStandby();
    if (nodeId === media.nodeId) this.#dropStandby(mediaSessionId !== media.mediaSessionId);
    else if (this.#standby && !this.#standby.closed) return this.#tellStandby(this.#standby.media);
    this.#keeping?.close();
    const keeping = this.own(new Lifetime());
    this.#keeping = keeping;
    void this.#findStandby(media, keeping);
  }

  async #findStandby({ nodeId: mediaNodeId }: MediaSession, keeping: Lifetime): Promise<void> {
    const { rooms, placement, links, drains, rtpCapabilities, logger } = this.#options;
    const { participantId, grants } = this;
    const common = { rooms, placement, links, drains, rtpCapabilities, logger };
    const directions = { send: maySend(grants), receive: grants.subscribe };
    const { roomId } = this;
    const options = { ...common, roomId, participantId, mediaNodeId, directions };
    const standby = await Standby.open(options, keeping.signal);
    if (!standby) return;
    if (keeping.closed) return standby.end();
    this.#standby = this.own(standby);
    standby.onClose((reason) => {
      if (this.#standby !== standby) return;
      this.#standby = undefined;
      if (reason === 'lost') this.#keepStandby();
    });
    this.#tellStandby(standby.media);
  }

  /** `end`: its media session is not needed any more. */
  #dropStandby(end = true): void {
    this.#keeping?.close();
    const standby = this.#standby;
    this.#standby = undefined;
    if (!standby) return;
    if (!end) return standby.close();
    standby.end();
    this.#tellStandby(null);
  }

  /** The log is not to name it any more, either. */
  #renounceStandby(): void {
    const had = this.#standby !== undefined;
    this.#dropStandby();
    if (had && !this.closed) this.#options.rooms.standAlone(this.roomId, this.participantId).catch(() => {}); // Or with the next change.
  }

  #tellStandby(media: MediaSession | null): void {
    if (this.closed) return;
    const iceServers = media ? { iceServers: this.iceServers() } : {};
    this.#options.peer.notify('media.standby', { media, ...iceServers });
  }

  /** The standby becomes the media session in use; undefined when there is none that works. */
  async #useStandby(gone: string) {
    const standby = this.#standby;
    if (!standby || standby.closed || standby.media.nodeId === gone) return undefined;
    const { nodeId, mediaSessionId } = standby.media;
    try {
      const { rooms, links } = this.#options;
      const [session, { alive, send, receive, audioSlots = [] }] = await Promise.all([
        rooms.rehome(this.roomId, this.participantId, gone, async ({ home = gone }) => ({
          nodeId,
          home: home === gone ? nodeId : home,
        })),
        links.calls(nodeId).then((calls) => calls['session.adopt']({ mediaSessionId })),
      ]);
      this.#session = session;
      const suits = (send || !maySend(this.grants)) && (receive || !this.grants.subscribe);
      if (!alive || !suits || session.mediaNodeId !== nodeId) return undefined;
      this.#attachMedia(standby.media);
      this.#noteSlots(audioSlots);
      return { media: standby.media, subscriptions: [], audioSlots };
    } catch (error) {
      const { participantId } = this;
      this.#options.logger.warn({ err: error, participantId }, 'the standby could not be used');
      return undefined;
    }
  }

  /** Rejects when there is nowhere to go: then it stays where it is. */
  async #leaveDrained(unnoticed: boolean): Promise<void> {
    const { mediaNodeId } = this.#session;
    const reason = `the media node ${mediaNodeId} is being replaced`;
    if (this.#rehoming || this.#move) throw new PlatformError('conflict', 'its media is just being set up');
    if (unnoticed && this.#options.moves) return this.#moveFrom(mediaNodeId, reason);
    await this.#leaveNode(mediaNodeId);
    await this.#rehome(reason);
  }

  /** The client sets everything up on another node, and leaves this one when all flows there. */
  async #moveFrom(from: string, reason: string): Promise<void> {
    const { rooms, placement, peer, logger } = this.#options;
    const { roomId, participantId } = this;
    const session = await rooms.beginMove(roomId, participantId, from, (wish) =>
      placement.choose(roomId, wish),
    );
    const move = await this.#openMove(session.nextMediaNodeId!);
    const iceServers = this.iceServers();
    peer.notify('media.move', { media: move.media, reason, iceServers, audioSlots: move.audioSlots });
    try {
      await withDeadline(
        move.done,
        limits.moveMs,
        `the move of ${participantId} to ${move.media.nodeId}`,
        this.signal,
      );
    } catch (error) {
      if (this.closed) return; // The client resumes.
      logger.warn({ err: error, participantId, from }, 'a move failed: its media is set up anew');
      this.#move = undefined;
      await this.#leaveNode(from);
      await this.#rehome(reason);
    } finally {
      this.#move = undefined;
      move.close();
    }
  }

  /** A media session on that node, beside the one that there is. */
  async #openMove(nodeId: string): Promise<MediaMove> {
    const before = this.#media;
    const { grants } = this;
    const calls = await this.#options.links.calls(nodeId);
    const { media, audioSlots = [] } = await calls['session.open']({
      roomId: this.roomId,
      participantId: this.participantId,
      rtpCapabilities: this.#options.rtpCapabilities,
      send: maySend(grants),
      receive: grants.subscribe,
    });
    const move = new MediaMove(media, calls, this.#options.playsSlots ? audioSlots : []);
    if (this.closed || this.#media !== before || this.#rehoming) {
      await calls['session.close']({ mediaSessionId: media.mediaSessionId });
      throw new PlatformError('conflict', 'its media was set up anew meanwhile');
    }
    this.#move = this.own(move);
    this.#heedMove(move);
    return move;
  }

  /** What happens to a media session that is not the client's only one yet. */
  #heedMove(move: MediaMove): void {
    const { links, peer } = this.#options;
    const { nodeId, mediaSessionId } = move.media;
    const notices = links.notices({ nodeId, roomId: this.roomId, mediaSessionId }, move.signal);
    notices.on('subscription.closed', ({ subscriptionId, trackId }) =>
      peer.notify('subscription.closed', { subscriptionId, trackId }),
    );
    notices.on('subscription.layers', ({ mediaSessionId: _, ...layers }) =>
      peer.notify('subscription.layers', layers),
    );
    notices.on('room.audioSlots', ({ slots }) => {
      if (this.#options.playsSlots) peer.notify('room.audioSlots', { slots });
    });
    notices.on('session.lost', () => move.close('lost'));
    notices.on('linkLost', (lost) => lost === nodeId && move.close('lost'));
  }

  /** The room must be somewhere else, or may be anywhere again. */
  async #follow(region: string): Promise<void> {
    this.#pinnedTo = region;
    if (region === '') return;
    const { rooms, placement } = this.#options;
    const { mediaNodeId } = this.#session;
    try {
      this.#session = await rooms.rehome(this.roomId, this.participantId, mediaNodeId, (wish) =>
        placement.choose(this.roomId, { ...wish, avoid: undefined }),
      );
      if (this.#session.mediaNodeId !== mediaNodeId)
        await this.#rehome(`the room must be in the region ${region}`);
    } catch (error) {
      const { code, message } = PlatformError.from(error);
      this.end(code, message); // Its media must not stay where it is.
    }
  }

  /** The client begins to look for a path to the media node. */
  looksForPath(): void {
    this.#firstPath?.begin();
  }

  /** There may be nothing but the client's own network to blame: it is not sent from node to node for ever. */
  async #leaveUnreached(nodeId: string): Promise<void> {
    if (++this.#unreached > movesAtMost || this.closed) return;
    try {
      await this.#leaveNode(nodeId);
    } catch {
      return; // There is no other: it looks on here.
    }
    await this.#rehome(`no path to the media node ${nodeId} came about`);
  }

  /** Its client gets nothing any more. If its node does not answer either, both are cut off from it: it goes elsewhere. */
  async mediaSilent(): Promise<void> {
    const media = this.#media;
    const { links, placement } = this.#options;
    if (!media || this.#rehoming || (await links.isAnswering(media.nodeId))) return;
    if (!(await placement.isChoiceBeside(media.nodeId))) return; // There is nothing better: it may only be busy.
    if (this.closed || this.#media !== media) return;
    links.suspect(media.nodeId);
    void this.#rehome('the media node does not answer', media.nodeId);
  }

  /** The control connection broke. Where the node lives on, so does the media, and the client never hears of it. */
  async #relink(media: MediaSession): Promise<void> {
    this.#mediaLifetime?.close();
    try {
      const { alive } = await (await this.mediaCalls())['session.adopt'](media);
      if (this.closed || this.#media !== media) return;
      if (alive) return this.#attachMedia(media);
      await this.#rehome('the media node was started anew');
    } catch {
      if (this.#media === media) await this.#rehome('the media node went away', media.nodeId);
    }
  }

  /** The media session died under the client: a new one, as fast as can be; elsewhere when its node is gone. */
  async #rehome(reason: string, gone?: string): Promise<void> {
    if (this.#rehoming) return; // It is under way already.
    this.#move?.close('failed'); // It goes on from there.
    if (this.#move) return;
    this.#rehoming = true;
    try {
      await this.#openAnew(reason, gone);
    } finally {
      this.#rehoming = false;
    }
  }

  async #openAnew(reason: string, gone?: string): Promise<void> {
    this.#mediaLifetime?.close();
    for (let attempt = 1; attempt <= mediaRetries && !this.closed; attempt++) {
      try {
        const standby = gone === undefined ? undefined : await this.#useStandby(gone);
        if (gone !== undefined && !standby) await this.#leaveNode(gone);
        const { media, subscriptions, audioSlots = [] } = standby ?? (await this.#openMedia(gone));
        const iceServers = this.iceServers();
        this.#options.peer.notify('media.reset', { media, subscriptions, reason, iceServers, audioSlots });
        return;
      } catch (error) {
        this.#options.logger.warn(
          { err: error, participantId: this.participantId, attempt },
          're-homing failed',
        );
        await sleep(backoffMs(attempt, { firstMs: 50, maxMs: 2_000 }), this.signal);
      }
    }
    this.#options.peer.closeWith('media-lost'); // The client resumes, with new media, perhaps on another node.
  }

  async #leaveNode(gone: string): Promise<void> {
    const { rooms, placement } = this.#options;
    this.#session = await rooms.rehome(this.roomId, this.participantId, gone, (wish) =>
      placement.choose(this.roomId, wish),
    );
  }
}

function maySend({ hidden, data, publish }: Grants): boolean {
  return !hidden && (data || publish !== false);
}

function allowsMore(before: Grants, after: Grants): boolean {
  return (!before.subscribe && after.subscribe) || (!maySend(before) && maySend(after));
}
