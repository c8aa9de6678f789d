import { parseScalabilityMode } from 'mediasoup';
import type * as engine from 'mediasoup/types';

/** One step of quality of a track: the layers that it is made of. */
export type Level = { spatialLayer: number; temporalLayer: number };
export type SentLayer = Level & { bitrateBps: number };
type Sent = Pick<engine.Producer, 'kind' | 'rtpParameters'>;

/** Share of a picture's bits up to each temporal layer, by how many there are. */
const temporalShares = [[1], [0.6, 1], [0.4, 0.6, 1]];
/** Of the spatial layers inside one encoding, counted from the top. */
const spatialShares = [1, 0.35, 0.12];
/** Where the sender announces nothing, counted from the top: 720, 360 and 180 lines. */
const usualBps = [1_500_000, 450_000, 150_000];
const audioBps = 40_000;
/** Encoders stay below what they may send. */
const usedShare = 0.9;

/**
 * The levels that a track has, the lowest first: its spatial layers, before them fewer pictures a second of the smallest. A
 * track of one size has its rates as levels.
 */
export function layerLevels(sent: Sent): Level[] {
  const { spatialLayers, temporalLayers } = layerCounts(sent);
  const rates = Array.from({ length: temporalLayers }, (_, temporalLayer) => ({
    spatialLayer: 0,
    temporalLayer,
  }));
  if (spatialLayers === 1) return rates;
  const sizes = Array.from({ length: spatialLayers }, (_, spatialLayer) => ({
    spatialLayer,
    temporalLayer: temporalLayers - 1,
  }));
  return temporalLayers > 1 ? [rates[0]!, ...sizes] : sizes;
}

/** What a level costs by what its sender announced. */
export function nominalBps(sent: Sent, { spatialLayer, temporalLayer }: Level): number {
  if (sent.kind === 'audio') return audioBps;
  const { encodings = [] } = sent.rtpParameters;
  const { spatialLayers, temporalLayers } = layerCounts(sent);
  const fromTop = spatialLayers - 1 - spatialLayer;
  const usual = usualBps[Math.min(fromTop, usualBps.length - 1)]!;
  const share = temporalShares[temporalLayers - 1]?.[temporalLayer] ?? 1;
  if (encodings.length > 1)
    return share * (usedShare * (encodings[spatialLayer]?.maxBitrate ?? usual / usedShare));
  const full = encodings[0]?.maxBitrate;
  const ofSize = spatialShares[Math.min(fromTop, spatialShares.length - 1)]!;
  return share * (full ? usedShare * full * ofSize : usual);
}

/** The layers that come in now, each with all that a receiver of it gets. */
export function sentLayers(sent: Sent, stats: readonly engine.ProducerStat[]): SentLayer[] {
  const { encodings = [] } = sent.rtpParameters;
  return stats.flatMap((stream) => {
    const encoding = encodings.findIndex(({ rid, ssrc }) =>
      rid ? rid === stream.rid : ssrc === stream.ssrc,
    );
    const layers = Object.entries(stream.bitrateByLayer);
    // An encoding without layers is not told by layer.
    if (layers.length === 0)
      return [{ spatialLayer: Math.max(0, encoding), temporalLayer: 0, bitrateBps: stream.bitrate }];
    const { ksvc } = parseScalabilityMode(encodings[0]?.scalabilityMode);
    return layers.map(([layer, bitrateBps]): SentLayer => {
      const [spatial = 0, temporal = 0] = layer.split('.').map(Number);
      const below = ksvc
        ? Math.max(0, ...layers.filter(([name]) => Number.parseInt(name, 10) < spatial).map(([, bps]) => bps))
        : 0;
      const spatialLayer = encodings.length > 1 ? Math.max(0, encoding) : spatial;
      // The engine counts the sizes below as well, which a receiver gets with key frames only when each stands alone.
      return { spatialLayer, temporalLayer: temporal, bitrateBps: bitrateBps - below };
    });
  });
}

function layerCounts({ kind, rtpParameters }: Sent): { spatialLayers: number; temporalLayers: number } {
  const { encodings = [] } = rtpParameters;
  if (kind === 'audio') return { spatialLayers: 1, temporalLayers: 1 };
  const { spatialLayers, temporalLayers } = parseScalabilityMode(encodings[0]?.scalabilityMode);
  return { spatialLayers: Math.max(encodings.length, spatialLayers, 1), temporalLayers };
}
