import { deepFreeze, PlatformError } from '@weir/core';
import type {
  LayerPreferences,
  MediaControl,
  NoticeParams,
  PipeOffer,
  RtpCapabilities,
  RtpParameters,
  SctpStreamParameters,
  Source,
  Subscription,
  TransportParameters,
} from '@weir/protocol';
import { parseScalabilityMode } from 'mediasoup';
import { NotFoundError, UnsupportedError, WorkerClosedError } from 'mediasoup/errors';
import type * as engine from 'mediasoup/types';
import { audioLevelUri } from './rtp-header.ts';

// The one place where the product's words meet the engine's. A track is produced on a send transport and makes a producer
// (or a data producer); a subscription consumes it on a receive transport and is a consumer (or a data consumer).

export type Produced = engine.Producer | engine.DataProducer;
export type Consumed = engine.Consumer | engine.DataConsumer;
export type Connectivity = NoticeParams<MediaControl, 'session.connectivity'>['state'];

/** A production as its publisher describes it. */
export type Production = { muted: boolean } & (
  | { kind: 'audio' | 'video'; rtpParameters: RtpParameters }
  | { kind: 'data'; sctpStreamParameters: SctpStreamParameters }
);

export const bitrates = {
  /** High enough that the top layer comes within the first second; the engine's estimate takes over from there. */
  initialOutgoingBps: 1_500_000,
  /** Camera and screen of one participant at good quality. */
  maxIncomingBps: 12_000_000,
};
/**
 * A client without consent checks for so long is unreachable (RFC 7675 says 30 s; nobody wants to wait for that), and its
 * address may be another's again. That is no end: a client that was away for longer comes back on the same transport.
 * The engine takes no less than this.
 */
const iceConsentTimeoutSeconds = 10;
/** A sender is asked for a key frame at most four times a second, however many receivers join. */
const keyFrameRequestDelayMs = 250;
/** Each whole page is a second's worth of what a narrow line carries of a shared screen. */
const screenKeyFrameRequestDelayMs = 1_000;

/** Opens the server's side of a WebRTC transport. */
export function openTransport(
  router: engine.Router,
  webRtcServer: engine.WebRtcServer,
): Promise<engine.WebRtcTransport> {
  return router.createWebRtcTransport({
    webRtcServer,
    enableUdp: true,
    enableTcp: true,
    preferUdp: true,
    enableSctp: true,
    initialAvailableOutgoingBitrate: bitrates.initialOutgoingBps,
    iceConsentTimeout: iceConsentTimeoutSeconds,
  });
}

/** What the client needs to build its side. */
export function transportParameters(transport: engine.WebRtcTransport): TransportParameters {
  const { port, OS, MIS, maxMessageSize } = transport.sctpParameters!; // Each transport is made with SCTP.
  return {
    id: transport.id,
    iceParameters: transport.iceParameters,
    iceCandidates: transport.iceCandidates,
    dtlsParameters: transport.dtlsParameters,
    sctpParameters: { port, OS, MIS, maxMessageSize },
  };
}

/**
 * ICE and DTLS as one state. `failed`: no consent any more, or DTLS cannot be set up; an ICE restart may still mend the
 * former. `disconnected`: the client closed its side.
 */
export function connectivity(transport: engine.WebRtcTransport): Connectivity {
  const { iceState, dtlsState } = transport;
  if (dtlsState === 'failed') return 'failed';
  if (dtlsState === 'closed' || iceState === 'closed') return 'disconnected';
  if (iceState === 'disconnected') return 'failed';
  return dtlsState === 'connected' ? 'connected' : 'new';
}

export async function produce(
  transport: engine.WebRtcTransport,
  production: Production,
  source?: Source,
): Promise<Produced> {
  if (production.kind === 'data')
    return transport.produceData({
      sctpStreamParameters: production.sctpStreamParameters,
      paused: production.muted,
    });
  if (production.kind === 'video') await limitIncoming(transport);
  const producer = await transport.produce({
    kind: production.kind,
    rtpParameters: production.rtpParameters as engine.RtpParameters,
    paused: production.muted,
    ...(production.kind === 'video'
      ? {
          keyFrameRequestDelay: source === 'screen' ? screenKeyFrameRequestDelayMs : keyFrameRequestDelayMs,
        }
      : {}),
  });
  return copiedOnce(producer);
}

const limited = new WeakSet<engine.WebRtcTransport>();

