import {
  type Clock,
  Emitter,
  isErrorCode,
  Lifetime,
  PlatformError,
  sleep,
  systemClock,
  withDeadline,
} from '@weir/core';
import type {
  AudioSlot,
  Channel,
  IceServer,
  Joined,
  Method,
  NoticeParams,
  Params,
  Result,
  RoomEvent,
  RoomSnapshot,
  RtpCapabilities,
  SignalingClient,
  SignalingServer,
} from '@weir/protocol';
import { limits, protocolVersion } from '@weir/protocol/limits';
import { RpcPeer, UnsentError } from '@weir/protocol/rpc';
import type { z } from 'zod';
import {
  defaultTimes,
  nextState,
  type Seat,
  type SignalingEvent,
  type SignalingState,
  type SignalingTimes,
} from './signaling-state.ts';

/** Another socket may take so long to open. */
const probeMs = 5_000;
/** A new one that opens while an answer over the old one is on its way says nothing against that. */
const answerOnItsWayMs = 30;

export type JoinedAnswer = z.infer<typeof Joined>;
export type Missed =
  | { events: { revision: number; event: RoomEvent }[]; revision: number }
  | { snapshot: RoomSnapshot };

export type SignalingLinkEvents = {
  stateChanged: [SignalingState];
  /** In the room, with new media: at first, after the lobby, or because the media session was gone. */
  joined: [JoinedAnswer];
  /** Back in the room; the media never stopped. */
  resumed: [Missed, AudioSlot[]];
  /** A new socket opened where the one before was dead. */
  anotherPath: [];
  event: [revision: number, RoomEvent];
  mediaReset: [NoticeParams<SignalingClient, 'media.reset'>];
  standby: [NoticeParams<SignalingClient, 'media.standby'>];
  mediaMove: [NoticeParams<SignalingClient, 'media.move'>];
  iceServers: [IceServer[]];
  subscriptionClosed: [NoticeParams<SignalingClient, 'subscription.closed'>];
  layersChanged: [NoticeParams<SignalingClient, 'subscription.layers'>];
  demandChanged: [NoticeParams<SignalingClient, 'track.demand'>];
  audioSlots: [AudioSlot[]];
  speakers: [NoticeParams<SignalingClient, 'room.speakers'>];
};

/** What the link needs of its surroundings; tests hand in their own. */
export type SignalingEnvironment = {
  /** Asks the director for a seat (POST /v1/join). */
  ask(signal: AbortSignal): Promise<Seat>;
  /** Resolves when open. */
  openSocket(url: string, signal: AbortSignal): Promise<Channel>;
  /** What this client can receive, given what the fleet sends. */
  rtpCapabilities(fleet: RtpCapabilities): Promise<RtpCapabilities>;
  /** The media session that still runs here, and the last revision seen. */
  progress(): { mediaSessionId: string | undefined; revision: number };
  subscribe: 'all' | 'none';
  /** The engine can have two media sessions for a moment. */
  moves?: boolean;
  /** With all: so many subscriptions come with the answer. */
  subscribeAtMost?: number;
  client: string;
  /** The line carries less than was asked for, or the page has no time to read: answers may take long. */
  isSlow?: () => boolean;
  clock?: Clock;
  random?: () => number;
  times?: SignalingTimes;
};

/**
 * Keeps a client joined: runs the state machine, does its effects, and hands on what the server says. It ends `joined`
 * or `closed`, never in between.
 */
export class SignalingLink extends Lifetime {
  readonly events = new Emitter<SignalingLinkEvents>();
  /** The media session that requests mean, while there are two. */
  mediaScope: { mediaSessionId?: string } = {};
  readonly #environment: SignalingEnvironment;
  readonly #clock: Clock;
  #state: SignalingState = { status: 'idle' };
  /** Lives as long as the current state's step; closing it makes late answers moot. */
  #step = new Lifetime();
  #peer: RpcPeer<SignalingClient, SignalingServer> | undefined;
  /** Where the socket was opened to. */
  #url: string | undefined;
  #probing: Lifetime | undefined;
  /** What was told before the answer to the claim; undefined: the answer is there. */
  #early: { revision: number; say: () => void }[] | undefined;
  readonly #waiters = new Set<() => void>();

  constructor(environment: SignalingEnvironment) {
    super();
    this.#environment = environment;
    this.#clock = environment.clock ?? systemClock;
    this.onClose(() => this.#dispatch({ type: 'left' }));
  }

  get state(): SignalingState {
    return this.#state;
  }

  get #times(): SignalingTimes {
    return this.#environment.times ?? defaultTimes;
  }

