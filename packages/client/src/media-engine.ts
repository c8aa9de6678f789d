import type { PlatformError } from '@weir/core';
import type {
  Direction,
  DtlsParameters,
  IceParameters,
  IceServer,
  MediaSession,
  RtpCapabilities,
  RtpParameters,
  SctpStreamParameters,
  Subscription,
  TransportParameters,
} from '@weir/protocol';
import type { PublishOptions } from './publish-options.ts';

/** What an engine asks of the signaling while it works. */
export type MediaSignaling = {
  connect(direction: Direction, transportId: string, dtlsParameters: DtlsParameters): Promise<void>;
  restartIce(direction: Direction, transportId: string): Promise<IceParameters>;
  /** The server's side of another transport. */
  openTransport(direction: Direction): Promise<TransportParameters>;
  closeTransport(transportId: string): void;
  /** All that comes over this receive transport is to come over another: its path is dead. It stays until that flows. */
  receiveAnew(transportId: string): void;
  /** All that is sent has to be sent anew, over another transport: the path of the one before is dead. */
  sendAnew(): void;
  /** All that came over this receive transport has to be received over another. */
  transportLost(transportId: string): void;
  /** The network seems to be gone, as far as the media tells; `isAll`: nothing comes at all. */
  suspected(isAll: boolean): void;
  /** The media cannot be mended on this session: it needs new transports. */
  lost(reason: PlatformError): void;
};

/** What a media session that is not in use yet is made from. */
export type Standby = {
  media: MediaSession;
  iceServers: IceServer[];
  signaling: MediaSignaling;
  relaysOnly: boolean;
};

/** Tells the server what will be sent; `transportId`: not over the first send transport. */
export type Announcing<Parameters> = (parameters: Parameters, transportId?: string) => Promise<void>;

/** A local track being sent. */
export type Production = {
  replaceTrack(track: MediaStreamTrack | null): Promise<void>;
  setPaused(paused: boolean): void;
  /** The browser's own numbers of it; absent where the engine has none. */
  stats?(): Promise<RTCStatsReport>;
  /** Resolves when something of it was sent. May never, while it is muted or nobody wants it. */
  flows?(): Promise<void>;
  /** What nobody wants need not be encoded: layers above this one; all of it when null. */
  setDemand(maxSpatialLayer: number | null): void;
  close(): void;
};

export type DataProduction = {
  send(payload: Uint8Array): void;
  /** Bytes that wait in the sender. */
  readonly backlogBytes: number;
  close(): void;
};

/** A remote track being received. */
export type Reception = {
  readonly subscriptionId: string;
  readonly track: MediaStreamTrack | undefined;
  /** The browser's own numbers of it; absent where the engine has none. */
  stats?(): Promise<RTCStatsReport>;
  /** And of all that comes over the same connection: its own say nothing of the path before a packet of it has come. */
  connectionStats?(): Promise<RTCStatsReport | undefined>;
  /** Resolves when there is something to see or hear. May never. */
  flows?(): Promise<void>;
  close(): void;
};

/** Transports to receive over, for engines that negotiate longer the more tracks one has. */
export interface ReceiveTransports {
  /** Those in use, the first one first. */
  readonly ids: readonly string[];
  /** No more than so many tracks on one, while there can be another, … */
  readonly tracksEach: number;
  /** … which there can while they are fewer than that. */
  readonly atMost: number;
  /** Opens another one and answers its id. */
  open(): Promise<string>;
  /** Gives one up: it does not work, or the server does not know it. */
  drop(transportId: string): void;
}

/**
 * Where media meets the network: mediasoup-client in a browser, node-datachannel in a headless peer. One media session at
 * a time; opening the next one ends the one before with all that ran on it.
 */
export interface MediaEngine {
  /** Loads what every room will need, before anything of a room is known. Never rejects. */
  prepare?(): Promise<void>;
  /** What can be received here of what the fleet sends. */
  load(fleet: RtpCapabilities): Promise<RtpCapabilities>;
  /** `relaysOnly`: media may go through the relays in `iceServers` and no other way. */
  open(media: MediaSession, iceServers: IceServer[], signaling: MediaSignaling, relaysOnly?: boolean): void;
  /**
   * A media session for the day when the one in use goes: its transports are connected, and used when it is opened. In
   * place of an earlier one; undefined: there is none any more.
   */
  standBy?(standby: Standby | undefined): void;
  /**
   * Like `open`, but what runs on the media session before goes on beside it until `closeEarlier`; what is published and received
   * from now on is on the new one. Absent: the engine has one at a time.
   */
  openBeside?(
    media: MediaSession,
    iceServers: IceServer[],
    signaling: MediaSignaling,
    relaysOnly?: boolean,
  ): void;
  /** All has moved over. `received`: only what was received over it ends. */
  closeEarlier?(part?: 'received'): void;
  /** The relays from the next path on. */
  useIceServers?(iceServers: IceServer[]): void;
  /** The signaling got through on a new connection where the one before was dead. */
  anotherPathAnswers?(): void;
  /** The machine's network is another one, or was asleep: paths are looked for on it at once. */
  networkChanged?(): void;
  readonly mediaSessionId: string | undefined;
  /** How many tracks it sets up at once while nothing is shown yet; undefined: as many as there are. */
  readonly receiveAtOnce?: number;
  /** Undefined: all is received over the first transport. */
  readonly receiveTransports?: ReceiveTransports | undefined;
  /** The track is on its way when both this and `announce` are done. */
  publish(
    track: MediaStreamTrack,
    options: PublishOptions,
    announce: Announcing<RtpParameters>,
  ): Promise<Production>;
  publishData(
    options: { name: string; maxAgeMs: number },
    announce: Announcing<SctpStreamParameters>,
  ): Promise<DataProduction>;
  /** All of a batch in one negotiation. What fails is absent from the answer. */
  receive(
    subscriptions: Subscription[],
    streamIdOf: (trackId: string) => string,
    onData: (trackId: string, payload: Uint8Array) => void,
  ): Promise<Map<string, Reception>>;
  close(): void;
}
