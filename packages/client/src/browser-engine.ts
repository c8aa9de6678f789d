import { Lifetime, PlatformError, sleep } from '@weir/core';
import type {
  Direction,
  IceServer,
  MediaSession,
  RtpCapabilities,
  RtpParameters,
  SctpStreamParameters,
  Subscription,
  TransportParameters,
} from '@weir/protocol';
import { limits } from '@weir/protocol/limits';
import type { Device, types } from 'mediasoup-client';
import { askForCodecs, newDevice } from './browser-handler.ts';
import { type Announce, BrowserTransport, type Relays } from './browser-transport.ts';
import { EncodingDemand } from './encoding-demand.ts';
import type {
  Announcing,
  DataProduction,
  MediaEngine,
  MediaSignaling,
  Production,
  Reception,
  Standby,
} from './media-engine.ts';
import { PathWatch } from './path-watch.ts';
import { encodingsFor, type PublishOptions } from './publish-options.ts';
import { ReceivePool } from './receive-pool.ts';

type Session = Lifetime & {
  media: MediaSession;
  relays: Relays;
  signaling: MediaSignaling;
  send?: BrowserTransport;
  /** A send transport that takes the place of the first. */
  isRenewingSend?: boolean;
  pool?: ReceivePool;
  paths?: PathWatch;
};

const flowLookMs = 40;
/** What comes or goes so often flows: the first picture may be followed by none for a while, … */
const flowing = 3;
/** … which is better than none at all. */
const flowingUrgently = 1;

/** Once for a page, however many rooms it joins. */
const loadedDevices = new Map<string, Promise<Device>>();

function loadDevice(fleet: RtpCapabilities): Promise<Device> {
  const key = JSON.stringify(fleet);
  let loading = loadedDevices.get(key);
  if (!loading) {
    loading = (async () => {
      const device = newDevice();
      await device.load({ routerRtpCapabilities: fleet as types.RtpCapabilities });
      return device;
    })();
    loadedDevices.set(key, loading);
    loading.catch(() => loadedDevices.delete(key));
  }
  return loading;
}

/** The engine of a browser: mediasoup-client over RTCPeerConnection. */
export class BrowserEngine implements MediaEngine {
  readonly receiveAtOnce = 30;
  #device: Device | undefined;
  #session: Session | undefined;
  #standby: Session | undefined;
  /** The media session before, while all moves from it to the one that there is. */
  #earlier: Session | undefined;

  prepare(): Promise<void> {
    return askForCodecs();
  }

  async load(fleet: RtpCapabilities): Promise<RtpCapabilities> {
    this.#device = await loadDevice(fleet);
    return this.#device.recvRtpCapabilities as RtpCapabilities;
  }

  get mediaSessionId(): string | undefined {
    return this.#session?.media.mediaSessionId;
  }

  get receiveTransports(): ReceivePool | undefined {
    return this.#session?.pool;
  }

  /** The connections now in use, for tests and debug panels; `receive` is the first of those to receive over. */
  get connections(): {
    send?: RTCPeerConnection;
    receive?: RTCPeerConnection;
    receivers: RTCPeerConnection[];
  } {
    const { send, pool } = this.#session ?? {};
    const receivers = [...(pool?.transports ?? [])].flatMap(({ connection }) => connection ?? []);
    return {
      ...(send?.connection ? { send: send.connection } : {}),
      ...(receivers[0] ? { receive: receivers[0] } : {}),
      receivers,
    };
  }

  open(media: MediaSession, iceServers: IceServer[], signaling: MediaSignaling, relaysOnly = false): void {
    this.closeEarlier();
    this.#session?.close();
    this.#use(this.#takeStandby(media) ?? this.#makeSession({ media, iceServers, signaling, relaysOnly }));
  }

  openBeside(
    media: MediaSession,
    iceServers: IceServer[],
    signaling: MediaSignaling,
    relaysOnly = false,
  ): void {
    this.closeEarlier();
    this.#earlier = this.#session;
    this.#use(this.#makeSession({ media, iceServers, signaling, relaysOnly }));
  }

