import type { LimitReason, TrackId } from '@weir/protocol';

/** What a subscriber would have of one track, and what it costs. */
export type TrackDemand = {
  trackId: TrackId;
  kind: 'audio' | 'video';
  /** Bits a second of each level of quality that is sent, the lowest first. None: it is not sent. */
  levelsBps: readonly number[];
  /** The highest level asked for; null: it is not shown. */
  wanted: number | null;
  muted: boolean;
  /** 1 to 255. Of equals the earlier in the list is the more important. */
  priority: number;
};

/** What flows of one track, and why it is less than asked for. */
export type Decision = { level: number | null; reason?: LimitReason };

type Grant = {
  /** What was decided last; -1: nothing. */
  level: number;
  /** What the line is taken to carry; infinite: whatever is asked for. */
  ceiling: number;
  /** When the line last made the ceiling another one. */
  changedAt: number;
  /** When it did of late, from one picture to another. */
  switches: readonly number[];
  /** What flowed before it last rose, and when that was. */
  rose?: { from: number; at: number };
};

/** What must be remembered of one subscriber's line. */
export type LineState = {
  readonly grants: ReadonlyMap<TrackId, Grant>;
  /** When it last got too narrow for what flowed. */
  readonly narrowedAt: number;
  /** How long nothing rises after that. */
  readonly holdMs: number;
  /** Something has risen since. */
  readonly rose: boolean;
  /** What all videos together were granted. */
  readonly usedBps: number;
  /** What was asked for, as a text to compare. */
  readonly asked: string;
};

export const freshLine: LineState = {
  grants: new Map(),
  narrowedAt: Number.NEGATIVE_INFINITY,
  holdMs: 0,
  rose: false,
  usedBps: 0,
  asked: '',
};

/** A single fall may be a moment's dip; … */
const firstHoldMs = 4_000;
/** … the second shows that it is the line. */
const nextHoldMs = 10_000;
const longestHoldMs = 40_000;
/** A line that was wide enough for so long is trusted again. */
const calmAfterMs = 60_000;
/** Until then one track rises at most so often (after a single fall as soon as anything may), … */
const risePauseMs = 10_000;
/**
 * … and, after a rise that failed, only if it has changed no more than twice in so long: with this rise and the fall that may follow
 * that is one change in ten seconds, …
 */
const switchesWithinMs = 40_000;
const switchesBeforeRise = 2;
/** … and what had been stopped comes back with its lowest level, to see whether the line is what it seems, … */
const tryMs = 5_000;
/** … after a single fall as soon as the line has room: estimates fall too far at first. */
const backMs = 1_500;
/** What is lost so soon after a picture became smaller was lost before. */
const lostBeforeMs = 1_000;
/** A picture that turns out so soon to have risen too far goes back to what flowed before: the estimate falls further than the line. */
const provenMs = 6_000;
/**
 * What rises leaves so much of the line free, and so does what is left after a fall: an estimate that falls is still falling, and
 * what was lost is sent again.
 */
const riseShare = 0.85;
/** So narrow a line is sound's alone: headers and signaling have their part of it, too. */
const soundAloneBps = 100_000;
/** However many microphones are open, so many speak at a time; the others send next to nothing. */
const speakersAtOnce = 3;
const quietShare = 0.1;

/**
 * Shares a line of `estimateBps` (infinite: wide enough for all) between a subscriber's tracks. Audio is never held back,
 * and what it needs is set aside first. Of the videos each gets its lowest level first, in the order of importance; then
 * the more important ones rise. What no longer fits falls at once; it rises again when there is room to spare, four seconds
 * after a single fall, after ten and more when the line gets too narrow again each time, and then seldom enough that it changes no
 * more than once in ten seconds. While nothing is lost (`losing` false) no picture is stopped: an estimate falls below what flows also where that arrives.
 * For the same reason what has just risen too far falls back to what flowed before, and no further.
 */
