import { Emitter, Lifetime, type Logger, newId, PlatformError, silentLogger, sleep } from '@weir/core';
import type {
  AudioSlot as AudioSlotInfo,
  Grants,
  IceServer,
  NoticeParams,
  RoomSettings,
  SignalingClient,
  WaitingParticipant,
} from '@weir/protocol';
import { limits } from '@weir/protocol/limits';
import { type AudioSlot, AudioSlots } from './audio-slots.ts';
import { BrowserEngine } from './browser-engine.ts';
import { isPageBusy, watchPageBusy } from './busy-page.ts';
import { askDirector, openSocket } from './director.ts';
import { type Downlink, downlinkOf } from './downlink.ts';
import { LocalParticipant } from './local-participant.ts';
import type { MediaEngine, MediaSignaling } from './media-engine.ts';
import { NetworkWatch } from './network-watch.ts';
import type { Participant, RemoteParticipant } from './participant.ts';
import { type PeerConnectionUse, peerConnections } from './peer-connections.ts';
import type { ReceivingState } from './receiving-state.ts';
import { forgetRegions, knownRegions, measureRegions } from './region-probe.ts';
import type { RoomEvents, RoomStatus } from './room-events.ts';
import { RoomModel } from './room-model.ts';
import type { SampleChannel } from './sample-channel.ts';
import { SeatStorage } from './seat-storage.ts';
import { type SelectedPath, selectedPath } from './selected-path.ts';
import { type JoinedAnswer, type Missed, SignalingLink } from './signaling-link.ts';
import type { SignalingState, SignalingTimes } from './signaling-state.ts';
import { StarvationWatch } from './starvation-watch.ts';
import { Subscriber } from './subscriber.ts';
import { tokenRoom } from './token.ts';
import { WarmSocket } from './warm-socket.ts';

/** A join token, or where to get one: asked again whenever the room has to be joined anew. */
export type TokenSource = string | (() => string | Promise<string>);

export type RoomOptions = {
  /** Address of the director, like `https://video.example.org`. Default: the page's own origin. */
  url?: string;
  token: TokenSource;
  /** The room's name; needed with a token function to find the seat again after a reload. */
  roomId?: string;
  /** Receive every track by itself. Default true. */
  autoSubscribe?: boolean;
  /** Keep the seat across a page reload, in sessionStorage. Default true where there is one. */
  keepSeat?: boolean;
  /** Default: the browser's. */
  engine?: MediaEngine;
  logger?: Logger;
  times?: SignalingTimes;
};

const sdkName = 'weir-client/0.1';
const seatSavedEveryMs = 5_000;
/** As long as a path is waited for; the same asked again is no error. */
const connectBudgetMs = 20_000;
/** What was said of the media so long ago is not true any more. */
const silentBudgetMs = 1_000;
/** As long as a node's death takes to be seen and answered with other media. */
const resetComesMs = 700;

export type RoomDebug = {
  send?: RTCPeerConnection;
  receive?: RTCPeerConnection;
  receivers: RTCPeerConnection[];
  mediaSessionId: string | undefined;
  /** The second media node, in rooms that have one. */
  standby: { mediaSessionId: string; connected: boolean } | undefined;
  receiving: ReceivingState;
  peerConnections: PeerConnectionUse;
  timings: Record<string, number>;
};

/** A room to join: its participants, their tracks, and what is said in it. */
export class Room {
  readonly events = new Emitter<RoomEvents>();
  readonly local: LocalParticipant;
  readonly #options: RoomOptions;
  readonly #url: string;
  readonly #engine: MediaEngine;
  readonly #link: SignalingLink;
  readonly #model: RoomModel;
  readonly #slots: AudioSlots;
  readonly #subscriber: Subscriber;
  readonly #seats: SeatStorage | undefined;
  readonly #warm = new WarmSocket();
  #status: RoomStatus = 'idle';
  #closeError: PlatformError | undefined;
  #speakers: Participant[] = [];
  #mediaBroken = false;
  /** The newest relays, with credentials that hold. */
  #iceServers: IceServer[] = [];
  #downlink: Downlink = 'good';
  #starvation: StarvationWatch | undefined;
  readonly #marks: Record<string, number> = {};

