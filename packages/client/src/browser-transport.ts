import { Lifetime, newId, sleep } from '@weir/core';
import type {
  Direction,
  IceServer,
  RtpParameters,
  SctpStreamParameters,
  TransportParameters,
} from '@weir/protocol';
import type { Device, types } from 'mediasoup-client';
import { isPageBusy } from './busy-page.ts';
import { DeadPath, pairTraffic } from './dead-path.ts';
import type { MediaSignaling } from './media-engine.ts';
import { PathKeeper } from './path-keeper.ts';
import { tracksAtMost } from './path-watch.ts';
import { peerConnections } from './peer-connections.ts';

/** The server numbers its streams from 0 on and has a thousand: it never comes so far. */
const idleStream = 1_000;

/** Goes with a production through mediasoup-client to where the server is told. */
export type Announce<T> = { announce: (parameters: T) => Promise<void> };

/** The relays of a media session; its transports see what changes. `only`: nothing but relays is to be used. */
export type Relays = { servers: IceServer[]; only: boolean };

export type BrowserTransportOptions = {
  device: Device;
  direction: Direction;
  parameters: TransportParameters;
  relays: Relays;
  signaling: MediaSignaling;
  /** Its path carries nothing any more. */
  broken(transport: BrowserTransport): void;
  /** Its path is dead, while another one answers. */
  stuck(transport: BrowserTransport): void;
};

const lookEveryMs = 40;
/** That another way led to the server says so long that one that is silent is dead. */
const answerCountsMs = 500;
/** By then the browser has changed over by itself. */
const lookAtMostMs = 4_000;

/** One peer connection, whose path is kept. Closes with `lost` when no path is found any more. */
export class BrowserTransport extends Lifetime {
  readonly id: string;
  readonly engine: types.Transport;
  readonly #keeper: PathKeeper;
  readonly #direction: Direction;
  readonly #signaling: MediaSignaling;
  readonly #relays: Relays;
  readonly #stuck: BrowserTransportOptions['stuck'];
  #configured: string;
  #deadPath: DeadPath | undefined;
  /** Nothing comes any more over the one in whose place it is. */
  #isUrgent = false;
  #anotherAnsweredAt = Number.NEGATIVE_INFINITY;
  /** Ends the wait for the next look. */
  #lookNow: (() => void) | undefined;

