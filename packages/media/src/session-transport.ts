import { Lifetime, PlatformError } from '@weir/core';
import type { Direction, DtlsParameters, IceParameters, TransportParameters } from '@weir/protocol';
import type { WebRtcTransport } from 'mediasoup/types';
import { type Connectivity, connectivity, openTransport, transportParameters } from './engine-words.ts';
import type { RoomRouter } from './room-router.ts';

/** The server's side of one transport of a session. The engine closes all that is on it with it. */
export class SessionTransport extends Lifetime {
  readonly direction: Direction;
  readonly engine: WebRtcTransport;
  #state: Connectivity = 'new';
  #connecting: { fingerprint: string; done: Promise<void> } | undefined;

  static async open(
    { router, worker }: RoomRouter,
    direction: Direction,
    onState: (transport: SessionTransport) => void,
  ): Promise<SessionTransport> {
    const engine = await openTransport(router, worker.webRtcServer);
    const transport = new SessionTransport(direction, engine, onState);
    worker.egress.add(engine, transport);
    return transport;
  }

  private constructor(
    direction: Direction,
    engine: WebRtcTransport,
    onState: (transport: SessionTransport) => void,
  ) {
    super();
    this.direction = direction;
    this.engine = engine;
    const update = () => {
      const state = connectivity(engine);
      if (this.closed || state === this.#state) return;
      this.#state = state;
      onState(this);
    };
    engine.on('icestatechange', update);
    engine.on('dtlsstatechange', update);
    engine.on('iceselectedtuplechange', () => {
      if (this.#state === 'connected' && !this.closed) onState(this); // It may have gone from TCP to UDP.
    });
  }

  /** First the engine's part: that is one message, not one for each subscription. */
  override close(...[reason]: Parameters<Lifetime['close']>): void {
    if (!this.closed) this.engine.close();
    super.close(reason);
  }

  get id(): string {
    return this.engine.id;
  }

  get state(): Connectivity {
    return this.#state;
  }

  /** No second handshake happens on the same transport. */
  get failed(): boolean {
    return this.engine.dtlsState === 'failed';
  }

  /** What its path goes over; undefined while there is none. */
  get protocol(): 'udp' | 'tcp' | undefined {
    return this.#state === 'connected' ? this.engine.iceSelectedTuple?.protocol : undefined;
  }

  describe(): TransportParameters {
    return transportParameters(this.engine);
  }

  /** The same parameters again are no error: the answer to the first request may have been lost. */
  async connect(dtlsParameters: DtlsParameters): Promise<void> {
    const fingerprint = JSON.stringify(dtlsParameters.fingerprints);
    this.#connecting ??= { fingerprint, done: this.engine.connect({ dtlsParameters }) };
    if (this.#connecting.fingerprint !== fingerprint)
      throw new PlatformError(
        'wrong-state',
        `the ${this.direction} transport is connected to another certificate`,
      );
    const connecting = this.#connecting;
    try {
      await connecting.done;
    } catch (error) {
      if (this.#connecting === connecting) this.#connecting = undefined;
      throw error;
    }
  }

  restartIce(): Promise<IceParameters> {
    return this.engine.restartIce();
  }
}