  closeEarlier(part?: 'received'): void {
    if (part === 'received') return this.#earlier?.pool?.close();
    this.#earlier?.close();
    this.#earlier = undefined;
  }

  #use(session: Session): void {
    const { signaling } = session;
    this.#session = session;
    session.paths = session.own(new PathWatch(() => transportsOf(session), signaling.suspected));
  }

  standBy(standby: Standby | undefined): void {
    const known = [this.mediaSessionId, this.#standby?.media.mediaSessionId];
    if (standby && known.includes(standby.media.mediaSessionId)) return;
    this.#standby?.close();
    this.#standby = undefined;
    if (!standby) return;
    const session = this.#makeSession(standby); // Throws when the page may have no more connections.
    this.#standby = session;
    if (standby.media.send) this.#sendTransport(session);
    for (const transport of transportsOf(session))
      transport.connectIdle().catch(() => transport.close('failed'));
  }

  get standby(): { mediaSessionId: string; connected: boolean } | undefined {
    const standby = this.#standby;
    if (!standby) return undefined;
    const transports = [...transportsOf(standby)];
    const connected = transports.length > 0 && transports.every((one) => one.connected);
    return { mediaSessionId: standby.media.mediaSessionId, connected };
  }

  /** That session, if it is the standby and whole. */
  #takeStandby({ mediaSessionId }: MediaSession): Session | undefined {
    const standby = this.#standby;
    if (standby?.media.mediaSessionId !== mediaSessionId) return undefined;
    this.#standby = undefined;
    const { media, send, pool } = standby;
    const isWhole = (!media.send || !send?.closed) && (!media.receive || pool?.ids.length === 1);
    if (isWhole) return standby;
    standby.close();
    return undefined;
  }

  #makeSession({ media, iceServers, signaling, relaysOnly }: Standby): Session {
    const relays = { servers: iceServers, only: relaysOnly };
    const session: Session = Object.assign(new Lifetime(), { media, relays, signaling });
    // A send transport when there is something to send.
    if (media.receive) session.pool = session.own(this.#makePool(session, media.receive));
    return session;
  }

  useIceServers(iceServers: IceServer[]): void {
    for (const session of [this.#session, this.#standby]) if (session) session.relays.servers = iceServers;
  }

  anotherPathAnswers(): void {
    if (this.#session) for (const transport of transportsOf(this.#session)) transport.anotherPathAnswers();
    this.#session?.paths?.anotherAnswers();
  }

  networkChanged(): void {
    this.#session?.paths?.networkChanged();
    if (this.#standby) for (const transport of transportsOf(this.#standby)) transport.networkChanged();
    this.#earlier?.paths?.networkChanged();
  }

  close(): void {
    this.closeEarlier();
    this.#session?.close();
    this.#standby?.close();
    this.#session = this.#standby = undefined;
  }

  async publish(
    track: MediaStreamTrack,
    options: PublishOptions,
    announce: Announcing<RtpParameters>,
  ): Promise<Production> {
    const device = this.#loaded();
    const { engine: transport, named } = this.#sendTransport();
    const appData: Announce<RtpParameters> = { announce: (parameters) => announce(parameters, named) };
    const base = {
      track,
      appData,
      stopTracks: false,
      disableTrackOnPause: false, // The publication does both itself, at once.
      zeroRtpOnPause: true,
    };
    const producer =
      track.kind === 'audio'
        ? await transport.produce({
            ...base,
            codecOptions: {
              opusDtx: true,
              opusFec: true,
              opusStereo: options.source === 'screen-audio',
              // Speech: with its headers it fits a line of 60 kbit/s.
              opusMaxAverageBitrate: options.source === 'screen-audio' ? 128_000 : 24_000,
            },
          })
        : await transport.produce({
            ...base,
            codec: videoCodec(device, options),
            encodings: encodingsFor(options, track.getSettings().height ?? 720),
            codecOptions: { videoGoogleStartBitrate: 1_000 },
          });
    const demand =
      track.kind === 'video' && producer.rtpSender ? new EncodingDemand(producer.rtpSender) : undefined;
    return {
      replaceTrack: (next) => (producer.closed ? Promise.resolve() : producer.replaceTrack({ track: next })),
      setPaused: (paused) => (producer.closed ? undefined : paused ? producer.pause() : producer.resume()),
      setDemand: (maxSpatialLayer) => demand?.set(maxSpatialLayer),
      stats: () => producer.getStats(),
      flows: () =>
        counted(
          () => producer.getStats(),
          'outbound-rtp',
          'packetsSent',
          () => producer.closed,
        ),
      close: () => producer.close(),
    };
  }

  async publishData(
    options: { name: string; maxAgeMs: number },
    announce: Announcing<SctpStreamParameters>,
  ): Promise<DataProduction> {
    const { engine, named } = this.#sendTransport();
    const appData: Announce<SctpStreamParameters> = {
      announce: (parameters) => announce(parameters, named),
    };
    const producer = await engine.produceData({
      ordered: false,
      maxRetransmits: 0, // A lifetime is no bound: what is under way is retransmitted past it.
      label: options.name,
      appData,
    });
    return {
      send: (payload) => producer.send(payload as Uint8Array<ArrayBuffer>),
      get backlogBytes() {
        return producer.readyState === 'open' ? producer.bufferedAmount : Number.POSITIVE_INFINITY;
      },
      close: () => producer.close(),
    };
  }

  async receive(
    subscriptions: Subscription[],
    streamIdOf: (trackId: string) => string,
    onData: (trackId: string, payload: Uint8Array) => void,
  ): Promise<Map<string, Reception>> {
    const pool = this.#session?.pool;
    const receptions = new Map<string, Reception>();
    // All calls in one go: mediasoup-client makes one offer and answer of them.
    await Promise.allSettled(
      subscriptions.map(async (subscription) => {
        const { trackId, transportId } = subscription;
        const transport = pool?.get(transportId);
        if (!transport) return;
        receptions.set(
          trackId,
          subscription.kind === 'data'
            ? await receiveData(transport.engine, subscription, onData)
            : await receiveMedia(transport, subscription, streamIdOf(trackId)),
        );
      }),
    );
    return receptions;
  }

  #loaded(): Device {
    if (!this.#device) throw new PlatformError('wrong-state', 'load first');
    return this.#device;
  }

  /** `named`: its id, unless it is what the server takes it to be. */
  #sendTransport(session = this.#session): { engine: types.Transport; named?: string } {
    if (!session) throw new PlatformError('connection-lost', 'no media session');
    const { media } = session;
    if (!media.send) throw new PlatformError('forbidden', 'the grants do not allow to publish');
    session.send ??= this.#makeSendTransport(session, media.send);
    const { engine, id } = session.send;
    return id === media.send.id ? { engine } : { engine, named: id };
  }

  #makeSendTransport(session: Session, parameters: TransportParameters): BrowserTransport {
    const send = session.own(this.#makeTransport(session, 'send', parameters));
    send.onClose((reason) => {
      if (reason === 'lost' && session.send === send)
        session.signaling.lost(new PlatformError('media-lost', 'no media path was found'));
    });
    return send;
  }

  /** A new connection looks at every network, and sends over the one that answers. */
  async #renewSend(session: Session, stuck: BrowserTransport): Promise<void> {
    if (session.isRenewingSend || session.send !== stuck) return;
    session.isRenewingSend = true;
    try {
      const parameters = await session.signaling.openTransport('send');
      if (session.closed || session.send !== stuck) return;
      session.send = this.#makeSendTransport(session, parameters);
      session.signaling.sendAnew();
      await sleep(limits.productionOverlapMs, session.signal);
      stuck.close();
      session.signaling.closeTransport(stuck.id);
    } catch {
      // The old path may be found again; when it is not, all media is made anew.
    } finally {
      session.isRenewingSend = false;
    }
  }

  async #renewReceive(session: Session, stuck: BrowserTransport): Promise<void> {
    const isReplaced = await session.pool?.replace(stuck).catch(() => false); // It may be found again, or is lost.
    if (!isReplaced) return;
    session.signaling.receiveAnew(stuck.id);
    await sleep(limits.productionOverlapMs, session.signal);
    stuck.close();
  }

  #makePool(session: Session, parameters: TransportParameters): ReceivePool {
    const { signaling } = session;
    return new ReceivePool({
      first: this.#makeTransport(session, 'receive', parameters),
      open: async () => this.#makeTransport(session, 'receive', await signaling.openTransport('receive')),
      lost: (transportId) => signaling.transportLost(transportId),
      allLost: () => signaling.lost(new PlatformError('media-lost', 'no media path was found')),
    });
  }

  #makeTransport(session: Session, direction: Direction, parameters: TransportParameters): BrowserTransport {
    const { relays, signaling } = session;
    const broken = (transport: BrowserTransport) => this.#pathBroke(session, transport);
    const stuck = (transport: BrowserTransport) => {
      if (session !== this.#session) return;
      session.paths?.confirm();
      if (direction === 'send') void this.#renewSend(session, transport);
      else void this.#renewReceive(session, transport);
    };
    const device = this.#loaded();
    return new BrowserTransport({ device, direction, parameters, relays, signaling, broken, stuck });
  }

  /** A relay that is gone breaks all that goes through it, and what only sends would be told so after seconds. */
  #pathBroke(session: Session, broken: BrowserTransport): void {
    session.paths?.confirm();
    if (session.relays.servers.length === 0) return;
    for (const transport of transportsOf(session)) if (transport !== broken) transport.networkChanged();
  }
}

