import type { TrackId } from '@weir/protocol';

/** What a subscriber would have of one track, and what it costs. */
export type TrackDemand = {
  trackId: TrackId;
  kind: 'audio' | 'video';
  /** Bits a second of each level of quality that is sent, the lowest first. None: it is not sent. */
  levelsBps: readonly number[];
  /** Which size of picture each level is; of the same size a higher level has more pictures a second. */
  sizes: readonly number[];
  /** The highest level asked for; null: it is not shown. */
  wanted: number | null;
  muted: boolean;
  /** 1 to 255. Of equals the earlier in the list is the more important. */
  priority: number;
};

/** However many microphones are open, so many speak at a time; the others send next to nothing. */
const speakersAtOnce = 3;
const quietShare = 0.1;

export function isShown(track: TrackDemand): boolean {
  return isVideo(track) && track.wanted !== null && !track.muted && track.levelsBps.length > 0;
}

export function isVideo({ kind }: TrackDemand): boolean {
  return kind === 'video';
}

export function wantedLevel({ wanted, levelsBps }: TrackDemand): number {
  return Math.min(wanted ?? -1, levelsBps.length - 1);
}

/** Measured bitrates may put a higher level below a lower one for a moment. */
export function costBps({ levelsBps }: TrackDemand, level: number): number {
  return Math.max(0, ...levelsBps.slice(0, level + 1));
}

/** -1: none, infinite: whatever is asked for. */
function sizeOf({ sizes }: TrackDemand, level: number): number {
  return sizes[level] ?? level;
}

/** To compare: a size with fewer pictures than it has looks worse than with all of them, however many fewer. */
export function lookOf(track: TrackDemand, level: number): number {
  return 2 * sizeOf(track, level) + (fullRate(track, level) > level ? 0 : 1);
}

/**
 * Where a fall to that level ends: of several sizes the smallest is taken with all its pictures or with the fewest. The estimate is still
 * falling, and what was lost is sent again.
 */
export function landing(track: TrackDemand, level: number): number {
  const hasSizes = track.sizes[0] !== track.sizes.at(-1);
  return hasSizes && level > 0 && fullRate(track, level) > level ? 0 : level;
}

/** The highest level of the same size. */
export function fullRate({ sizes }: TrackDemand, level: number): number {
  return Math.max(level, sizes.lastIndexOf(sizes[level] ?? -1));
}

export function audioReserveBps(tracks: readonly TrackDemand[]): number {
  return tracks
    .filter((track) => !isVideo(track) && track.wanted !== null && !track.muted)
    .map(({ levelsBps }) => levelsBps.at(-1) ?? 0)
    .sort((a, b) => b - a)
    .reduce((sum, bps, i) => sum + (i < speakersAtOnce ? bps : bps * quietShare), 0);
}