  constructor(options: RoomOptions) {
    this.#options = options;
    this.#url = options.url ?? globalThis.location?.origin ?? '';
    this.#engine = options.engine ?? new BrowserEngine();
    if (options.keepSeat !== false && 'sessionStorage' in globalThis) this.#seats = new SeatStorage();
    const { times } = options;
    this.#link = new SignalingLink({
      ask: (signal) => this.#ask(signal),
      openSocket: (url, signal) => this.#warm.take(url) ?? openSocket(url, signal),
      rtpCapabilities: (fleet) => this.#engine.load(fleet),
      progress: () => ({
        mediaSessionId: this.#mediaBroken ? 'broken' : this.#engine.mediaSessionId,
        revision: this.#model.revision,
      }),
      subscribe: options.autoSubscribe === false ? 'none' : 'all',
      ...(this.#engine.receiveAtOnce ? { subscribeAtMost: this.#engine.receiveAtOnce } : {}),
      client: sdkName,
      moves: this.#engine.openBeside !== undefined,
      isSlow: () => this.#downlink !== 'good' || (this.#starvation?.isStarving ?? false) || isPageBusy(),
      ...(times ? { times } : {}),
    });
    watchPageBusy(this.#link);
    this.local = new LocalParticipant(this.#link, this.#engine, this.events);
    this.#model = new RoomModel(this.local, this.events, {
      setSubscribed: (publication, subscribed) => this.#subscriber.setSubscribed(publication, subscribed),
      setPreferences: (publication, preferences) => this.#subscriber.setPreferences(publication, preferences),
    });
    this.#slots = new AudioSlots(this.#model, this.events);
    this.#subscriber = new Subscriber(this.#link, this.#engine, this.#model, this.events, {
      slots: this.#slots,
      auto: options.autoSubscribe !== false,
      logger: options.logger ?? silentLogger,
    });
    this.#listen();
  }

  // ---- what is ----

  get status(): RoomStatus {
    return this.#status;
  }
  /** Why it closed; undefined when you left, or it has not closed. */
  get closeError(): PlatformError | undefined {
    return this.#closeError;
  }
  get roomId(): string {
    return this.#model.room?.roomId ?? this.#roomId() ?? '';
  }
  get settings(): RoomSettings | undefined {
    return this.#model.room?.settings;
  }
  /** By participant id, in the order of joining. */
  get remotes(): ReadonlyMap<string, RemoteParticipant> {
    return this.#model.remotes;
  }
  get lobby(): readonly WaitingParticipant[] {
    return [...this.#model.lobby.values()];
  }
  /** In a big room microphones come through these few; empty where each comes by itself. */
  get audioSlots(): readonly AudioSlot[] {
    return this.#slots.all;
  }
  get speakers(): readonly Participant[] {
    return this.#speakers;
  }
  /** What your line carries of what you asked for; `downlinkChanged` tells. */
  get downlink(): Downlink {
    return this.#downlink;
  }
  /**
   * For tests and debug panels: the connections (`receive` is the first of the `receivers`), how receiving stands, and
   * when each step of joining was done (ms of `performance.now()`).
   */
  get debug(): RoomDebug {
    const connections = this.#engine instanceof BrowserEngine ? this.#engine.connections : { receivers: [] };
    return {
      ...connections,
      mediaSessionId: this.#engine.mediaSessionId,
      standby: this.#engine instanceof BrowserEngine ? this.#engine.standby : undefined,
      receiving: this.#subscriber.state,
      peerConnections: peerConnections.use,
      timings: { ...this.#marks },
    };
  }

  /** True when this tab has a seat in the room that a reload interrupted: `connect` takes it up again. */
  static hasSeat(roomId: string): boolean {
    return SeatStorage.has(roomId);
  }

  /** The ways that media takes now, one a connection: directly or through a relay, and over which protocol. */
  async paths(): Promise<SelectedPath[]> {
    const { send, receivers } = this.debug;
    const connections = [send, ...receivers].filter((connection) => connection !== undefined);
    const reports = await Promise.all(connections.map((connection) => connection.getStats()));
    return reports.flatMap((report) => selectedPath(report) ?? []);
  }

  // ---- joining and leaving ----

  /**
   * Loads what any room needs, and finds out which of the regions there is near, for a page from which somebody is about to
   * join at this director (default: the page's own origin). May be called often; never rejects.
   */
  static async prepare({ url = globalThis.location?.origin ?? '' }: { url?: string } = {}): Promise<void> {
    await Promise.all([new BrowserEngine().prepare(), url ? measureRegions(url) : undefined]);
  }

  /**
   * Resolves when in the room; a lobby may keep it waiting (`status` tells). Rejects with the `PlatformError` that ended
   * it. Afterwards the room stays joined by itself until `leave` or a final error (`closed`).
   */
  async connect(options: { signal?: AbortSignal } = {}): Promise<void> {
    if (this.#status !== 'idle') throw new PlatformError('wrong-state', 'connect was called before');
    this.#mark('connect');
    void this.#engine.prepare?.(); // While the director is asked.
    this.#setStatus('connecting');
    const abort = () => void this.leave();
    options.signal?.addEventListener('abort', abort, { once: true });
    try {
      const roomId = this.#roomId();
      const seat = roomId ? await this.#seats?.take(roomId) : undefined;
      await new Promise<void>((resolve, reject) => {
        const done = new Lifetime();
        this.events.on(
          'statusChanged',
          (status) => {
            if (status !== 'connected') return;
            done.close();
            resolve();
          },
          done.signal,
        );
        this.events.on(
          'closed',
          (error) => {
            done.close();
            reject(error ?? new PlatformError('aborted', 'left before the room was joined'));
          },
          done.signal,
        );
        if (options.signal?.aborted) abort();
        else this.#link.connect(seat);
      });
    } finally {
      options.signal?.removeEventListener('abort', abort);
    }
  }

  /** Gives the seat up at once. */
  async leave(): Promise<void> {
    await this.#link.leave();
  }

  // ---- talking ----

  /**
   * Reliable, in the room's order, for everybody or for `to` (participant ids). At most 16 KiB. A message that is sent
   * again under the same `messageId` is seen once.
   */
  async sendMessage(
    topic: string,
    payload: string | Uint8Array,
    { to, messageId = newId('d') }: { to?: string[]; messageId?: string } = {},
  ): Promise<void> {
    const text = typeof payload === 'string';
    const message = {
      messageId,
      topic,
      payload: text ? payload : btoa(String.fromCharCode(...payload)),
      encoding: text ? ('utf8' as const) : ('base64' as const),
      ...(to ? { to } : {}),
    };
    await this.#link.persist('data.send', message, limits.resumeWindowMs); // Receivers know a repetition by its id.
  }

  /** For readings that are worthless when late: dropped rather than queued. */
  openSampleChannel(options: { name: string; maxAgeMs: number }): Promise<SampleChannel> {
    return this.local.openSampleChannel(options);
  }

  /** For participants with the `admin` grant; `forbidden` for others. */
  readonly moderation = {
    /** Lifting a mute leaves the track muted by its owner: nobody's microphone is opened from afar. */
    mute: async (trackId: string, muted = true): Promise<void> => {
      await this.#link.request('moderation.mute', { trackId, muted });
    },
    remove: async (participantId: string): Promise<void> => {
      await this.#link.request('moderation.remove', { participantId });
    },
    setGrants: async (participantId: string, grants: Partial<Grants>): Promise<void> => {
      await this.#link.request('moderation.setGrants', { participantId, grants });
    },
    admit: async (participantId: string): Promise<void> => {
      await this.#link.request('lobby.admit', { participantId });
    },
    refuse: async (participantId: string): Promise<void> => {
      await this.#link.request('lobby.refuse', { participantId });
    },
    updateSettings: async (settings: Partial<RoomSettings>): Promise<void> => {
      await this.#link.request('room.update', { settings });
    },
    endRoom: async (): Promise<void> => {
      await this.#link.request('room.end', {});
    },
  };

  // ---- inside ----

  #roomId(): string | undefined {
    const { roomId, token } = this.#options;
    return roomId ?? (typeof token === 'string' ? tokenRoom(token) : undefined);
  }

  async #ask(signal: AbortSignal) {
    const { token } = this.#options;
    this.#warm.open(this.#url); // Most often the director's own address is the signaling node's too.
    const text = typeof token === 'string' ? token : await token();
    const seat = await askDirector(this.#url, text, signal, await knownRegions(this.#url));
    this.#mark('seated');
    return seat;
  }

  #listen(): void {
    const { events } = this.#link;
    events.on('stateChanged', (state) => this.#stateChanged(state));
    events.on('joined', (answer) => this.#joined(answer));
    events.on('resumed', (missed, audioSlots) => this.#resumed(missed, audioSlots));
    events.on('anotherPath', () => this.#engine.anotherPathAnswers?.());
    events.on('event', (revision, event) => this.#model.apply(revision, event));
    events.on('iceServers', (iceServers) => this.#useIceServers(iceServers));
    events.on('mediaReset', ({ media, subscriptions, reason, iceServers, audioSlots = [] }) => {
      this.#slots.accept(audioSlots);
      this.#iceServers = iceServers ?? this.#iceServers;
      this.#openMedia(media, subscriptions, new Set(this.local.publications.keys()));
      this.events.emit('mediaReset', reason);
    });
    events.on('standby', ({ media, iceServers = this.#iceServers }) => {
      const signaling = media && this.#mediaSignaling(media, true);
      try {
        const relaysOnly = this.#relaysOnly;
        this.#engine.standBy?.(signaling ? { media, iceServers, signaling, relaysOnly } : undefined);
      } catch (error) {
        this.#options.logger?.warn({ err: error }, 'there is no connection for a standby');
      }
    });
    events.on('mediaMove', (notice) => {
      this.#move(notice).catch((error) => {
        this.#options.logger?.warn({ err: error }, 'the move to another media node failed');
      });
    });
    events.on('subscriptionClosed', ({ trackId, subscriptionId }) =>
      this.#subscriber.closedByServer(trackId, subscriptionId),
    );
    events.on('layersChanged', ({ trackId, subscriptionId, spatialLayer, temporalLayer, reason }) => {
      const publication = this.#model.track(trackId);
      if (!publication || this.#subscriber.isLeaving(trackId, subscriptionId)) return;
      publication.layer =
        spatialLayer === null ? undefined : { spatial: spatialLayer, temporal: temporalLayer ?? 0 };
      publication.limit = reason;
      this.events.emit('trackUpdated', publication);
    });
    events.on('demandChanged', ({ trackId, maxSpatialLayer }) =>
      this.local.publications.get(trackId)?.setDemand(maxSpatialLayer),
    );
    for (const change of ['trackUpdated', 'trackUnsubscribed', 'trackUnpublished'] as const)
      this.events.on(change, () => this.#judgeDownlink());
    events.on('audioSlots', (slots) => {
      this.#slots.accept(slots);
      this.#subscriber.sync();
    });
    events.on('speakers', ({ speakers }) => {
      const of = (id: string) => (id === this.local.participantId ? this.local : this.#model.remotes.get(id));
      this.#speakers = speakers.flatMap(({ participantId }) => of(participantId) ?? []);
      this.events.emit('speakersChanged', this.#speakers);
    });
    peerConnections.events.on(
      'scarce',
      (use) => {
        this.#options.logger?.warn(use, 'soon this page can make no peer connection any more: reload it');
        this.events.emit('peerConnectionsScarce', use);
      },
      this.#link.signal,
    );
    const networkChanged = () => {
      forgetRegions();
      this.#link.networkChanged();
      this.#engine.networkChanged?.();
    };
    this.#link.own(new NetworkWatch(networkChanged));
    this.#starvation = this.#link.own(
      new StarvationWatch(() => this.#model.remoteTracks(), {
        // Said again while it lasts.
        starved: (trackIds) => void this.#link.request('track.starved', { trackIds }).catch(() => {}),
        changed: (publication) => this.events.emit('trackUpdated', publication),
      }),
    );
    if (this.#seats) this.#keepSeat(this.#seats);
  }

  #keepSeat(seats: SeatStorage): void {
    const keep = () => {
      const { state } = this.#link;
      if ('seat' in state && state.seat) seats.keep(state.seat, this.#model.revision);
    };
    const timer = setInterval(keep, seatSavedEveryMs);
    globalThis.addEventListener?.('pagehide', keep);
    this.#link.onClose(() => {
      clearInterval(timer);
      globalThis.removeEventListener?.('pagehide', keep);
      seats.forget(this.roomId);
    });
    this.events.on('statusChanged', (status) => status === 'connected' && keep());
  }

  #stateChanged(state: SignalingState): void {
    switch (state.status) {
      case 'idle':
      case 'entering':
      case 'joined': // Told as connected once the room is known.
        return;
      case 'opening':
        return this.#mark('opening');
      case 'claiming':
        return this.#mark('claiming');
      case 'waiting':
        return this.#setStatus('waiting');
      case 'asking':
      case 'backoff':
        if (this.#status === 'connected') this.#setStatus('reconnecting');
        return;
      case 'closed':
        this.#closeError = state.error;
        this.#engine.close();
        this.#warm.close();
        this.#setStatus('closed');
        return this.events.emit('closed', state.error);
    }
  }

  #joined(answer: JoinedAnswer): void {
    const { participantId, snapshot, media, iceServers, subscriptions, audioSlots = [] } = answer;
    this.#mark('joined');
    const self = snapshot.participants.find((p) => p.participantId === participantId);
    if (self) this.local.info = self;
    this.#model.applySnapshot(snapshot);
    const mine = snapshot.tracks.filter((t) => t.participantId === participantId).map((t) => t.trackId);
    this.#slots.accept(audioSlots);
    this.#iceServers = iceServers;
    this.#engine.standBy?.(undefined); // It was of another seat, or is told anew.
    this.#openMedia(media, subscriptions, new Set(mine));
    this.#setStatus('connected');
  }

  #resumed(missed: Missed, audioSlots: AudioSlotInfo[]): void {
    this.#slots.accept(audioSlots);
    if ('snapshot' in missed) this.#model.applySnapshot(missed.snapshot);
    else {
      for (const { revision, event } of missed.events) this.#model.apply(revision, event);
      this.#model.revision = missed.revision;
    }
    this.#setStatus('connected');
    this.#subscriber.sync();
  }

  #openMedia(
    media: JoinedAnswer['media'],
    subscriptions: JoinedAnswer['subscriptions'],
    known: ReadonlySet<string>,
  ): void {
    this.#mediaBroken = false;
    this.#link.mediaScope = {};
    try {
      this.#engine.open(media, this.#iceServers, this.#mediaSignaling(media), this.#relaysOnly);
    } catch (error) {
      return this.#link.giveUp(error); // No peer connection can be made on this page any more.
    }
    const report = (error: unknown) =>
      this.#options.logger?.warn({ err: error }, 'media could not be set up in full');
    this.#subscriber.reset(subscriptions).then(() => this.#mark('received'), report);
    this.local.republish(known).catch(report);
  }

  get #relaysOnly(): boolean {
    const { mediaPaths = 'any' } = this.settings ?? {};
    return mediaPaths !== 'any';
  }

  /** The media node is about to go: all is set up on another one first, and this one is left when all flows there. */
  async #move({
    media,
    iceServers,
    audioSlots = [],
  }: NoticeParams<SignalingClient, 'media.move'>): Promise<void> {
    const { mediaSessionId } = media;
    const isCurrent = () => this.#engine.mediaSessionId === mediaSessionId && !this.#link.closed;
    this.#slots.accept(audioSlots);
    this.#iceServers = iceServers ?? this.#iceServers;
    this.#engine.openBeside!(media, this.#iceServers, this.#mediaSignaling(media), this.#relaysOnly);
    this.#link.mediaScope = { mediaSessionId };
    const [{ moved, settle }] = await Promise.all([this.local.move(), this.#subscriber.move()]);
    if (!isCurrent()) return;
    await this.#link.request('session.moved', { mediaSessionId });
    if (!isCurrent()) return;
    this.#link.mediaScope = {};
    moved();
    this.#engine.closeEarlier!('received');
    this.#subscriber.settle();
    // The others change over one by one: until then they get it from there.
    await sleep(limits.productionOverlapMs, this.#link.signal);
    if (!isCurrent()) return;
    settle();
    this.#engine.closeEarlier!();
  }

  /** What was sent into a dead path is sent over another transport. */
  async #sendAnew(): Promise<void> {
    try {
      const { moved, settle } = await this.local.move();
      moved();
      settle();
    } catch (error) {
      if (PlatformError.from(error).code === 'aborted') return; // All media was set up anew meanwhile.
      this.#options.logger?.warn({ err: error }, 'not all could be sent anew, trying again');
      await this.local.republish(new Set(this.local.publications.keys()));
    }
  }

  /** What the engine asks for one media session. `standby`: it is not the one in use. */
  #mediaSignaling(media: JoinedAnswer['media'], standby = false): MediaSignaling {
    const scope = standby || this.#engine.openBeside ? { mediaSessionId: media.mediaSessionId } : {};
    const isCurrent = () => this.#engine.mediaSessionId === media.mediaSessionId && !this.#link.closed;
    const closeTransport = (transportId: string) => {
      // Again after a reconnect: the server lets a session have few. Most often it is gone there, too.
      this.#link.persist('transport.close', { transportId, ...scope }, limits.resumeWindowMs).catch(() => {});
    };
    return {
      connect: async (direction, transportId, dtlsParameters) => {
        const parameters = { direction, transportId, dtlsParameters, ...scope };
        await this.#link.persist('transport.connect', parameters, connectBudgetMs);
      },
      restartIce: async (direction, transportId) => {
        const answer = await this.#link.request('transport.restartIce', {
          direction,
          transportId,
          ...scope,
        });
        this.#useIceServers(answer.iceServers ?? []);
        return answer.iceParameters;
      },
      openTransport: async (direction) => {
        const opened = await this.#link.request('transport.open', { direction, ...scope });
        if (opened.direction === direction || direction === 'receive') return opened.transport;
        closeTransport(opened.transport.id); // It is one to receive over.
        throw new PlatformError('wrong-state', `the server opens no further transport to ${direction}`);
      },
      closeTransport,
      receiveAnew: (transportId) => {
        if (isCurrent()) this.#subscriber.receiveAnew(transportId);
      },
      sendAnew: () => {
        if (isCurrent()) void this.#sendAnew();
      },
      transportLost: (transportId) => {
        if (!isCurrent()) return;
        closeTransport(transportId);
        this.#subscriber.transportLost(transportId);
      },
      suspected: (isAll) => {
        this.#link.probe();
        if (!isAll || !isCurrent()) return;
        this.#link.request('media.silent', {}, silentBudgetMs).catch(() => {}); // Said again while it lasts.
      },
      lost: (error) => {
        if (!isCurrent() || this.#mediaBroken) return;
        this.#mediaBroken = true;
        // Where its node died the server sends another one; only where it knows nothing of it the client must come back.
        void sleep(resetComesMs, this.#link.signal).then(() => {
          if (!isCurrent() || !this.#mediaBroken) return;
          this.events.emit('mediaReset', error.message);
          this.#link.reconnect();
        });
      },
    };
  }

  /** None are told where relays are not to be had just now: those before may do yet. */
  #useIceServers(iceServers: IceServer[]): void {
    if (iceServers.length === 0) return;
    this.#iceServers = iceServers;
    this.#engine.useIceServers?.(iceServers);
  }

  #setStatus(status: RoomStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    this.events.emit('statusChanged', status);
  }

  #judgeDownlink(): void {
    const downlink = downlinkOf(this.#model.remoteTracks());
    if (downlink === this.#downlink) return;
    this.#downlink = downlink;
    this.events.emit('downlinkChanged', downlink);
  }

  #mark(step: string): void {
    this.#marks[step] ??= performance.now();
  }
}