function* transportsOf({ send, pool }: Session): Iterable<BrowserTransport> {
  if (send && !send.closed) yield send;
  yield* pool?.transports ?? [];
}

async function receiveMedia(
  transport: BrowserTransport,
  subscription: Extract<Subscription, { kind: 'audio' | 'video' }>,
  streamId: string,
): Promise<Reception> {
  const { engine, isUrgent } = transport;
  const { subscriptionId, trackId, kind, rtpParameters } = subscription;
  const consumer = await engine.consume({
    id: subscriptionId,
    producerId: trackId,
    kind,
    rtpParameters: rtpParameters as types.RtpParameters,
    streamId,
  });
  return {
    subscriptionId,
    track: consumer.track,
    stats: () => consumer.getStats(),
    connectionStats: async () => transport.connection?.getStats(),
    flows: () =>
      counted(
        () => consumer.getStats(),
        'inbound-rtp',
        kind === 'video' ? 'framesDecoded' : 'packetsReceived',
        () => consumer.closed,
        isUrgent ? flowingUrgently : flowing,
      ),
    close: () => consumer.close(),
  };
}

/** Resolves when a number of the browser's says that it flows, or what it counts is over. */
async function counted(
  stats: () => Promise<RTCStatsReport>,
  type: string,
  field: string,
  isOver: () => boolean,
  atLeast = flowing,
): Promise<void> {
  while (!isOver()) {
    for (const report of (await stats().catch(() => new Map())).values())
      if (report.type === type && report[field] >= atLeast) return;
    await sleep(flowLookMs);
  }
}

async function receiveData(
  transport: types.Transport,
  subscription: Extract<Subscription, { kind: 'data' }>,
  onData: (trackId: string, payload: Uint8Array) => void,
): Promise<Reception> {
  const { subscriptionId, trackId, sctpStreamParameters } = subscription;
  const consumer = await transport.consumeData({
    id: subscriptionId,
    dataProducerId: trackId,
    sctpStreamParameters,
  });
  consumer.on('message', (message: unknown) => {
    if (message instanceof ArrayBuffer) onData(trackId, new Uint8Array(message));
  });
  return { subscriptionId, track: undefined, close: () => consumer.close() };
}

function videoCodec(device: Device, options: PublishOptions): types.RtpCodecCapability {
  const wanted = `video/${options.codec ?? 'VP8'}`.toLowerCase();
  const codec = device.sendRtpCapabilities.codecs?.find((c) => c.mimeType.toLowerCase() === wanted);
  if (!codec)
    throw new PlatformError('codec-unsupported', `this browser does not encode ${options.codec ?? 'VP8'}`);
  return codec;
}
