import type { MediaEngine, MediaSignaling, Production, PublishOptions, Reception } from '@weir/client';
import { PlatformError } from '@weir/core';
import { rtpCapabilities } from '@weir/peer';
import type {
  Direction,
  IceServer,
  MediaSession,
  RtpCapabilities,
  RtpParameters,
  Subscription,
} from '@weir/protocol';
import type { Child } from '../measure/child.ts';
import type { Streams } from './node-delays.ts';
import type { PeersProcess } from './peers-process.ts';

/** The client's engine with its network side in another process: what is said stays here, what is sent goes there. */
export class RemoteEngine implements MediaEngine {
  readonly #peers: Child<PeersProcess>;
  readonly #packetsPerSecond: number;
  readonly #streams: Streams;
  #media: MediaSession | undefined;
  #signaling: MediaSignaling | undefined;
  readonly #connections = new Map<Direction, Promise<string>>();

  /** `streams` is told what goes into the node and what comes out. */
  constructor(peers: Child<PeersProcess>, packetsPerSecond: number, streams: Streams) {
    this.#peers = peers;
    this.#packetsPerSecond = packetsPerSecond;
    this.#streams = streams;
  }

  get mediaSessionId(): string | undefined {
    return this.#media?.mediaSessionId;
  }

  async load(_fleet?: RtpCapabilities): Promise<RtpCapabilities> {
    return rtpCapabilities();
  }

  open(media: MediaSession, _iceServers: IceServer[], signaling: MediaSignaling): void {
    this.#media = media;
    this.#signaling = signaling;
    this.#connections.clear();
  }

  async publish(
    _track: MediaStreamTrack,
    _options: PublishOptions,
    announce: (rtpParameters: RtpParameters) => Promise<void>,
  ): Promise<Production> {
    const id = await this.#connection('send');
    const packetsPerSecond = this.#packetsPerSecond;
    const { trackIndex, rtpParameters } = await this.#peers.call('addTrack', { id, packetsPerSecond });
    this.#streams.publish(rtpParameters);
    await announce(rtpParameters);
    await this.#peers.call('startTrack', { trackIndex });
    return { replaceTrack: async () => {}, setPaused: () => {}, setDemand: () => {}, close: () => {} };
  }

  publishData(): never {
    throw new PlatformError('wrong-state', 'these peers send no data');
  }

  async receive(subscriptions: Subscription[]): Promise<Map<string, Reception>> {
    const id = await this.#connection('receive');
    const media = subscriptions.filter((subscription) => subscription.kind !== 'data');
    const rtpParameters = media.map((subscription) => subscription.rtpParameters);
    for (const parameters of rtpParameters) this.#streams.subscribe(parameters);
    await this.#peers.call('addReceivers', { id, rtpParameters });
    return new Map(
      media.map(({ trackId, subscriptionId }) => [
        trackId,
        { subscriptionId, track: undefined, close: () => {} },
      ]),
    );
  }

  close(): void {
    this.#media = undefined; // The connections end with their process.
  }

  #connection(direction: Direction): Promise<string> {
    let connection = this.#connections.get(direction);
    if (!connection) {
      connection = this.#connect(direction);
      this.#connections.set(direction, connection);
    }
    return connection;
  }

  async #connect(direction: Direction): Promise<string> {
    const parameters = this.#media?.[direction];
    if (!parameters || !this.#signaling) throw new PlatformError('wrong-state', `no ${direction} transport`);
    const { id } = parameters;
    this.#streams.nodePort = parameters.iceCandidates[0]?.port;
    await this.#signaling.connect(direction, id, await this.#peers.call('open', { parameters, direction }));
    await this.#peers.call('connect', { id });
    return id;
  }
}