async function limitIncoming(transport: engine.WebRtcTransport): Promise<void> {
  if (limited.has(transport)) return;
  limited.add(transport);
  await transport.setMaxIncomingBitrate(bitrates.maxIncomingBps);
}

/**
 * The engine copies a producer's parameters whenever they are read, which it does itself three times for each consumer. They never
 * change.
 */
function copiedOnce(producer: engine.Producer): engine.Producer {
  for (const name of ['rtpParameters', 'consumableRtpParameters'] as const)
    Object.defineProperty(producer, name, { value: deepFreeze(producer[name]) });
  return producer;
}

/** What comes over a pipe, as a track of this router. */
export async function producePiped(
  transport: engine.PipeTransport,
  kind: 'audio' | 'video' | 'data',
  { rtpParameters, sctpStreamParameters, muted }: PipeOffer,
): Promise<Produced> {
  if (kind === 'data' || !rtpParameters)
    return transport.produceData({ sctpStreamParameters: sctpStreamParameters!, paused: muted });
  const producer = await transport.produce({
    kind,
    rtpParameters: rtpParameters as engine.RtpParameters,
    paused: muted,
    ...(kind === 'video' ? { keyFrameRequestDelay: keyFrameRequestDelayMs } : {}),
  });
  return copiedOnce(producer);
}

/** The codec's MIME type and the number of simulcast or SVC layers, 1 for neither. */
export function describeProduction(production: Production): { codec: string; spatialLayers: number } {
  if (production.kind === 'data') return { codec: 'data', spatialLayers: 1 };
  const { codecs, encodings = [] } = production.rtpParameters;
  const svc = Math.max(1, ...encodings.map((e) => parseScalabilityMode(e.scalabilityMode).spatialLayers));
  return { codec: codecs[0]!.mimeType, spatialLayers: Math.max(svc, encodings.length, 1) };
}

export function isMedia(produced: Produced): produced is engine.Producer {
  return 'kind' in produced;
}

export function isMediaConsumer(consumed: Consumed): consumed is engine.Consumer {
  return 'kind' in consumed;
}

/** Calls `closed` when it closes, whatever the reason. */
export function whenClosed(produced: Produced | Consumed, closed: () => void): void {
  const observer: { once(event: 'close', listener: () => void): unknown } = produced.observer;
  observer.once('close', closed);
}

/** Rejects as `codec-unsupported` when the receiver cannot decode it; anybody can take data. */
export function consume(
  transport: engine.WebRtcTransport,
  produced: Produced,
  rtpCapabilities: RtpCapabilities,
  started: boolean,
): Promise<Consumed> {
  if (!isMedia(produced)) return transport.consumeData({ dataProducerId: produced.id, paused: !started });
  return transport.consume({
    producerId: produced.id,
    rtpCapabilities: narrowed(rtpCapabilities, produced),
    paused: !started,
  });
}

const narrow = new WeakMap<RtpCapabilities, Map<string, engine.RtpCapabilities>>();

/** What of these capabilities says anything about this track: the engine copies and checks all that it gets, each time. */
function narrowed(capabilities: RtpCapabilities, producer: engine.Producer): engine.RtpCapabilities {
  const known = narrow.get(capabilities) ?? new Map<string, engine.RtpCapabilities>();
  narrow.set(capabilities, known);
  const wanted = mimeTypesOf(producer);
  const key = wanted.join();
  const found = known.get(key);
  if (found) return found;
  const { codecs = [], headerExtensions = [] } = capabilities as engine.RtpCapabilities;
  const narrower: engine.RtpCapabilities = {
    codecs: codecs.filter(({ mimeType }) => wanted.includes(mimeType.toLowerCase())),
    headerExtensions: headerExtensions.filter(({ kind }) => kind === producer.kind),
  };
  known.set(key, narrower);
  return narrower;
}

function mimeTypesOf({ kind, rtpParameters }: engine.Producer): string[] {
  const own = rtpParameters.codecs.map(({ mimeType }) => mimeType.toLowerCase());
  return [...new Set([...own, ...(kind === 'video' ? ['video/rtx'] : [])])];
}

/** What else than the sound is in an audio slot's packets; the rest of a microphone's header is made anew by the engine. */
const slotExtensions = new Set<string>([
  audioLevelUri,
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time',
]);
const opusPayloadType = 100;

