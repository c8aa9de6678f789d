import {
  type Clock,
  Emitter,
  Lifetime,
  type Logger,
  PlatformError,
  systemClock,
  withDeadline,
} from '@weir/core';
import type {
  Direction,
  Handlers,
  MediaNodeContract,
  Method,
  ParsedParams,
  ParticipantId,
  Result,
  RoomId,
  TrackId,
} from '@weir/protocol';
import { limits } from '@weir/protocol';
import type { CascadeConfig } from './cascade-config.ts';
import { routerRtpCapabilities } from './codecs.ts';
import { DatagramRate } from './datagram-rate.ts';
import { type Degradation, DegradeLadder } from './degrade-ladder.ts';
import { narrowCapabilities, type Production, toPlatformError } from './engine-words.ts';
import { type FetchTrack, MediaRoom } from './media-room.ts';
import { defaultWorkerCount, type ListenAddress, type MediaWorker } from './media-worker.ts';
import { type NodeLimits, type NodeLoad, shares } from './node-load.ts';
import { type MediaListener, ParticipantSession } from './participant-session.ts';
import { PipeLinks } from './pipe-links.ts';
import { type ReachCounts, ReachLog } from './reach-log.ts';
import type { SoundLimits } from './room-sound.ts';
import { TrackDistributor } from './track-distributor.ts';
import { TrackFetcher } from './track-fetcher.ts';
import { WorkerPool } from './worker-pool.ts';

export type MediaNodeConfig = {
  nodeId: string;
  /** One for each core unless given. */
  workers?: number;
  /** Where clients reach this node; `announcedAddress` is what they are told, when that is another address. */
  listen: ListenAddress[];
  /** Worker i takes port `firstPort` + i, UDP and TCP. 0: any free ports. */
  firstPort: number;
  /** How many more streams than the idlest worker a room's worker may carry before the room spreads to another. */
  spreadAbove?: number;
  /** From how many microphones on a room is heard through how many audio slots. */
  sound?: SoundLimits;
  /** Present: rooms may be on other nodes as well, and tracks go from one to the other. */
  cascade?: CascadeConfig;
  /** Default: its processors alone. */
  limits?: NodeLimits;
  logger: Logger;
  clock?: Clock;
};

export type MediaNodeEvents = {
  roomOpened: [RoomId];
  roomClosed: [RoomId];
  sessionOpened: [RoomId, ParticipantId];
  trackPublished: [RoomId, TrackId];
};

type Work<M extends Method<MediaNodeContract>> = (
  params: ParsedParams<MediaNodeContract, M>,
  listener: MediaListener,
) => Promise<Result<MediaNodeContract, M>> | Result<MediaNodeContract, M>;

const defaultSound = {
  microphonesWithoutSlots: limits.microphonesWithoutSlots,
  audioSlots: limits.audioSlots,
};
const defaultSpreadAbove = 200;
const stopTimeoutMs = 3_000;
/** Nobody waits with joining for a node that may be dead: what comes later is subscribed to later. */
const joinPatienceMs = 700;
const treeLimits = { fanOut: 8, depth: 5 };

/** One SFU machine: rooms over a pool of engine workers, asked by the `mediaNode` contract. */
export class MediaNode extends Lifetime implements AsyncDisposable {
  readonly nodeId: string;
  readonly events = new Emitter<MediaNodeEvents>();
  readonly #pool: WorkerPool;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #sound: SoundLimits;
  readonly #rtpCapabilities = routerRtpCapabilities();
  readonly #rooms = new Map<RoomId, MediaRoom>();
  readonly #sessions = new Map<string, ParticipantSession>();
  readonly #fetch: FetchTrack | undefined;
  readonly #limits: NodeLimits;
  readonly #reach: ReachLog;
  readonly #ladder: DegradeLadder;
  readonly #datagrams = this.own(new DatagramRate());

  /** Gives tracks to other nodes; undefined without any. */
  readonly distributor: TrackDistributor | undefined;

  /** Rejects when a worker does not start, or its port is taken. */
  static async start(config: MediaNodeConfig): Promise<MediaNode> {
    if (config.listen.length === 0) throw new PlatformError('bad-request', 'a media node needs an address');
    const pool = await WorkerPool.start({
      count: config.workers ?? defaultWorkerCount,
      listen: config.listen,
      firstPort: config.firstPort,
      spreadAbove: config.spreadAbove ?? defaultSpreadAbove,
      logger: config.logger,
    });
    return new MediaNode(config, pool);
  }

