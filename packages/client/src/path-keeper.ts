import { type Clock, Lifetime, PlatformError, systemClock } from '@weir/core';
import { nextPath, type PathEvent, type PathState } from './path-state.ts';

/** What a keeper asks of the transport whose path it keeps. */
export type KeptTransport = {
  /** Looks for a path with new ICE credentials; the one in use carries until another is chosen. */
  restartIce(): Promise<void>;
  /** No path was found: the transport must be made anew. */
  lost(reason: PlatformError): void;
};

/** Restarts ICE when a transport's path breaks; gives the transport up when that does not help. */
export class PathKeeper extends Lifetime {
  readonly #transport: KeptTransport;
  readonly #clock: Clock;
  #state: PathState = { status: 'holding' };
  #cancel = () => {};

  constructor(transport: KeptTransport, clock: Clock = systemClock) {
    super();
    this.#transport = transport;
    this.#clock = clock;
    this.onClose(() => this.#cancel());
  }

  get state(): PathState {
    return this.#state;
  }

  /** The transport's connection is in another state. */
  connectionChanged(state: RTCPeerConnectionState): void {
    if (state === 'connected' || state === 'disconnected' || state === 'failed')
      this.#dispatch({ type: state });
    else if (state === 'closed') this.close();
  }

  #dispatch(event: Pick<PathEvent, 'type'>): void {
    if (this.closed) return;
    const before = this.#state;
    const after = nextPath(before, { ...event, now: this.#clock.now() });
    if (after === before) return;
    this.#state = after;
    this.#cancel();
    this.#cancel = () => {};
    if ('deadlineAt' in after) this.#arm(after.deadlineAt);
    if (after.status === 'restarting')
      // The deadline decides: the signaling may itself be on its way back.
      this.#transport.restartIce().catch(() => {});
    if (after.status === 'lost')
      this.#transport.lost(new PlatformError('media-lost', 'no media path was found'));
  }

  #arm(deadlineAt: number): void {
    this.#cancel = this.#clock.after(Math.max(0, deadlineAt - this.#clock.now()), () => {
      const before = this.#state;
      this.#dispatch({ type: 'deadline' });
      if (this.#state === before) this.#arm(deadlineAt); // The timer was early by a fraction.
    });
  }
}