  connect(seat?: Seat): void {
    this.#dispatch({ type: 'connect', ...(seat ? { seat } : {}) });
  }

  /** Gives the seat up and closes. */
  async leave(): Promise<void> {
    if (this.#peer && (this.#state.status === 'joined' || this.#state.status === 'waiting'))
      await this.#peer.request('session.leave', {}, 2_000).catch(() => {}); // The seat expires by itself else.
    this.close('requested');
  }

  /** The machine's network is another one: what waits is tried at once, and the socket must show that it still works. */
  networkChanged(): void {
    this.#dispatch({ type: 'networkChanged' });
    this.probe();
  }

  /**
   * The network may have gone, and the socket with it: another one is opened, and takes over when it is there before the
   * old one has said anything.
   */
  probe(): void {
    const peer = this.#peer;
    if (this.#state.status !== 'joined' || !peer || this.#probing) return;
    const { signaling } = this.#state.seat;
    const url = signaling.includes(this.#url ?? '') ? this.#url : signaling[0];
    if (!url) return;
    const probing = this.own(new Lifetime());
    this.#probing = probing;
    probing.onClose(() => {
      this.#probing = undefined;
    });
    const since = performance.now();
    const answered = () => peer.lastHeardAt > since;
    peer.request('session.ping', {}, limits.pingTimeoutMs).then(
      () => probing.close(),
      () => {}, // It is replaced, or found dead by its own watch.
    );
    probing.onClose(this.#clock.after(probeMs, () => probing.close()));
    this.#environment
      .openSocket(url, probing.signal)
      .then(
        async (channel) => {
          if (!answered()) await sleep(answerOnItsWayMs, probing.signal);
          if (probing.closed || answered() || this.#peer !== peer) return channel.close(1000, '');
          this.#dropSocket();
          this.#use(channel);
          this.#dispatch({ type: 'replaced' });
          this.events.emit('anotherPath');
        },
        () => {}, // There is no other way either: whoever is first notices.
      )
      .finally(() => probing.close());
  }

  /** The node is about to go: another socket is opened, elsewhere if addresses were given, and takes over when it is there. */
  async #redirect(signaling: string[]): Promise<void> {
    if (this.#state.status !== 'joined') return; // It is looking for a way already.
    if (signaling.length) this.#dispatch({ type: 'redirected', signaling });
    const peer = this.#peer;
    const urls = this.#state.seat.signaling;
    const moving = this.own(new Lifetime());
    moving.onClose(this.#clock.after(probeMs, () => moving.close()));
    try {
      const url = urls[0]!;
      const channel = await this.#environment.openSocket(url, moving.signal);
      if (this.#peer !== peer || !peer || this.#state.status !== 'joined') return channel.close(1000, '');
      this.#url = url;
      this.#dropSocket();
      this.#use(channel);
      this.#dispatch({ type: 'replaced' });
    } catch {
      // The old one carries on until it is closed: then each address is tried in turn.
    } finally {
      moving.close();
    }
  }

  /** Drops the socket and comes back: for media that cannot be mended on the running session. */
  reconnect(): void {
    this.#fail(new PlatformError('connection-lost', 'reconnecting to set media up anew'));
  }

  /** Ends with an error that nothing can be done about. */
  giveUp(error: unknown): void {
    this.#fail(error);
  }

  /**
   * A request in the room. While the connection is being restored it waits for that, within its deadline. Rejects with
   * `connection-lost` only when it had gone out and it is not known what became of it.
   */
  async request<M extends Method<SignalingServer>>(
    method: M,
    params: Params<SignalingServer, M>,
    timeoutMs: number = limits.requestTimeoutMs,
  ): Promise<Result<SignalingServer, M>> {
    const giveUpAt = this.#clock.now() + timeoutMs;
    for (;;) {
      const leftMs = giveUpAt - this.#clock.now();
      if (this.#state.status !== 'joined')
        await withDeadline(this.#untilJoined(), leftMs, method, this.signal);
      try {
        if (this.#peer) return await this.#peer.request(method, params, leftMs);
      } catch (error) {
        if (!(error instanceof UnsentError)) throw error;
      }
      await Promise.resolve(); // The loss of the socket is told in this turn: the state is another one then.
      if (this.#state.status === 'joined' && !this.#peer)
        throw new PlatformError('connection-lost', `${method}: not connected`);
    }
  }

  /**
   * A request that may be made twice without harm: made again, after the connection came back, until it is answered. `params`: as they are
   * when it is made.
   */
  async persist<M extends Method<SignalingServer>>(
    method: M,
    params: Params<SignalingServer, M> | (() => Params<SignalingServer, M>),
    budgetMs: number,
  ): Promise<Result<SignalingServer, M>> {
    const giveUpAt = this.#clock.now() + budgetMs;
    const leftMs = () => Math.max(1, giveUpAt - this.#clock.now());
    for (;;) {
      try {
        if (this.#state.status !== 'joined')
          await withDeadline(this.#untilJoined(), leftMs(), method, this.signal);
        return await this.request(method, typeof params === 'function' ? params() : params, leftMs());
      } catch (error) {
        const { code } = PlatformError.from(error);
        if (code !== 'connection-lost' || this.closed || this.#clock.now() >= giveUpAt) throw error;
      }
    }
  }

  #untilJoined(): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (this.#state.status === 'joined') resolve();
        else if (this.#state.status === 'closed')
          reject(this.#state.error ?? new PlatformError('wrong-state', 'the room was left'));
        else return;
        this.#waiters.delete(check);
      };
      this.#waiters.add(check);
      check();
    });
  }

  // ---- the machine ----

  #dispatch(event: DistributiveOmit<SignalingEvent, 'now'>): void {
    const before = this.#state;
    const after = nextState(before, { ...event, now: this.#clock.now() } as SignalingEvent, this.#times);
    if (after === before) return;
    this.#state = after;
    this.#step.close();
    this.#step = new Lifetime();
    this.#effects(after);
    if (this.#state !== after) return; // An effect moved on already.
    this.events.emit('stateChanged', after);
    for (const check of [...this.#waiters]) check();
  }

  #fail(error: unknown): void {
    const random = (this.#environment.random ?? Math.random)();
    this.#dispatch({ type: 'failed', error: PlatformError.from(error, 'connection-lost'), random });
  }

  #effects(state: SignalingState): void {
    const step = this.#step;
    if ('deadlineAt' in state) this.#armDeadline(state.deadlineAt, step);
    switch (state.status) {
      case 'asking':
        this.#dropSocket();
        return this.#run(step, this.#environment.ask(step.signal), (seat) =>
          this.#dispatch({ type: 'seated', seat }),
        );
      case 'opening': {
        this.#dropSocket();
        const urls = state.seat.signaling;
        const url = urls[(state.effort.attempt - 1) % urls.length];
        if (!url) return this.#fail(new PlatformError('internal', 'the director named no signaling node'));
        this.#url = url;
        return this.#run(step, this.#environment.openSocket(url, step.signal), (channel) => {
          this.#use(channel);
          this.#dispatch({ type: 'opened' });
        });
      }
      case 'claiming':
        return this.#claim(state.seat, state.goal, step);
      case 'entering':
        return this.#run(step, this.#peer!.request('session.enter', {}, this.#times.claimMs), (joined) => {
          this.#dispatch({ type: 'joined' });
          this.events.emit('joined', joined);
          this.#tellEarly(joined.snapshot.revision);
        });
      case 'backoff':
        return this.#dropSocket();
      case 'closed':
        this.#dropSocket();
        return this.close(state.error ? 'failed' : 'requested');
    }
  }

  /** Runs one step's work; what comes after the step is over is dropped. */
  #run<T>(step: Lifetime, work: Promise<T>, done: (result: T) => void): void {
    work.then(
      (result) => {
        if (!step.closed) done(result);
        else if (isChannel(result)) result.close(1000, '');
      },
      (error) => {
        if (!step.closed) this.#fail(error);
      },
    );
  }

  #armDeadline(deadlineAt: number, step: Lifetime): void {
    const cancel = this.#clock.after(Math.max(0, deadlineAt - this.#clock.now()), () => {
      this.#dispatch({ type: 'deadline', random: (this.#environment.random ?? Math.random)() });
      if (!step.closed) this.#armDeadline(deadlineAt, step); // The timer was early by a fraction.
    });
    step.onClose(cancel);
  }

  #claim(seat: Seat, goal: 'join' | 'resume', step: Lifetime): void {
    const peer = this.#peer!;
    const { progress, subscribe, subscribeAtMost, moves = false, client } = this.#environment;
    const { roomId, participantId, secret } = seat;
    const work = this.#environment.rtpCapabilities(seat.rtpCapabilities).then((rtpCapabilities) => {
      const audioSlots = subscribe === 'all';
      const seen = {
        rtpCapabilities,
        subscribe,
        audioSlots,
        moves,
        arrays: true,
        ...(subscribeAtMost ? { subscribeAtMost } : {}),
      };
      const common = { roomId, participantId, secret, protocolVersion, ...seen };
      const { claimMs } = this.#times;
      if (goal === 'join') return peer.request('session.join', { ...common, client }, claimMs);
      const { mediaSessionId, revision } = progress();
      const known = { revision, ...(mediaSessionId ? { mediaSessionId } : {}) };
      return peer.request('session.resume', { ...common, ...known }, claimMs);
    });
    this.#run(step, work, (answer) => {
      if (answer.status === 'waiting') return this.#dispatch({ type: 'waiting' });
      this.#dispatch({ type: 'joined' });
      if (answer.status === 'joined') this.events.emit('joined', answer);
      else this.events.emit('resumed', answer.missed, answer.audioSlots ?? []);
      const known = answer.status === 'joined' ? answer : answer.missed;
      this.#tellEarly('snapshot' in known ? known.snapshot.revision : known.revision);
    });
  }

  /** What a notification says; while the answer to the claim is under way, after that: it is about what the answer names. */
  #tell(say: () => void, revision = Number.POSITIVE_INFINITY): void {
    if (!this.#early) return say();
    if (this.#early.length >= limits.roomLogEvents) return this.#peer?.close('lost');
    this.#early.push({ revision, say });
  }

  /** `known`: the revision that the answer leads to. */
  #tellEarly(known: number): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const { revision, say } of early) if (revision > known) say();
  }

  // ---- the socket ----

  #dropSocket(): void {
    const peer = this.#peer;
    this.#peer = undefined;
    peer?.close();
  }

  #use(channel: Channel): void {
    const { events } = this;
    this.#early = [];
    const peer = new RpcPeer<SignalingClient, SignalingServer>(channel, {
      takesArrays: true,
      handlers: {},
      notices: {
        'room.event': ({ revision, event }) =>
          this.#tell(() => events.emit('event', revision, event), revision),
        'session.admitted': () => this.#dispatch({ type: 'admitted' }),
        'session.closed': ({ code, message }) => {
          if (isErrorCode(code)) this.#fail(new PlatformError(code, message));
        },
        'session.redirect': ({ signaling }) => void this.#redirect(signaling),
        'session.iceServers': ({ iceServers }) => this.#tell(() => events.emit('iceServers', iceServers)),
        'media.reset': (notice) => this.#tell(() => events.emit('mediaReset', notice)),
        'media.standby': (notice) => this.#tell(() => events.emit('standby', notice)),
        'media.move': (notice) => this.#tell(() => events.emit('mediaMove', notice)),
        'subscription.closed': (notice) => this.#tell(() => events.emit('subscriptionClosed', notice)),
        'subscription.layers': (notice) => this.#tell(() => events.emit('layersChanged', notice)),
        'track.demand': (notice) => this.#tell(() => events.emit('demandChanged', notice)),
        'room.audioSlots': ({ slots }) => this.#tell(() => events.emit('audioSlots', slots)),
        'room.speakers': (notice) => this.#tell(() => events.emit('speakers', notice)),
      },
    });
    this.#peer = peer;
    peer.onClose(() => {
      if (this.#peer !== peer) return;
      this.#peer = undefined;
      const { code, reason } = peer.closeInfo;
      this.#fail(
        new PlatformError(
          isErrorCode(reason) ? reason : 'connection-lost',
          `the socket closed (${code} ${reason})`,
        ),
      );
    });
    this.#watch(peer);
  }

