import { median } from '../measure/quantile.ts';
import type { Look } from './page.ts';

/** What came of one viewer's call over one line. */
export type Course = {
  seconds: number;
  /** Of the video, over the second half, without headers. */
  videoKbps: number;
  /** The picture's lines for most of the second half; 0: none. */
  lines: number;
  framesPerSecond: number;
  secondsTo720: number | null;
  freezes: number;
  frozenSeconds: number;
  /** Of spatial layers, and to and from nothing, after the first five seconds. */
  switches: number;
  /** Share of the played samples that were made up, in percent. */
  concealedPercent: number;
  audioKbps: number;
  /** What was said of the line at the end. */
  downlink: string;
};

const startMs = 5_000;

export function courseOf(looks: readonly Look[]): Course {
  const last = looks.at(-1)!;
  const first = looks[0]!;
  const half = looks.filter(({ ms }) => ms >= (first.ms + last.ms) / 2);
  const from = half[0]!;
  const seconds = Math.max(0.001, (last.ms - from.ms) / 1000);
  const kbps = (bytes: number) => Math.round((bytes * 8) / 1000 / seconds);
  const settled = looks.filter(({ ms }) => ms >= startMs);
  return {
    seconds: Math.round(last.ms / 1000),
    videoKbps: kbps(last.videoBytes - from.videoBytes),
    lines: median(half.map(({ lines }) => lines)),
    framesPerSecond: Math.round((last.frames - from.frames) / seconds),
    secondsTo720: secondsTo(looks, 720),
    freezes: last.freezes,
    frozenSeconds: round(last.frozenSeconds),
    switches: settled.slice(1).filter(({ layer }, i) => layer !== settled[i]!.layer).length,
    concealedPercent: round((100 * last.concealedSamples) / Math.max(1, last.samples)),
    audioKbps: kbps(last.audioBytes - from.audioBytes),
    downlink: last.downlink,
  };
}

/** Since it began; null: it never had so many lines. */
export function secondsTo(looks: readonly Look[], lines: number): number | null {
  const found = looks.find((look) => look.lines >= lines);
  return found ? round(found.ms / 1000) : null;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