export function allocate(
  tracks: readonly TrackDemand[],
  estimateBps: number,
  line: LineState,
  now: number,
  losing = true,
): { decisions: Map<TrackId, Decision>; line: LineState } {
  const videos = tracks.filter(isShown).sort((a, b) => b.priority - a.priority);
  const wanted = videos.map(wantedLevel);
  const shareBps = estimateBps < soundAloneBps ? 0 : Math.max(0, estimateBps - audioReserveBps(tracks));
  const provenBps = losing ? 0 : leastBps(videos, line, now);
  const budgetBps = Math.max(shareBps, provenBps);
  const calm = isCalm(line, now);
  const asked = JSON.stringify(videos.map(({ trackId, priority }, i) => [trackId, priority, wanted[i]]));
  const levels =
    !calm && line.asked !== '' && asked !== line.asked
      ? fill(videos, wanted, redistributableBps(line, budgetBps, now))
      : fit(videos, caps(videos, budgetBps, line, now), { budgetBps, provenBps }, line);

  const grants = new Map<TrackId, Grant>();
  for (const track of tracks.filter(isVideo)) {
    const grant = line.grants.get(track.trackId); // Kept while it is muted or not shown.
    if (grant) grants.set(track.trackId, grant);
  }
  let usedBps = 0;
  let beforeBps = 0;
  let { rose } = line;
  let fell = false;
  for (const [i, track] of videos.entries()) {
    const level = levels[i]!;
    const before = grants.get(track.trackId);
    const after = nextGrant(before, level, wanted[i]!, calm, now);
    grants.set(track.trackId, after);
    usedBps += costBps(track, level);
    if (!before) continue;
    const kept = Math.min(before.level, wanted[i]!);
    beforeBps += costBps(track, kept);
    fell ||= level < kept;
    rose ||= after.ceiling > before.ceiling;
  }
  const next = { ...line, grants, rose, usedBps, asked };
  // What falls only to make room for something more important says nothing of the line.
  const tooNarrow = fell && beforeBps > budgetBps;
  return { decisions: decide(tracks, grants), line: tooNarrow ? narrowed(next, calm, now) : next };
}

/** It turned out that the line carries no more of this track than `level`, -1 for nothing. */
export function fallTo(line: LineState, trackId: TrackId, level: number, now: number): LineState {
  const before = line.grants.get(trackId);
  const left = Math.max(level, provenLevel(before, now));
  if (before && before.ceiling <= left) return line;
  const grants = new Map(line.grants).set(trackId, {
    ...before,
    level: left,
    ceiling: left,
    changedAt: now,
    switches: switchesTo(before, left, Infinity, now),
  });
  return narrowed({ ...line, grants }, isCalm(line, now), now);
}

/** It is tried anew what the line carries: nothing holds back but that what changed often of late begins with its lowest level. */
export function triedAnew(line: LineState, now: number): LineState {
  const restless = [...line.grants].filter(([, grant]) => isRestless(grant, line, now));
  if (restless.length === 0) return freshLine;
  const lowest = restless.map(([trackId, grant]) => [trackId, { ...grant, level: 0, ceiling: 0 }] as const);
  return { ...freshLine, holdMs: line.holdMs, grants: new Map(lowest) };
}

/** Nothing is held back, and nothing has been for long: as good as new. */
export function isUnlimited(line: LineState, now: number): boolean {
  return (
    isCalm(line, now) &&
    [...line.grants.values()].every(({ ceiling }) => ceiling === Number.POSITIVE_INFINITY)
  );
}

/** Packets are lost although nothing has risen of late: that something flowed before says nothing any more. */
export function provedNothing(line: LineState, now: number): LineState {
  const isOver = ({ rose, changedAt }: Grant) =>
    rose !== undefined && now - Math.max(rose.at, changedAt) >= lostBeforeMs;
  if (![...line.grants.values()].some(isOver)) return line;
  const without = ({ rose, ...grant }: Grant): Grant => grant;
  const grants = new Map(
    [...line.grants].map(([trackId, grant]) => [trackId, isOver(grant) ? without(grant) : grant]),
  );
  return { ...line, grants };
}

/** What it takes that every picture that flows goes on, however small; that which has just risen as it was before. */
export function leastBps(tracks: readonly TrackDemand[], { grants }: LineState, now: number): number {
  return tracks.filter(isShown).reduce((sum, video) => {
    const grant = grants.get(video.trackId);
    const flows = grants.size === 0 || (grant?.level ?? -1) >= 0;
    const level = Math.min(wantedLevel(video), Math.max(0, provenLevel(grant, now)));
    return sum + (flows ? costBps(video, level) : 0);
  }, 0);
}

