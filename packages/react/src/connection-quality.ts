import type { StreamReading } from './stream-reading.ts';

export type QualityLevel = 'good' | 'fair' | 'poor';

/**
 * Why it is not better. `your-line`: it does not carry more; `your-loss`: parts get lost on your side; `their-upload`: they
 * send no more; `loss`: parts get lost on the way; `delay`: answers come late; `upload`: you send less than you could;
 * `upload-loss`: parts of what you send get lost; `computer`: yours is too busy; `server`: the server
 * is.
 */
export type QualityReason =
  | 'your-line'
  | 'your-loss'
  | 'their-upload'
  | 'loss'
  | 'delay'
  | 'upload'
  | 'upload-loss'
  | 'computer'
  | 'server';

export type Quality = { level: 'good' } | { level: 'fair' | 'poor'; reason: QualityReason };

/** What is known of somebody else's stream beside its numbers. */
export type Surroundings = {
  limitedBy?: 'bandwidth' | 'publisher' | 'muted' | 'not-shown' | 'server' | undefined;
  /** Nothing flows although it should. */
  stopped?: boolean;
  /** Of the others' streams: `most` suffer too, `few` do, or there are no others to compare with. */
  others: 'most' | 'few' | 'none';
  screen?: boolean;
};

const good: Quality = { level: 'good' };
const limits = {
  loss: { fair: 0.04, poor: 0.12 },
  /** Losses that were not repaired in time are heard at once. */
  concealed: { fair: 0.05, poor: 0.15 },
  frozen: { fair: 0.08, poor: 0.3 },
  jitterMs: { fair: 80, poor: 200 },
  roundTripMs: { fair: 350, poor: 800 },
};
/** Fewer frames a second are seen as jerks; a shared screen moves only when somebody works on it. */
const jerkyFrames = { fair: 10, poor: 4 };

/** How a stream of somebody else arrives, and why not better. */
export function incomingQuality(reading: StreamReading, around: Surroundings): Quality {
  const { limitedBy } = around;
  if (limitedBy === 'muted' || limitedBy === 'not-shown') return good;
  if (limitedBy === 'bandwidth') return { level: around.stopped ? 'poor' : 'fair', reason: 'your-line' };
  if (limitedBy === 'server') return { level: around.stopped ? 'poor' : 'fair', reason: 'server' };
  if (limitedBy === 'publisher' && around.stopped) return { level: 'poor', reason: 'their-upload' };
  const lossy = lossReason(around.others);
  return worst(
    over(reading.lossRatio, limits.loss, lossy),
    over(reading.concealedRatio, limits.concealed, lossy),
    around.screen ? good : over(reading.frozenRatio, limits.frozen, lossy),
    around.screen ? good : jerks(reading, lossy),
    over(reading.jitterMs, limits.jitterMs, 'delay'),
    over(reading.roundTripMs, limits.roundTripMs, 'delay'),
    limitedBy === 'publisher' ? { level: 'fair', reason: 'their-upload' } : good,
  );
}

/** How what you send leaves, and why not better. `wantedHeight`: of the picture that your camera gives. */
export function outgoingQuality(reading: StreamReading, wantedHeight = 0): Quality {
  const { height = wantedHeight, encoderLimit } = reading;
  const small = wantedHeight > 0 && height > 0 ? height / wantedHeight : 1;
  const reason = encoderLimit === 'cpu' ? 'computer' : 'upload';
  const held: Quality =
    !encoderLimit || small > 0.8 ? good : { level: small > 0.4 ? 'fair' : 'poor', reason };
  return worst(
    held,
    over(reading.lossRatio, limits.loss, 'upload-loss'),
    over(reading.roundTripMs, limits.roundTripMs, 'delay'),
  );
}

/** The worst of several; of equals the first. */
export function worst(...all: Quality[]): Quality {
  return all.reduce((a, b) => (rank[b.level] > rank[a.level] ? b : a), good);
}

const rank = { good: 0, fair: 1, poor: 2 } satisfies Record<QualityLevel, number>;

export type SteadyQuality = { shown: Quality; pending?: { quality: Quality; count: number } };

const needed = { worse: 2, better: 4 };

/** Shows a change only after it was seen several times in a row: marks that blink help nobody. */
export function steadier(before: SteadyQuality, now: Quality): SteadyQuality {
  if (now.level === before.shown.level) return { shown: now };
  const same = before.pending?.quality.level === now.level;
  const count = same ? before.pending!.count + 1 : 1;
  const enough = rank[now.level] > rank[before.shown.level] ? needed.worse : needed.better;
  return count >= enough ? { shown: now } : { shown: before.shown, pending: { quality: now, count } };
}

/** Losses of all are yours, of one are theirs; with nobody to compare, nobody is blamed. */
function lossReason(others: Surroundings['others']): QualityReason {
  return others === 'most' ? 'your-loss' : others === 'few' ? 'their-upload' : 'loss';
}

function over(
  value: number | undefined,
  { fair, poor }: { fair: number; poor: number },
  reason: QualityReason,
): Quality {
  if (value === undefined || value < fair) return good;
  return { level: value < poor ? 'fair' : 'poor', reason };
}

/** Few pictures without losses on the way: no more are sent. */
function jerks(
  { kind, framesPerSecond, bitrateBps, lossRatio }: StreamReading,
  lossy: QualityReason,
): Quality {
  if (kind !== 'video' || framesPerSecond === undefined || bitrateBps === 0) return good;
  if (framesPerSecond >= jerkyFrames.fair) return good;
  const reason = lossRatio >= 0.02 ? lossy : 'their-upload';
  return { level: framesPerSecond >= jerkyFrames.poor ? 'fair' : 'poor', reason };
}
