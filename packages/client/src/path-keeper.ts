import { type Clock, Lifetime, PlatformError, systemClock } from '@weir/core';
import type { IceParameters } from '@weir/protocol';
import { type Credentials, nextPath, type PathEvent, type PathState } from './path-state.ts';

/** What a keeper asks of the transport whose path it keeps. */
export type KeptTransport = {
  /** Asks the server for new ICE credentials. Those in use hold until the new ones are used. */
  askIce(): Promise<IceParameters>;
  /**
   * Looks for a path with them on every network there is, or through relays only; the path in use carries until another is
   * chosen.
   */
  restartIce(iceParameters: IceParameters, relaysOnly: boolean): Promise<void>;
  /** Whether there are relays that are not all there is anyway. */
  hasRelays?(): boolean;
  /** Whether what happens is heard of late: what seems to be broken may not be. */
  isBusy?(): boolean;
  /** No path was found: the transport must be made anew. */
  lost(reason: PlatformError): void;
};

/** A path that has just been found is left alone for so long. */
const reserveAfterMs = 1_500;
const askAgainMs = 500;
/** On a busy page bad news is looked at again after so long, … */
const doubtMs = 500;
/** … and believed after so long in any case. */
const doubtAtMostMs = 6_000;

/**
 * Restarts ICE when a transport's path breaks, and gives the transport up when that does not help. It keeps credentials in
 * reserve, so that a restart needs no answer of the server: when the network goes, the signaling is gone with it.
 */
export class PathKeeper extends Lifetime {
  readonly #transport: KeptTransport;
  readonly #clock: Clock;
  #state: PathState = { status: 'holding' };
  #reserve: IceParameters | undefined;
  #cancelDeadline = () => {};
  #cancelReserve = () => {};
  #cancelDoubt = () => {};

  constructor(transport: KeptTransport, clock: Clock = systemClock) {
    super();
    this.#transport = transport;
    this.#clock = clock;
    this.onClose(() => {
      this.#cancelDeadline();
      this.#cancelReserve();
      this.#cancelDoubt();
    });
  }

  get state(): PathState {
    return this.#state;
  }

  /** The transport's connection is in another state. */
  connectionChanged(state: RTCPeerConnectionState): void {
    if (state === 'closed') return this.close();
    if (state === 'new') return;
    this.#cancelDoubt();
    if (state === 'disconnected') return this.#believe(this.#clock.now() + doubtAtMostMs);
    this.#dispatch({ type: state });
    if (state === 'connected') this.#fillReserve();
  }

  /** What used to arrive over the network does not any more, or does again. */
  trafficChanged(traffic: 'silent' | 'alive'): void {
    this.#dispatch({ type: traffic });
  }

  networkChanged(): void {
    this.#dispatch({ type: 'networkChanged' });
  }

  #dispatch(event: DistributiveOmit<PathEvent, 'now'>): void {
    if (this.closed) return;
    const before = this.#state;
    const after = nextPath(before, { ...event, now: this.#clock.now() } as PathEvent);
    if (after === before) return;
    this.#state = after;
    this.#cancelDeadline();
    if ('deadlineAt' in after) this.#armDeadline(after.deadlineAt);
    if (after.status === before.status) return;
    if (after.status === 'asking') void this.#restart();
    if (after.status === 'holding') this.#fillReserve();
    if (after.status === 'lost')
      this.#transport.lost(new PlatformError('media-lost', 'no media path was found'));
  }

  /** It has no answers of the other side: a network that is gone, or a page that does not get to read them. */
  #believe(until: number): void {
    if (this.#transport.isBusy?.() && this.#clock.now() < until)
      this.#cancelDoubt = this.#clock.after(doubtMs, () => this.#believe(until));
    else this.#dispatch({ type: 'disconnected' });
  }

  #armDeadline(deadlineAt: number, until = deadlineAt + doubtAtMostMs): void {
    this.#cancelDeadline = this.#clock.after(Math.max(0, deadlineAt - this.#clock.now()), () => {
      const before = this.#state;
      if (this.#transport.isBusy?.() && this.#clock.now() < until)
        return this.#armDeadline(this.#clock.now() + doubtMs, until);
      this.#dispatch({ type: 'deadline' });
      if (this.#state === before) this.#armDeadline(deadlineAt, until); // The timer was early by a fraction.
    });
  }

  async #restart(): Promise<void> {
    this.#cancelReserve();
    const relaysOnly = this.#state.status === 'asking' && this.#state.relaysOnly;
    const reserve = this.#reserve;
    this.#reserve = undefined;
    try {
      await this.#use(reserve ?? (await this.#ask()), relaysOnly ? 'relays' : reserve ? 'reserve' : 'fresh');
    } catch {
      this.#dispatch({ type: 'refused' });
    }
  }

  /** Until there is an answer: the signaling may itself be on its way back. */
  async #ask(): Promise<IceParameters> {
    for (;;) {
      try {
        return await this.#transport.askIce();
      } catch (error) {
        if (!mayPass(error) || this.closed) throw error;
        await new Promise<void>((resolve) => this.#clock.after(askAgainMs, resolve));
      }
    }
  }

  async #use(iceParameters: IceParameters, credentials: Credentials): Promise<void> {
    if (this.closed) return;
    const orRelays = this.#transport.hasRelays?.() ? { orRelays: true as const } : {};
    this.#dispatch({ type: 'answered', with: credentials, ...orRelays });
    await this.#transport.restartIce(iceParameters, credentials === 'relays');
  }

  /** Gets reserve credentials once the path holds. */
  #fillReserve(): void {
    this.#cancelReserve();
    if (!this.#reserve && !this.closed)
      this.#cancelReserve = this.#clock.after(reserveAfterMs, () => void this.#askReserve());
  }

  async #askReserve(): Promise<void> {
    if (this.#state.status !== 'holding' || this.closed) return;
    try {
      const reserve = await this.#transport.askIce();
      // Another restart was asked for meanwhile: it has newer ones.
      if (this.#state.status === 'holding') this.#reserve = reserve;
    } catch (error) {
      // The server may have given some that did not arrive. Asked again it forgets those in use: use what it answers then.
      if (mayPass(error)) this.#dispatch({ type: 'networkChanged' });
    }
  }
}

/** Whether the same may be asked again: the connection went, or no answer came in time. */
function mayPass(error: unknown): boolean {
  const { code } = PlatformError.from(error);
  return code === 'connection-lost' || code === 'timeout';
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
