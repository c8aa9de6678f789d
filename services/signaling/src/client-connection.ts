import { createHash } from 'node:crypto';
import type { ClusterStore, DrainWatch, Placement, Rooms, Session } from '@weir/cluster';
import {
  backoffMs,
  Lifetime,
  type Logger,
  newId,
  PlatformError,
  sleep,
  TokenBucket,
  type Turns,
} from '@weir/core';
import {
  type Channel,
  type Handlers,
  limits,
  type ParsedParams,
  type ParticipantId,
  protocolVersion,
  type Result,
  RpcPeer,
  type RtpCapabilities,
  type SignalingClient,
  type SignalingServer,
  type Source,
  signalingServer,
  type Track,
  type TrackId,
} from '@weir/protocol';
import { Attendance } from './attendance.ts';
import type { MediaLinks } from './media-links.ts';
import type { OfferRelays } from './seat-view.ts';

export type ConnectionOptions = {
  nodeId: string;
  store: ClusterStore;
  rooms: Rooms;
  links: MediaLinks;
  placement: Placement;
  iceServers: OfferRelays;
  renewRelaysEveryMs: number;
  drains: DrainWatch;
  /** Of those who leave drained media nodes. */
  turns: Turns;
  /** Of those who join and resume. */
  arrivals: Turns;
  /** Others take who comes now. */
  isLeaving: () => boolean;
  logger: Logger;
  /** Counts what went wrong, by error code. */
  count: (what: string) => void;
};

type Params<M extends keyof SignalingServer['requests']> = ParsedParams<SignalingServer, M>;
type Answer<M extends keyof SignalingServer['requests']> = Promise<Result<SignalingServer, M>>;

const kindOf: Record<Source, Track['kind']> = {
  camera: 'video',
  screen: 'video',
  microphone: 'audio',
  'screen-audio': 'audio',
  data: 'data',
};
/** After so many broken messages a client is not mistaken, it is hostile. */
const maxViolations = 100;
/** Whoever takes longer waits for something else than the processor: the next begins. */
const turnMs = 500;
const publishAttempts = 5;
const publishWaits = { firstMs: 50, maxMs: 1_000 };

/** One socket of one client: parses, checks grants, and hands on. */
export class ClientConnection extends Lifetime {
  readonly #options: ConnectionOptions;
  readonly #channel: Channel;
  readonly #peer: RpcPeer<SignalingServer, SignalingClient>;
  readonly #messages = new TokenBucket(limits.clientMessageRate);
  readonly #data = new TokenBucket(limits.dataMessageRate);
  readonly #preferences = new TokenBucket(limits.preferenceRate);
  #attendance: Attendance | undefined;
  #joining = false;
  #violations = 0;

