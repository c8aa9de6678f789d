import type { LimitReason } from '@weir/protocol';

/** How one subscription stands: what is asked for, what is allowed, what is there. Layers are spatial ones. */
export type TrackFlow = {
  paused: boolean;
  muted: boolean;
  wanted: number;
  /** The line was found to carry less than asked for. */
  narrow: boolean;
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
  if (flow.narrow) return 'bandwidth';
  if (isComplete(flow) || !flow.settled) return undefined;
  return flow.sent ? 'bandwidth' : 'publisher';
}

/** All that was asked for flows. */
export function isComplete({ flowing, wanted }: TrackFlow): boolean {
  return flowing !== null && flowing >= wanted;
}