  private constructor(config: MediaNodeConfig, pool: WorkerPool) {
    super();
    this.nodeId = config.nodeId;
    this.#logger = config.logger;
    this.#clock = config.clock ?? systemClock;
    this.#sound = config.sound ?? defaultSound;
    this.#pool = this.own(pool);
    this.#limits = config.limits ?? {};
    this.#reach = this.own(new ReachLog(this.#clock));
    this.#ladder = this.own(
      new DegradeLadder({
        clock: this.#clock,
        logger: this.#logger,
        use: () => this.load.use,
        changed: () => {
          for (const session of this.#sessions.values()) session.degrade();
        },
      }),
    );
    if (!config.cascade) return;
    const { region, fanOut = treeLimits.fanOut, listen, open, locate, lingerMs } = config.cascade;
    const { nodeId } = this;
    const common = { listen, clock: this.#clock, logger: this.#logger };
    const links = new PipeLinks({ nodeId, region }, open, this.#logger);
    const fetcher = this.own(new TrackFetcher({ ...common, nodeId, links, locate, lingerMs }));
    this.distributor = this.own(
      new TrackDistributor({
        ...common,
        self: { nodeId, region },
        tree: { ...treeLimits, fanOut },
        room: (roomId) => this.#rooms.get(roomId),
      }),
    );
    this.#fetch = async (room, trackId, worker, epoch) => {
      const track = await fetcher.fetch(room, trackId, worker, epoch);
      this.events.emit('trackPublished', room.roomId, trackId);
      return track;
    };
  }

  /** The contract's requests; notifications go to the listener that opened or adopted the session. */
  readonly handlers: Handlers<MediaNodeContract, MediaListener> = {
    'session.open': this.#answer('session.open', (params, listener) => this.#open(params, listener)),
    'session.adopt': this.#answer('session.adopt', ({ mediaSessionId }, listener) => {
      const session = this.#sessions.get(mediaSessionId);
      session?.adopt(listener);
      const slots = session && this.#rooms.get(session.roomId)?.sound.slots;
      return {
        alive: session !== undefined,
        send: false,
        receive: false,
        ...session?.directions,
        ...(slots?.length ? { audioSlots: slots } : {}),
      };
    }),
    'session.close': this.#answer('session.close', ({ mediaSessionId }) => {
      this.#sessions.get(mediaSessionId)?.close();
      return {};
    }),
    'transport.open': this.#answer('transport.open', async (params) => {
      const { direction } = params;
      return { transport: await this.#session(params).openTransport(direction), direction };
    }),
    'transport.close': this.#answer('transport.close', (params) => {
      this.#session(params).closeTransport(params.transportId);
      return {};
    }),
    'transport.connect': this.#answer('transport.connect', async (params) => {
      const { direction, transportId, dtlsParameters } = params;
      await this.#session(params).connect(direction, dtlsParameters, transportId);
      return {};
    }),
    'transport.restartIce': this.#answer('transport.restartIce', async (params) => {
      const { direction, transportId } = params;
      return { iceParameters: await this.#session(params).transport(direction, transportId).restartIce() };
    }),
    'track.publish': this.#answer('track.publish', async (params) => {
      const session = this.#session(params);
      const published = await session.publish(params, productionOf(params), params.transportId);
      this.events.emit('trackPublished', session.roomId, params.trackId);
      return published;
    }),
    'track.unpublish': this.#answer('track.unpublish', (params) => {
      this.#session(params).unpublish(params.trackId);
      return {};
    }),
    'track.subscribe': this.#answer('track.subscribe', (params) => {
      const { trackIds, started, transportId, epochs } = params;
      if (trackIds.length > limits.subscriptionsPerRequest)
        throw new PlatformError(
          'limit-reached',
          `at most ${limits.subscriptionsPerRequest} tracks a request`,
        );
      return this.#session(params).subscribe(trackIds, started, { transportId, epochs });
    }),
    'track.start': this.#answer('track.start', async (params) => {
      await this.#session(params).start(params.trackIds);
      return {};
    }),
    'track.unsubscribe': this.#answer('track.unsubscribe', (params) => {
      this.#session(params).unsubscribe(params.trackIds, params.subscriptionIds);
      return {};
    }),
    'track.setPreferences': this.#answer('track.setPreferences', async (params) => {
      await this.#session(params).setPreferences(params.preferences);
      return {};
    }),
    'track.starved': this.#answer('track.starved', async (params) => {
      await this.#session(params).starved(params.trackIds);
      return {};
    }),
    'node.describe': this.#answer('node.describe', () => ({
      nodeId: this.nodeId,
      rtpCapabilities: this.#rtpCapabilities,
      workers: this.#pool.workers.map(({ pid, tally }) => ({ pid, ...tally })),
    })),
  };

  /** How full the node is: streams carried, the busiest worker's share of its core (0 to 1), and of each limit what is used. */
  get load(): NodeLoad {
    const { workers } = this.#pool;
    const sum = (of: (worker: MediaWorker) => number) => workers.reduce((all, worker) => all + of(worker), 0);
    const busy = Math.max(0, ...workers.map((worker) => worker.busy));
    const used = {
      egressBps: sum(({ egress }) => egress.bps),
      packetsPerSecond: this.#datagrams.perSecond,
      consumers: sum(({ tally }) => tally.consumers),
    };
    const streams = sum(({ load }) => load);
    return { sessions: this.#sessions.size, streams, busy, ...used, use: shares(busy, used, this.#limits) };
  }

  /** What it has given up to bear its load, the last of it; undefined: nothing. */
  get degraded(): Degradation | undefined {
    return this.#ladder.degraded;
  }

  /** How clients got through to it of late. */
  get reach(): ReachCounts {
    return this.#reach.counts;
  }

  /** The participants with a media session here. */
  participants(roomId: RoomId): ParticipantId[] {
    return [...(this.#rooms.get(roomId)?.sessions ?? [])].map((session) => session.participantId);
  }

  hasParticipant(roomId: RoomId, participantId: ParticipantId): boolean {
    return this.#rooms.get(roomId)?.session(participantId) !== undefined;
  }

  /** The epoch of the track's production here; undefined: it has none, or an earlier one that is just ending. */
  epoch(roomId: RoomId, trackId: TrackId): number | undefined {
    return this.#rooms.get(roomId)?.publication(trackId)?.epoch;
  }

  /** Holds for everybody who subscribes to the track, on any worker, and for all productions of it. */
  setMuted(roomId: RoomId, trackId: TrackId, muted: boolean): void {
    for (const publication of this.#rooms.get(roomId)?.productions(trackId) ?? [])
      publication.setMuted(muted).catch((error) => {
        if (publication.closed) return;
        this.#logger.error({ err: error, roomId, trackId, muted }, 'a mute failed; closing the track');
        publication.close('failed'); // Whoever is muted must not be heard.
      });
  }

  /** The track is produced anew by now, here or elsewhere: an older production of it is over. */
  outdate(roomId: RoomId, trackId: TrackId, epoch: number): void {
    this.#rooms.get(roomId)?.outdate(trackId, epoch);
  }

  /** The track is not where it is being got from any more: whoever waits for it asks anew. */
  abandon(roomId: RoomId, trackId: TrackId): void {
    this.#rooms.get(roomId)?.abandon(trackId);
  }

  /** The room has this microphone, be it here or on another node; or has it no more. */
  expectMicrophone(roomId: RoomId, trackId: TrackId, expected: boolean): void {
    this.#rooms.get(roomId)?.sound.expect(trackId, expected);
  }

  unpublish(roomId: RoomId, trackId: TrackId): void {
    for (const publication of this.#rooms.get(roomId)?.productions(trackId) ?? []) publication.close();
  }

  /** Its participant is on another node by now: what it published goes on for a moment, for those who get it from here. */
  departParticipant(roomId: RoomId, participantId: ParticipantId): void {
    this.#rooms.get(roomId)?.session(participantId)?.depart();
  }

  closeParticipant(roomId: RoomId, participantId: ParticipantId): void {
    this.#rooms.get(roomId)?.session(participantId)?.close();
  }

  closeRoom(roomId: RoomId): void {
    this.#rooms.get(roomId)?.close();
  }

  /** `listener` is gone: its sessions go on without one until somebody adopts them. */
  forget(listener: MediaListener): void {
    for (const session of this.#sessions.values()) session.forget(listener);
  }

  /** Closes, and resolves when the engine's processes are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#pool.workers.map((worker) => worker.ended);
    this.close();
    await withDeadline(Promise.all(ended), stopTimeoutMs, 'end of the engine workers');
  }

  async #open(
    params: ParsedParams<MediaNodeContract, 'session.open'>,
    listener: MediaListener,
  ): Promise<Result<MediaNodeContract, 'session.open'>> {
    const { roomId, participantId } = params;
    const worker = this.#pool.choose((candidate) => this.#rooms.get(roomId)?.isOn(candidate) ?? false);
    const session = this.#enter(roomId, participantId, params, worker, listener);
    const directions: Direction[] = [];
    if (params.send) directions.push('send');
    if (params.receive) directions.push('receive');
    try {
      const media = await session.open(directions);
      this.events.emit('sessionOpened', roomId, participantId);
      const { sound } = this.#rooms.get(roomId)!;
      const trackIds = params.audioSlots ? sound.inPlaceOfMicrophones(params.trackIds) : params.trackIds;
      const wanted = params.receive ? trackIds : [];
      const { subscriptions, failures } = await session.subscribe(wanted, true, {
        patienceMs: joinPatienceMs,
        expects: false, // They wait for this one as well.
      });
      if (failures.length)
        this.#logger.debug(
          { roomId, participantId, failures },
          'a session opened without some of its tracks',
        );
      const audioSlots = sound.slots;
      return { media, subscriptions, ...(audioSlots.length ? { audioSlots } : {}) };
    } catch (error) {
      session.close('failed');
      throw error;
    }
  }

  /** Everything in one step: whoever comes next finds the room, the session and its load. */
  #enter(
    roomId: RoomId,
    participantId: ParticipantId,
    params: ParsedParams<MediaNodeContract, 'session.open'>,
    worker: MediaWorker,
    listener: MediaListener,
  ): ParticipantSession {
    const room = this.#rooms.get(roomId) ?? this.#openRoom(roomId);
    const session = new ParticipantSession({
      nodeId: this.nodeId,
      room,
      worker,
      participantId,
      rtpCapabilities: narrowCapabilities(params.rtpCapabilities, this.#rtpCapabilities),
      listener,
      reach: this.#reach,
      ladder: this.#ladder,
      clock: this.#clock,
      logger: this.#logger,
    });
    this.#sessions.set(session.id, session);
    session.onClose(() => this.#sessions.delete(session.id));
    room.enter(session);
    return session;
  }

  #openRoom(roomId: RoomId): MediaRoom {
    const room = this.own(
      new MediaRoom(roomId, {
        clock: this.#clock,
        logger: this.#logger,
        sound: this.#sound,
        fetch: this.#fetch,
      }),
    );
    this.#rooms.set(roomId, room);
    room.onClose(() => {
      this.#rooms.delete(roomId);
      this.events.emit('roomClosed', roomId);
    });
    this.events.emit('roomOpened', roomId);
    return room;
  }

  #session({ mediaSessionId }: { mediaSessionId: string }): ParticipantSession {
    const session = this.#sessions.get(mediaSessionId);
    if (!session)
      throw new PlatformError('media-lost', `no media session ${mediaSessionId} on ${this.nodeId}`);
    return session;
  }

  /** A handler whose errors are all of our table. Its waits end because a worker that does not answer is killed. */
  #answer<M extends Method<MediaNodeContract>>(method: M, work: Work<M>) {
    return async (params: ParsedParams<MediaNodeContract, M>, listener: MediaListener) => {
      try {
        if (this.closed) throw new PlatformError('going-away', `${this.nodeId} has stopped`);
        return await work(params, listener);
      } catch (error) {
        throw toPlatformError(error, method);
      }
    };
  }
}

function productionOf(params: ParsedParams<MediaNodeContract, 'track.publish'>): Production {
  const { kind, muted, rtpParameters, sctpStreamParameters } = params;
  if (kind === 'data') {
    if (!sctpStreamParameters) throw new PlatformError('bad-request', 'data without sctpStreamParameters');
    return { kind, muted, sctpStreamParameters };
  }
  if (!rtpParameters) throw new PlatformError('bad-request', `${kind} without rtpParameters`);
  return { kind, muted, rtpParameters };
}