  constructor(channel: Channel, options: ConnectionOptions) {
    super();
    this.#options = options;
    this.#channel = channel;
    this.#peer = new RpcPeer<SignalingServer, SignalingClient>(channel, {
      contract: signalingServer,
      handlers: this.#handlers(),
      notices: {},
      admit: (bytes) => this.#admit(bytes),
      onFault: (method, error) => {
        options.count('internal');
        options.logger.error({ err: error, method }, 'a request handler failed');
      },
      onViolation: (error) => this.#violated(error),
    });
    this.own(this.#peer);
    this.#peer.onClose(() => {
      this.#lost(this.#peer.closeInfo.code);
      this.close('lost');
    });
    const timer = setInterval(() => {
      if (this.#attendance) clearInterval(timer);
      else if (!this.#joining) this.#peer.closeWith('timeout');
    }, limits.unauthenticatedSocketMs);
    this.onClose(() => clearInterval(timer));
  }

  /** The node is leaving: the client resumes on another one at once. */
  sendAway(): void {
    this.#peer.closeWith('going-away');
  }

  /** The node is drained: the client is to go on at one of these addresses, or another way to where it came from. */
  redirect(signaling: string[]): void {
    this.#peer.notify('session.redirect', { signaling });
  }

  #admit(bytes: number): void {
    if (bytes > limits.clientMessageBytes)
      throw new PlatformError('payload-too-large', `${bytes} bytes; at most ${limits.clientMessageBytes}`);
    if (!this.#messages.take())
      throw new PlatformError(
        'rate-limited',
        `more than ${limits.clientMessageRate.perSecond} messages a second`,
      );
  }

  #violated(error: PlatformError): void {
    this.#options.count(error.code);
    this.#violations += 1;
    if (this.#violations > maxViolations) this.#peer.closeWith(error.code);
  }

  /** The socket went. The seat stays; a page that reloads says so (1001), anything else gets a moment to come back. */
  #lost(code: number): void {
    const attendance = this.#attendance;
    if (!attendance || attendance.closed) return;
    const { roomId, participantId, session } = attendance.seat;
    attendance.close('lost');
    const detach = () =>
      this.#options.rooms.detach(roomId, participantId, session.attachments).catch((error) => {
        if (!(error instanceof PlatformError && error.code === 'room-not-found'))
          this.#options.logger.warn({ err: error, participantId }, 'could not mark a seat as away');
      });
    if (code === 1001) void detach();
    else if (code !== 4503) setTimeout(detach, limits.reconnectingGraceMs).unref();
  }

  get #attended(): Attendance {
    if (!this.#attendance) throw new PlatformError('wrong-state', 'join or resume first');
    return this.#attendance;
  }

  get #moderated(): Attendance {
    const attendance = this.#attended;
    if (!attendance.grants.admin) throw new PlatformError('forbidden', 'only an admin may do this');
    return attendance;
  }

  // ---- joining and resuming ----

  /** Attaches to the seat; one attempt at a time, and once a connection. */
  async #attach(
    params: Params<'session.join'> | Params<'session.resume'>,
    proceed: (attendance: Attendance) => Promise<never> | Promise<Result<SignalingServer, 'session.resume'>>,
  ): Promise<Result<SignalingServer, 'session.resume'>> {
    if (params.protocolVersion !== protocolVersion)
      throw new PlatformError('unsupported-version', `this node speaks protocol ${protocolVersion}`);
    if (this.#options.isLeaving()) throw new PlatformError('going-away', 'this node is drained: try another');
    if (this.#attendance || this.#joining)
      throw new PlatformError('wrong-state', 'this connection has joined');
    this.#channel.takesArrays = params.arrays;
    this.#joining = true;
    try {
      return await this.#inTurn(() => this.#claim(params, proceed));
    } finally {
      this.#joining = false;
    }
  }

  /** When many come at once, each waits until those before it are in; for one that waits for something else nobody does. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    let result: Promise<T> | undefined;
    await this.#options.arrivals.take(async () => {
      if (this.closed) throw new PlatformError('connection-lost', 'it went before its turn came');
      const over = new AbortController();
      result = work().finally(() => over.abort('over'));
      result.catch(() => {}); // It is told to whoever asked.
      await sleep(turnMs, over.signal);
    });
    return result!;
  }

  async #claim(
    params: Params<'session.join'> | Params<'session.resume'>,
    proceed: (attendance: Attendance) => Promise<never> | Promise<Result<SignalingServer, 'session.resume'>>,
  ): Promise<Result<SignalingServer, 'session.resume'>> {
    const { rooms, nodeId, links, placement, iceServers, renewRelaysEveryMs, drains, turns, logger } =
      this.#options;
    const { roomId, participantId, secret } = params;
    const scope = new Lifetime();
    try {
      const room = await rooms.view(roomId, scope.signal); // First: then the change reads nothing more.
      const session: Session = await rooms.attach(roomId, participantId, secret, nodeId);
      const attendance = new Attendance({
        rooms,
        links,
        placement,
        room,
        session,
        peer: this.#peer,
        rtpCapabilities: params.rtpCapabilities as RtpCapabilities,
        subscribeAtMost:
          params.subscribe === 'all' ? (params.subscribeAtMost ?? Number.POSITIVE_INFINITY) : 0,
        playsSlots: params.audioSlots,
        moves: params.moves,
        iceServers,
        renewRelaysEveryMs,
        drains,
        turns,
        logger,
      });
      attendance.onClose(() => scope.close());
      this.#attendance = attendance;
      if (this.closed) this.#lost(1006); // It went while we attached.
      if (session.state === 'waiting') return { status: 'waiting', participantId };
      return await proceed(attendance);
    } catch (error) {
      const failed = this.#attendance;
      this.#attendance = undefined;
      failed?.close('failed');
      scope.close();
      throw error;
    }
  }

  async #resume(attendance: Attendance, params: Params<'session.resume'>): Answer<'session.resume'> {
    const { rooms, store } = this.#options;
    const { roomId, participantId } = attendance;
    const { mediaSessionId, revision } = params;
    if (!mediaSessionId) {
      await rooms.unpublishAll(roomId, participantId); // A reloaded page has none of its tracks any more.
      return attendance.joined();
    }
    const adopted = await attendance.adoptMedia(mediaSessionId);
    if (!adopted) return attendance.joined();
    attendance.renewRelays();
    const missed = revision > 0 ? await store.rooms.since(roomId, revision) : 'gone';
    return {
      status: 'resumed',
      participantId,
      audioSlots: attendance.media.audioSlots,
      missed: missed === 'gone' ? { snapshot: attendance.snapshot() } : attendance.catchUp(missed, revision),
    };
  }

  // ---- the table ----

  #handlers(): Handlers<SignalingServer> {
    const { rooms } = this.#options;
    return {
      'session.join': (params) =>
        this.#attach(params, (attendance) => attendance.joined()) as Answer<'session.join'>,
      'session.resume': (params) => this.#attach(params, (attendance) => this.#resume(attendance, params)),
      'session.enter': async () => this.#attended.enter(),
      'session.leave': async () => {
        const { roomId, participantId } = this.#attended;
        await rooms.leave(roomId, participantId, 'left');
        return {};
      },
      'session.ping': async () => ({}),

      'session.moved': async ({ mediaSessionId }) => {
        await this.#attended.media.moved(mediaSessionId);
        return {};
      },

      'transport.open': async (params) => {
        const { mediaSessionId, calls } = await this.#attended.media.session(params.mediaSessionId);
        return calls['transport.open']({ mediaSessionId, direction: params.direction });
      },
      'transport.close': (params) => this.#media('transport.close', params),
      'transport.connect': (params) => {
        const { media } = this.#attended;
        if (!params.mediaSessionId || params.mediaSessionId === media.mediaSessionId) media.looksForPath();
        return this.#media('transport.connect', params);
      },
      'transport.restartIce': async (params) => {
        const attendance = this.#attended;
        const { mediaSessionId, calls } = await attendance.media.session(params.mediaSessionId);
        const answer = await calls['transport.restartIce']({ ...params, mediaSessionId });
        const iceServers = attendance.seat.iceServers({ spare: true });
        return iceServers.length > 0 ? { ...answer, iceServers } : answer;
      },

      'track.publish': (params) => this.#publish(params),
      'track.unpublish': async ({ trackId }) => {
        const { roomId, participantId } = this.#attended;
        await rooms.unpublish(roomId, participantId, trackId);
        return {};
      },
      'track.setMuted': async ({ trackId, muted, by }) => {
        const { roomId, participantId } = this.#attended;
        return { track: await rooms.setMuted(roomId, participantId, trackId, muted, by) };
      },
      'track.subscribe': async ({ trackIds, transportId, mediaSessionId: asked }) => {
        const attendance = this.#attended;
        if (!attendance.grants.subscribe)
          throw new PlatformError('forbidden', 'the grants do not allow to subscribe');
        const receivable = attendance.seat.receivable(trackIds);
        const { mediaSessionId, calls } = await attendance.media.session(asked);
        const answer = receivable.length
          ? await calls['track.subscribe']({
              mediaSessionId,
              ...(transportId === undefined ? {} : { transportId }),
              trackIds: receivable,
              started: false,
              epochs: attendance.seat.epochs(receivable),
            })
          : { subscriptions: [], failures: [] };
        const known = new Set(receivable);
        const failures = trackIds
          .filter((trackId) => !known.has(trackId))
          .map((trackId) => ({ trackId, code: 'track-not-found', message: 'no such track to receive' }));
        return { ...answer, failures: [...answer.failures, ...failures] };
      },
      'track.start': (params) => this.#media('track.start', params),
      'track.unsubscribe': (params) => this.#media('track.unsubscribe', params),
      'track.setPreferences': async (params) => {
        this.#takePreferences(params.preferences.length);
        return this.#media('track.setPreferences', params);
      },
      'track.starved': async (params) => {
        this.#takePreferences(params.trackIds.length);
        return this.#media('track.starved', params);
      },

      'media.silent': async () => {
        await this.#attended.media.silent();
        return {};
      },

      'participant.update': async (update) => {
        const { roomId, participantId } = this.#attended;
        await rooms.updateParticipant(roomId, participantId, update);
        return {};
      },
      'data.send': async (message) => {
        const { grants, roomId, participantId } = this.#attended;
        if (!grants.data) throw new PlatformError('forbidden', 'the grants do not allow to send data');
        if (!this.#data.take())
          throw new PlatformError(
            'rate-limited',
            `more than ${limits.dataMessageRate.perSecond} data messages a second`,
          );
        return { revision: await rooms.sendData(roomId, { ...message, from: participantId }) };
      },

      'moderation.mute': async ({ trackId, muted }) => {
        await rooms.moderateMute(this.#moderated.roomId, trackId, muted);
        return {};
      },
      'moderation.remove': async ({ participantId }) => {
        await rooms.removeParticipant(this.#moderated.roomId, participantId);
        return {};
      },
      'moderation.setGrants': async ({ participantId, grants }) => {
        await rooms.setGrants(this.#moderated.roomId, participantId, grants);
        return {};
      },
      'lobby.admit': async ({ participantId }) => {
        await rooms.admit(this.#moderated.roomId, participantId);
        return {};
      },
      'lobby.refuse': async ({ participantId }) => {
        await rooms.refuse(this.#moderated.roomId, participantId);
        return {};
      },
      'room.update': async ({ settings }) => {
        await rooms.updateSettings(this.#moderated.roomId, settings);
        return {};
      },
      'room.end': async () => {
        await rooms.endRoom(this.#moderated.roomId);
        return {};
      },
    };
  }

  #takePreferences(tracks: number): void {
    if (!this.#preferences.take(tracks))
      throw new PlatformError(
        'rate-limited',
        `preferences of more than ${limits.preferenceRate.perSecond} tracks a second`,
      );
  }

  async #media<
    M extends
      | 'transport.close'
      | 'transport.connect'
      | 'track.start'
      | 'track.unsubscribe'
      | 'track.setPreferences'
      | 'track.starved',
  >(method: M, params: Params<M> & { mediaSessionId?: string | undefined }): Promise<Record<string, never>> {
    const { mediaSessionId, calls } = await this.#attended.media.session(params.mediaSessionId);
    await (calls[method] as (params: object) => Promise<unknown>)({ ...params, mediaSessionId });
    return {};
  }

  /** Again when the same track is being published already: its client has come back, and what it asked before still goes on. */
  async #publish(params: Params<'track.publish'>): Answer<'track.publish'> {
    const { kind, source, publishId } = params;
    if (kindOf[source] !== kind)
      throw new PlatformError('bad-request', `${source} is ${kindOf[source]}, not ${kind}`);
    const trackId = publishId ? trackIdOf(this.#attended.participantId, publishId) : newId('t');
    for (let attempt = 1; ; attempt++) {
      try {
        return { track: await this.#publishOnce(params, trackId) };
      } catch (error) {
        const isOver = this.closed || attempt === publishAttempts;
        if (isOver || PlatformError.from(error).code !== 'conflict') throw error;
        await sleep(backoffMs(attempt, publishWaits));
      }
    }
  }

  /** `newTrackId`: for a track that is not published anew. */
  async #publishOnce(params: Params<'track.publish'>, newTrackId: string): Promise<Track> {
    const { rooms } = this.#options;
    const attendance = this.#attended;
    const { roomId, participantId } = attendance;
    const { kind, source, name, muted, width, height } = params;
    await attendance.media.session(params.mediaSessionId); // Who is not in the room yet is refused first of all.
    const { trackId = newTrackId } = params;
    const { before, locked } = await rooms.mayPublish(roomId, participantId, source, trackId);
    if (params.trackId && !before) throw new PlatformError('track-not-found', `no track ${trackId} of yours`);
    // A new track is for the room to see at once: it waits until it is known where its publisher is.
    if (!before) await attendance.media.settled();
    const { mediaSessionId, calls, move } = await attendance.media.session(params.mediaSessionId);
    const epoch = (before?.epoch ?? 0) + 1;
    const { codec, spatialLayers } = await calls['track.publish']({
      mediaSessionId,
      trackId,
      epoch,
      kind,
      source,
      muted: muted || locked,
      ...(params.transportId ? { transportId: params.transportId } : {}),
      ...(params.rtpParameters ? { rtpParameters: params.rtpParameters } : {}),
      ...(params.sctpStreamParameters ? { sctpStreamParameters: params.sctpStreamParameters } : {}),
    });
    if (move && before) return move.produced({ ...before, epoch, codec, spatialLayers });
    try {
      const size = { ...(width ? { width } : {}), ...(height ? { height } : {}) };
      const track = { trackId, kind, source, name, muted, codec, spatialLayers, ...size };
      return await rooms.publish(roomId, participantId, track, epoch);
    } catch (error) {
      // Produced, but not allowed into the room after all; in a conflict what is produced is another request's, too.
      if (PlatformError.from(error).code !== 'conflict')
        await calls['track.unpublish']({ mediaSessionId, trackId });
      throw error;
    }
  }
}

/** The same whichever node is asked, and nobody else's. */
function trackIdOf(participantId: ParticipantId, publishId: string): TrackId {
  const digest = createHash('sha256').update(`${participantId} ${publishId}`).digest('hex');
  return `t_${digest.slice(0, 26)}`;
}
