import { Lifetime, newId, PlatformError } from '@weir/core';
import type {
  Direction,
  IceServer,
  MediaSession,
  RtpCapabilities,
  RtpParameters,
  SctpStreamParameters,
  Subscription,
} from '@weir/protocol';
import type { Device, types } from 'mediasoup-client';
import { askForCodecs, newDevice } from './browser-handler.ts';
import { EncodingDemand } from './encoding-demand.ts';
import type { DataProduction, MediaEngine, MediaSignaling, Production, Reception } from './media-engine.ts';
import { PathKeeper } from './path-keeper.ts';
import { encodingsFor, type PublishOptions } from './publish-options.ts';

type Announce<T> = { announce: (parameters: T) => Promise<void> };

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
  #device: Device | undefined;
  #session: Lifetime | undefined;
  #media: MediaSession | undefined;
  #iceServers: IceServer[] = [];
  #signaling: MediaSignaling | undefined;
  #send: types.Transport | undefined;
  #receive: types.Transport | undefined;

  prepare(): Promise<void> {
    return askForCodecs();
  }

  async load(fleet: RtpCapabilities): Promise<RtpCapabilities> {
    this.#device = await loadDevice(fleet);
    return this.#device.recvRtpCapabilities as RtpCapabilities;
  }

  get mediaSessionId(): string | undefined {
    return this.#media?.mediaSessionId;
  }

  /** The connections now in use, for tests and debug panels. */
  get connections(): { send?: RTCPeerConnection; receive?: RTCPeerConnection } {
    return { ...peerConnection('send', this.#send), ...peerConnection('receive', this.#receive) };
  }

  open(media: MediaSession, iceServers: IceServer[], signaling: MediaSignaling): void {
    this.close();
    this.#session = new Lifetime();
    this.#media = media;
    this.#iceServers = iceServers;
    this.#signaling = signaling;
    if (media.receive) this.#receive = this.#makeTransport('receive'); // A send transport when there is something to send.
  }

  close(): void {
    this.#session?.close();
    this.#send?.close();
    this.#receive?.close();
    this.#send = this.#receive = this.#media = undefined;
  }

  async publish(
    track: MediaStreamTrack,
    options: PublishOptions,
    announce: (rtpParameters: RtpParameters) => Promise<void>,
  ): Promise<Production> {
    const device = this.#loaded();
    const transport = this.#sendTransport();
    const appData: Announce<RtpParameters> = { announce };
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
              opusMaxAverageBitrate: options.source === 'screen-audio' ? 128_000 : 40_000,
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
      close: () => producer.close(),
    };
  }

  async publishData(
    options: { name: string; maxAgeMs: number },
    announce: (sctpStreamParameters: SctpStreamParameters) => Promise<void>,
  ): Promise<DataProduction> {
    const appData: Announce<SctpStreamParameters> = { announce };
    const producer = await this.#sendTransport().produceData({
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
    const transport = this.#receive;
    const receptions = new Map<string, Reception>();
    if (!transport) return receptions;
    // All calls in one go: mediasoup-client makes one offer and answer of them.
    await Promise.allSettled(
      subscriptions.map(async (subscription) => {
        const { subscriptionId, trackId } = subscription;
        receptions.set(
          trackId,
          subscription.kind === 'data'
            ? await receiveData(transport, subscription, onData)
            : await receiveMedia(transport, subscription, streamIdOf(trackId)),
        );
        return subscriptionId;
      }),
    );
    return receptions;
  }

  #loaded(): Device {
    if (!this.#device) throw new PlatformError('wrong-state', 'load first');
    return this.#device;
  }

  #sendTransport(): types.Transport {
    if (!this.#media) throw new PlatformError('connection-lost', 'no media session');
    if (!this.#media.send) throw new PlatformError('forbidden', 'the grants do not allow to publish');
    this.#send ??= this.#makeTransport('send');
    return this.#send;
  }

  #makeTransport(direction: Direction): types.Transport {
    const parameters = this.#media![direction]!;
    const signaling = this.#signaling!;
    const options = {
      ...(parameters as unknown as types.TransportOptions),
      iceServers: this.#iceServers as RTCIceServer[],
    };
    const device = this.#loaded();
    const transport =
      direction === 'send' ? device.createSendTransport(options) : device.createRecvTransport(options);
    transport.on('connect', ({ dtlsParameters }, callback) => {
      // Not awaited: ICE and DTLS start while the server is told. Without it they fail, and are mended like any failure.
      signaling
        .connect(direction, dtlsParameters)
        .catch((error) => signaling.lost(PlatformError.from(error, 'media-lost')));
      callback();
    });
    transport.on('produce', ({ rtpParameters, appData }, callback, errback) => {
      (appData as Announce<RtpParameters>).announce(rtpParameters as RtpParameters).then(
        () => callback({ id: newId('e') }),
        (error) => errback(error),
      );
    });
    transport.on('producedata', ({ sctpStreamParameters, appData }, callback, errback) => {
      (appData as Announce<SctpStreamParameters>).announce(sctpStreamParameters as SctpStreamParameters).then(
        () => callback({ id: newId('e') }),
        (error) => errback(error),
      );
    });
    const keeper = this.#session!.own(
      new PathKeeper({
        restartIce: async () => {
          const iceParameters = (await signaling.restartIce(direction)) as types.IceParameters;
          if (!transport.closed) await transport.restartIce({ iceParameters });
        },
        lost: (reason) => signaling.lost(reason),
      }),
    );
    transport.on('connectionstatechange', (state) => keeper.connectionChanged(state));
    transport.observer.on('close', () => keeper.close());
    return transport;
  }
}

async function receiveMedia(
  transport: types.Transport,
  subscription: Extract<Subscription, { kind: 'audio' | 'video' }>,
  streamId: string,
): Promise<Reception> {
  const { subscriptionId, trackId, kind, rtpParameters } = subscription;
  const consumer = await transport.consume({
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
    close: () => consumer.close(),
  };
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

function peerConnection(name: 'send' | 'receive', transport: types.Transport | undefined) {
  // Not public API of mediasoup-client: debugging and tests only.
  const pc = (transport?.handler as unknown as { _pc?: RTCPeerConnection } | undefined)?._pc;
  return pc ? { [name]: pc } : {};
}