/** Opus without repair: who listens is in this process. */
function plainOpus(router: engine.Router): engine.RtpCapabilities {
  const { codecs = [], headerExtensions = [] } = router.rtpCapabilities;
  return {
    codecs: codecs
      .filter((codec) => codec.mimeType.toLowerCase() === 'audio/opus')
      .map((codec) => ({ ...codec, rtcpFeedback: [] })),
    headerExtensions: headerExtensions.filter(({ kind, uri }) => kind === 'audio' && slotExtensions.has(uri)),
  };
}

/** The packets of a track, handed to this process as they come. */
export function listenIn(
  router: engine.Router,
  direct: engine.DirectTransport,
  produced: Produced,
): Promise<engine.Consumer> {
  return direct.consume({ producerId: produced.id, rtpCapabilities: plainOpus(router), paused: false });
}

/** A stream of Opus packets that are written in this process. */
export async function produceSlot(
  router: engine.Router,
  direct: engine.DirectTransport,
): Promise<{ producer: engine.Producer; ssrc: number; payloadType: number; clockRate: number }> {
  const { codecs = [], headerExtensions = [] } = plainOpus(router);
  const { mimeType, clockRate, channels = 2, parameters = {} } = codecs[0]!;
  const ssrc = 1 + Math.floor(Math.random() * 0xffff_fffe);
  const codec = { mimeType, clockRate, channels, parameters, payloadType: opusPayloadType };
  const producer = await direct.produce({
    kind: 'audio',
    rtpParameters: {
      codecs: [codec],
      // Under the router's own numbers: as `listenIn` hands them out.
      headerExtensions: headerExtensions.map(({ uri, preferredId: id }) => ({ uri, id })),
      encodings: [{ ssrc, dtx: true }],
      rtcp: { cname: `slot-${ssrc}` },
    },
  });
  return { producer, ssrc, payloadType: opusPayloadType, clockRate };
}

/** A subscription as its client gets it. */
export function describeSubscription(
  consumed: Consumed,
  track: { trackId: string; epoch: number },
  transportId: string,
  started: boolean,
): Subscription {
  const { trackId, epoch } = track;
  const common = { subscriptionId: consumed.id, trackId, epoch, transportId, started };
  return isMediaConsumer(consumed)
    ? { ...common, kind: consumed.kind, rtpParameters: consumed.rtpParameters as RtpParameters }
    : { ...common, kind: 'data', sctpStreamParameters: consumed.sctpStreamParameters! };
}

/** Hands the layers and priority to the engine, which clamps layers that the track does not have. */
export async function applyPreferences(consumer: engine.Consumer, wanted: LayerPreferences): Promise<void> {
  const work: Promise<void>[] = [];
  const layered = consumer.type === 'simulcast' || consumer.type === 'svc';
  if (layered && (wanted.maxSpatialLayer !== undefined || wanted.maxTemporalLayer !== undefined))
    work.push(
      consumer.setPreferredLayers({
        spatialLayer: wanted.maxSpatialLayer ?? consumer.preferredLayers?.spatialLayer ?? 0,
        temporalLayer: wanted.maxTemporalLayer ?? consumer.preferredLayers?.temporalLayer ?? 7,
      }),
    );
  if (wanted.priority !== undefined) work.push(consumer.setPriority(wanted.priority));
  await Promise.all(work);
}

/** Only the codecs that rooms have: a browser names four times as many, and each subscription looks through them. */
export function narrowCapabilities(capabilities: RtpCapabilities, known: RtpCapabilities): RtpCapabilities {
  const names = new Set(known.codecs?.map((codec) => codec.mimeType.toLowerCase()));
  return {
    ...capabilities,
    codecs: capabilities.codecs?.filter((codec) => names.has(codec.mimeType.toLowerCase())) ?? [],
  };
}

/** The engine's error as ours. */
export function toPlatformError(error: unknown, what: string): PlatformError {
  if (error instanceof PlatformError) return error;
  const message = `${what}: ${error instanceof Error ? error.message : String(error)}`.slice(0, 300);
  if (error instanceof UnsupportedError)
    return new PlatformError('codec-unsupported', message, { cause: error });
  if (error instanceof WorkerClosedError) return new PlatformError('media-lost', message, { cause: error });
  // What the request was about closed while it was under way.
  if (error instanceof NotFoundError) return new PlatformError('media-lost', message, { cause: error });
  if (error instanceof TypeError) return new PlatformError('bad-request', message, { cause: error });
  return new PlatformError('internal', message, { cause: error });
}