/** -1: nothing. */
function provenLevel(grant: Grant | undefined, now: number): number {
  return grant?.rose && now - grant.rose.at < provenMs ? grant.rose.from : -1;
}

/** Nothing but the smallest pictures flows, for long enough that what is lost now is lost by those. */
export function mayStop(tracks: readonly TrackDemand[], { grants }: LineState, now: number): boolean {
  return tracks.filter(isShown).every(({ trackId }) => {
    const grant = grants.get(trackId);
    return !grant || (grant.level <= 0 && now - grant.changedAt >= lostBeforeMs);
  });
}

export function audioReserveBps(tracks: readonly TrackDemand[]): number {
  return tracks
    .filter((track) => !isVideo(track) && track.wanted !== null && !track.muted)
    .map(({ levelsBps }) => levelsBps.at(-1) ?? 0)
    .sort((a, b) => b - a)
    .reduce((sum, bps, i) => sum + (i < speakersAtOnce ? bps : bps * quietShare), 0);
}

function isShown(track: TrackDemand): boolean {
  return isVideo(track) && track.wanted !== null && !track.muted && track.levelsBps.length > 0;
}

function isVideo({ kind }: TrackDemand): boolean {
  return kind === 'video';
}

function isCalm({ narrowedAt }: LineState, now: number): boolean {
  return now - narrowedAt >= calmAfterMs;
}

function isHeld({ narrowedAt, holdMs }: LineState, now: number): boolean {
  return now < narrowedAt + holdMs;
}

function wantedLevel({ wanted, levelsBps }: TrackDemand): number {
  return Math.min(wanted ?? -1, levelsBps.length - 1);
}

/** A fall after a rise shows that the rise came too early: the next one comes later. */
function narrowed(line: LineState, wasCalm: boolean, now: number): LineState {
  const holdMs = wasCalm
    ? firstHoldMs
    : line.rose
      ? Math.min(longestHoldMs, Math.max(nextHoldMs, line.holdMs * 2))
      : Math.max(firstHoldMs, line.holdMs);
  return { ...line, narrowedAt: now, holdMs, rose: false };
}

function nextGrant(
  before: Grant | undefined,
  level: number,
  wanted: number,
  calm: boolean,
  now: number,
): Grant {
  const known = before?.ceiling ?? Number.POSITIVE_INFINITY;
  // What is asked for flows: that more would not is believed for as long as the line is not trusted.
  const ceiling = level < wanted ? level : calm || level > known ? Number.POSITIVE_INFINITY : known;
  const changedAt = ceiling === known || !before ? (before?.changedAt ?? Number.NEGATIVE_INFINITY) : now;
  const rises = before !== undefined && ceiling > known && level > before.level;
  const rose = rises ? { from: before.level, at: now } : before?.rose;
  const switches = switchesTo(before, level, wanted, now);
  return { level, ceiling, changedAt, switches, ...(rose ? { rose } : {}) };
}

/** A larger or smaller picture is a switch where the line made it so, not where something else was asked for. */
function switchesTo(
  before: Grant | undefined,
  level: number,
  wanted: number,
  now: number,
): readonly number[] {
  if (!before) return [];
  const rises = level > before.level && before.ceiling < Number.POSITIVE_INFINITY;
  const falls = level < Math.min(before.level, wanted);
  const isSwitch = (rises || falls) && level >= 0 && before.level >= 0;
  return isSwitch ? [...recent(before.switches, now), now] : before.switches;
}

function recent(times: readonly number[], now: number): readonly number[] {
  return times.filter((at) => now - at < switchesWithinMs);
}

function hasFailed({ holdMs }: LineState): boolean {
  return holdMs > firstHoldMs;
}

function isRestless({ switches }: Grant, line: LineState, now: number): boolean {
  return hasFailed(line) && recent(switches, now).length > switchesBeforeRise;
}

/** What flows goes on while it fits; where something has to fall, what is left does not fill the line. */
function fit(
  videos: readonly TrackDemand[],
  caps: readonly number[],
  { budgetBps, provenBps }: { budgetBps: number; provenBps: number },
  line: LineState,
): number[] {
  const levels = fill(videos, caps, budgetBps);
  const falls = videos.some((track, i) => {
    const before = line.grants.get(track.trackId)?.level ?? Number.POSITIVE_INFINITY;
    return levels[i]! < Math.min(before, wantedLevel(track));
  });
  return falls ? fill(videos, caps, budgetBps, Math.max(provenBps, budgetBps * riseShare)) : levels;
}

