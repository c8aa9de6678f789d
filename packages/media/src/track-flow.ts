import type { LimitReason } from '@weir/protocol';

/** How one subscription stands: what is asked for, what is allowed, what is there. Layers are spatial ones. */
export type TrackFlow = {
  paused: boolean;
  muted: boolean;
  wanted: number;
  /** The line was found to carry less than asked for, … */
  narrow: boolean;
  /** … or nothing of it. */
  stopped: boolean;
  /** The node gives less of it than the line would carry, to bear its load. */
  degraded: boolean;
  /** Null: nothing. */
  flowing: number | null;
  /** Whether its publisher sends what is asked for. */
  sent: boolean;
  /** A moment is not worth a word: a key frame is on its way. */
  settled: boolean;
};

/** Why nothing, or less than asked for, flows; undefined: all flows, or will in a moment. */
export function limitReason(flow: TrackFlow): LimitReason | undefined {
  if (flow.paused) return 'not-shown';
  if (flow.muted) return 'muted';
  if (flow.degraded) return 'server';
  if (flow.stopped) return 'bandwidth';
  if (isComplete(flow) || !flow.settled) return undefined; // While a line is being found out, nobody need be told.
  return flow.narrow || flow.sent ? 'bandwidth' : 'publisher';
}

/** All that was asked for flows. */
export function isComplete({ flowing, wanted, narrow, degraded }: TrackFlow): boolean {
  return flowing !== null && flowing >= wanted && !narrow && !degraded; // Of the same size, but fewer pictures a second, is less.
}