  /** Throws `limit-reached` when the browser would have no more peer connections. */
  constructor(transport: BrowserTransportOptions) {
    super();
    const { device, direction, parameters, relays, signaling, broken, stuck } = transport;
    const options = {
      ...(parameters as unknown as types.TransportOptions),
      ...configuration(relays, false),
    };
    this.id = parameters.id;
    this.#direction = direction;
    this.#signaling = signaling;
    this.#relays = relays;
    this.#stuck = stuck;
    this.#configured = JSON.stringify(configuration(relays, false));
    this.engine = peerConnections.count(
      () =>
        direction === 'send' ? device.createSendTransport(options) : device.createRecvTransport(options),
      (made) => connectionOf(made) ?? made,
    );
    this.#keeper = this.own(
      new PathKeeper({
        askIce: () => signaling.restartIce(direction, this.id),
        restartIce: async (iceParameters, relaysOnly) => {
          if (this.closed) return;
          this.#configure(relaysOnly);
          await this.engine.restartIce({ iceParameters: iceParameters as types.IceParameters });
        },
        hasRelays: () => relays.servers.length > 0 && !relays.only,
        isBusy: isPageBusy,
        lost: () => this.close('lost'),
      }),
    );
    this.onClose(() => this.engine.close());
    this.#listen(broken);
  }

  get connection(): RTCPeerConnection | undefined {
    return connectionOf(this.engine);
  }

  get connected(): boolean {
    return !this.closed && this.engine.connectionState === 'connected';
  }

  get isUrgent(): boolean {
    return this.#isUrgent;
  }

  /** It takes the place of one whose path is dead: it connects before it is known what is received over it. */
  takeOver(): void {
    this.#isUrgent = true;
    this.connectIdle().catch(() => this.close('failed'));
  }

  /** What used to arrive over it does not any more, or does again. */
  trafficChanged(traffic: 'silent' | 'alive'): void {
    this.#keeper.trafficChanged(traffic);
    if (traffic === 'silent') void this.#lookForDeadPath();
  }

  /** Another way than that in use leads to the server: a path over which nothing comes just now is dead. */
  anotherPathAnswers(): void {
    this.#anotherAnsweredAt = performance.now();
    this.#deadPath?.anotherAnswers();
    this.#lookNow?.();
  }

  /** The machine's network is another one, or was asleep. */
  networkChanged(): void {
    this.#keeper.networkChanged();
  }

  /** Connects before there is anything to send or receive: a data channel that nobody uses is enough for that. */
  async connectIdle(): Promise<void> {
    const stream = { ordered: false, maxRetransmits: 0, label: 'standby' };
    if (this.#direction === 'send') {
      const appData: Announce<SctpStreamParameters> = { announce: async () => {} };
      await this.engine.produceData({ ...stream, appData });
    } else {
      const sctpStreamParameters = { ...stream, streamId: idleStream };
      await this.engine.consumeData({ id: 'standby', dataProducerId: 'standby', sctpStreamParameters });
    }
  }

  async #lookForDeadPath(): Promise<void> {
    const { connection } = this;
    if (!connection || this.#deadPath || connection.getTransceivers().length > tracksAtMost) return;
    const path = new DeadPath();
    if (performance.now() - this.#anotherAnsweredAt < answerCountsMs) path.anotherAnswers();
    this.#deadPath = path;
    try {
      const until = performance.now() + lookAtMostMs;
      while (!this.closed && performance.now() < until) {
        const traffic = pairTraffic(await connection.getStats());
        if (this.closed || (!traffic && connection.iceConnectionState !== 'disconnected')) return;
        const judgement = path.look(traffic);
        if (judgement === 'dead') this.#stuck(this);
        if (judgement) return;
        const now = new Promise<void>((resolve) => {
          this.#lookNow = resolve;
        });
        await Promise.race([now, sleep(lookEveryMs, this.signal)]);
      }
    } catch {
      // The connection closed while it was looked at.
    } finally {
      this.#deadPath = undefined;
    }
  }

  /** From the next restart on. */
  #configure(relaysOnly: boolean): void {
    const { connection } = this;
    const wanted = configuration(this.#relays, relaysOnly);
    if (!connection || JSON.stringify(wanted) === this.#configured) return;
    connection.setConfiguration({ ...connection.getConfiguration(), ...wanted });
    this.#configured = JSON.stringify(wanted);
  }

  #listen(broken: BrowserTransportOptions['broken']): void {
    const { engine } = this;
    engine.on('connect', ({ dtlsParameters }, callback) => {
      // Not awaited: ICE and DTLS start while the server is told. Without it they fail, and are mended like any failure.
      this.#signaling.connect(this.#direction, this.id, dtlsParameters).catch(() => this.close('lost'));
      callback();
    });
    engine.on('produce', ({ rtpParameters, appData }, callback, errback) => {
      (appData as Announce<RtpParameters>).announce(rtpParameters as RtpParameters).then(
        () => callback({ id: newId('e') }),
        (error) => errback(error),
      );
    });
    engine.on('producedata', ({ sctpStreamParameters, appData }, callback, errback) => {
      (appData as Announce<SctpStreamParameters>).announce(sctpStreamParameters as SctpStreamParameters).then(
        () => callback({ id: newId('e') }),
        (error) => errback(error),
      );
    });
    engine.on('connectionstatechange', (state) => {
      this.#keeper.connectionChanged(state);
      // On a busy page it is doubted, as the keeper does.
      if (state === 'failed' || (state === 'disconnected' && !isPageBusy())) broken(this);
    });
  }
}

function configuration({ servers, only }: Relays, relaysOnly: boolean) {
  const iceTransportPolicy: RTCIceTransportPolicy = only || relaysOnly ? 'relay' : 'all';
  return { iceServers: servers as RTCIceServer[], iceTransportPolicy };
}

/** Not public API of mediasoup-client: for counting, debugging and tests only. */
function connectionOf(transport: types.Transport): RTCPeerConnection | undefined {
  return (transport.handler as unknown as { _pc?: RTCPeerConnection } | undefined)?._pc;
}