/**
 * The levels that fit, up to the caps: the lowest of each, then higher ones, class by class, one level at a time, as long as all is no
 * more than `fullBps`.
 */
function fill(
  videos: readonly TrackDemand[],
  caps: readonly number[],
  budgetBps: number,
  fullBps = budgetBps,
): number[] {
  const levels = videos.map(() => -1);
  let usedBps = 0;
  const raise = (i: number, level: number) => {
    if (level > caps[i]! || levels[i] !== level - 1) return;
    const nextBps = usedBps + costBps(videos[i]!, level) - costBps(videos[i]!, level - 1);
    if (nextBps > usedBps && nextBps > (level === 0 ? budgetBps : fullBps)) return;
    usedBps = nextBps;
    levels[i] = level;
  };
  for (const i of videos.keys()) raise(i, 0);
  for (const members of classes(videos)) {
    const top = Math.max(...members.map((i) => caps[i]!));
    for (let level = 1; level <= top; level++) for (const i of members) raise(i, level);
  }
  return levels;
}

/** How far each may go as long as the same is asked for. */
function caps(videos: readonly TrackDemand[], budgetBps: number, line: LineState, now: number): number[] {
  const calm = isCalm(line, now);
  const held = isHeld(line, now);
  const roomy = fill(videos, videos.map(wantedLevel), budgetBps * riseShare);
  return videos.map((track, i) => {
    const grant = line.grants.get(track.trackId);
    if (!grant) return calm ? wantedLevel(track) : roomy[i]!;
    const pauseMs = Math.min(line.holdMs, grant.ceiling === 0 ? tryMs : risePauseMs);
    const isSingleStop = grant.ceiling < 0 && line.holdMs <= firstHoldMs;
    const waitMs = isSingleStop ? backMs : held ? Number.POSITIVE_INFINITY : pauseMs;
    const rests = grant.ceiling >= 0 && isRestless(grant, line, now);
    const mayRise = !rests && (calm || now - grant.changedAt >= waitMs);
    // Where a rise has failed before, the next one is by one level, so that it costs no more than one fall.
    const step = hasFailed(line) && !calm ? 1 : Number.POSITIVE_INFINITY;
    const limit = grant.ceiling < 0 ? 0 : grant.ceiling + step;
    const highest = Math.max(grant.ceiling, Math.min(limit, roomy[i]!));
    return Math.min(wantedLevel(track), mayRise ? highest : grant.ceiling);
  });
}

/** Something else is asked for: what flowed is shared anew at once, and what is free as well unless nothing may rise. */
function redistributableBps(line: LineState, budgetBps: number, now: number): number {
  const flowedBps = Math.min(budgetBps, line.usedBps);
  return isHeld(line, now) ? flowedBps : Math.max(flowedBps, budgetBps * riseShare);
}

/** Indices of equal priority together, the most important first. */
function classes(videos: readonly TrackDemand[]): number[][] {
  const byPriority = new Map<number, number[]>();
  for (const [i, { priority }] of videos.entries())
    byPriority.set(priority, [...(byPriority.get(priority) ?? []), i]);
  return [...byPriority.values()];
}

/** Measured bitrates may put a higher level below a lower one for a moment. */
function costBps({ levelsBps }: TrackDemand, level: number): number {
  return Math.max(0, ...levelsBps.slice(0, level + 1));
}

function decide(tracks: readonly TrackDemand[], grants: ReadonlyMap<TrackId, Grant>): Map<TrackId, Decision> {
  return new Map(tracks.map((track) => [track.trackId, decision(track, grants.get(track.trackId))]));
}

function decision(track: TrackDemand, grant: Grant | undefined): Decision {
  if (track.wanted === null) return { level: null, reason: 'not-shown' };
  if (track.muted) return { level: null, reason: 'muted' };
  if (track.levelsBps.length === 0) return { level: null, reason: 'publisher' };
  const wanted = wantedLevel(track);
  if (!grant || !isVideo(track)) return { level: wanted };
  if (grant.level >= wanted) return { level: wanted };
  return { level: grant.level < 0 ? null : grant.level, reason: 'bandwidth' };
}