  /**
   * Tells a dead socket from a silent one within `pingAfterMs` + `pingTimeoutMs`; later over a narrow line, on a busy page, and while the seat is
   * not taken up: a node to which thousands come at once is busy, and each that tried anew would make it busier.
   */
  #watch(peer: RpcPeer<SignalingClient, SignalingServer>): void {
    const check = () => {
      if (peer.closed) return;
      const silentMs = performance.now() - peer.lastHeardAt;
      const { status } = this.#state;
      const isPending = status === 'claiming' || status === 'entering';
      const leftMs = (isPending ? limits.pendingPingAfterMs : limits.pingAfterMs) - silentMs;
      if (leftMs > 0) return void this.#clock.after(Math.min(limits.pingAfterMs, leftMs + 1), check);
      peer.request('session.ping', {}, limits.pingTimeoutMs).then(check, (error: PlatformError) => {
        const isPatient = this.#state.status !== 'joined' || this.#environment.isSlow?.();
        const patienceMs = isPatient ? limits.narrowSilenceMs : 0;
        const isDead = error.code === 'timeout' && performance.now() - peer.lastHeardAt > patienceMs;
        if (isDead) peer.close('lost');
        else check();
      });
    };
    this.#clock.after(limits.pingAfterMs, check);
  }
}

function isChannel(value: unknown): value is Channel {
  return typeof value === 'object' && value !== null && 'onMessage' in value;
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
