import type { Bench } from '@weir/cli';
import { watchLink, watchRecovery } from './adapt/call.ts';
import { type Course, courseOf } from './adapt/course.ts';
import { links } from './adapt/links.ts';
import { startSite } from './adapt/site.ts';
import { thisMachine } from './measure/machine.ts';
import { table } from './measure/table.ts';

const fastStartLink = '2 M';
const fastStartSeconds = 5;
const switchesPerTenSeconds = 1;
const stillMs = 1_000;
const stillBytes = 1_250;

type Row = { name: string; course: Course };

export const bench: Bench = {
  name: 'adapt',
  describe: 'what a viewer gets over narrow, lossy and varying lines (needs root for network namespaces)',
  parameters: { seconds: 15, 'varying-seconds': 60 },
  async run({ parameters, say, signal }) {
    const { seconds = 15, 'varying-seconds': varyingSeconds = 60 } = parameters;
    await using stack = new AsyncDisposableStack();
    const site = await startSite(stack);
    const rows: Row[] = [];
    for (const link of links) {
      if (signal.aborted) break;
      const looks = await watchLink(site, link, { seconds: link.varies ? varyingSeconds : seconds, signal });
      rows.push({ name: link.name, course: courseOf(looks) });
      say(`${link.name}: ${JSON.stringify(rows.at(-1)!.course)}`);
    }
    const { looks, narrowAt, wideAt } = await watchRecovery(site, { seconds, signal });
    const narrow = looks.filter(({ ms }) => ms >= narrowAt && ms < wideAt);
    const wide = looks.filter(({ ms }) => ms >= wideAt);
    const framesBefore = narrow.at(-1)?.frames ?? 0;
    const stopsAt = narrow.find((look) => isStill(look, narrow));
    const concealedIn = (part: typeof narrow) =>
      part.length > 1 ? courseOf(part.map((look) => since(look, part[0]!))).concealedPercent : 0;
    const recovery = {
      toAudioOnlySeconds: stopsAt ? Math.round((stopsAt.ms - narrowAt) / 100) / 10 : null,
      toldSeconds: secondsUntil(narrow, narrowAt, ({ downlink }) => downlink === 'audio-only'),
      concealedPercent: concealedIn(narrow),
      concealedThenPercent: concealedIn(narrow.filter(({ ms }) => ms >= (stopsAt?.ms ?? 0))),
      toPictureSeconds: secondsUntil(wide, wideAt, ({ frames }) => frames > framesBefore),
      to720Seconds: secondsUntil(wide, wideAt, ({ frames, lines }) => frames > framesBefore && lines >= 720),
    };
    say(`\n${summary(rows)}\n4 M → 60 k → 4 M: ${JSON.stringify(recovery)}`);
    const fastStart = rows.find(({ name }) => name === fastStartLink)?.course.secondsTo720 ?? null;
    const varying = rows.at(-1)?.course;
    const flaps = varying ? (varying.switches / Math.max(1, varying.seconds - 5)) * 10 : 0;
    return {
      name: 'adapt',
      against: 'the goals; one sender of 720 lines and a tone, one viewer after another',
      ratio: null,
      p50Ms: null,
      p95Ms: null,
      p99Ms: null,
      goal: `720 lines within ${fastStartSeconds} s on a line of ${fastStartLink}bit/s; at most ${switchesPerTenSeconds} switch in 10 s on a varying one; sound at 60 kbit/s; the picture comes back`,
      met:
        fastStart !== null &&
        fastStart <= fastStartSeconds &&
        flaps <= switchesPerTenSeconds &&
        rows.every(({ course }) => course.audioKbps > 10) &&
        recovery.toPictureSeconds !== null,
      ranOn: thisMachine(),
      details: Object.fromEntries([
        ...rows.flatMap(detailsOf),
        ...Object.entries(recovery).map(([key, value]) => [`recovery.${key}`, value ?? 'never']),
      ]),
    };
  },
};

/** Next to nothing of the picture comes any more in the second after it. */
function isStill<L extends { ms: number; videoBytes: number }>(look: L, looks: readonly L[]): boolean {
  const later = looks.find(({ ms }) => ms >= look.ms + stillMs);
  return later !== undefined && later.videoBytes - look.videoBytes < stillBytes;
}

/** Counts of a part of a call, since the part began. */
function since<L extends { samples: number; concealedSamples: number }>(look: L, first: L): L {
  return {
    ...look,
    samples: look.samples - first.samples,
    concealedSamples: look.concealedSamples - first.concealedSamples,
  };
}

function secondsUntil<L extends { ms: number }>(looks: readonly L[], from: number, is: (look: L) => boolean) {
  const found = looks.find(is);
  return found ? Math.round((found.ms - from) / 100) / 10 : null;
}

function summary(rows: readonly Row[]): string {
  return table(
    [
      'line',
      'video kbit/s',
      'lines',
      'frames/s',
      '720 after s',
      'freezes',
      'frozen s',
      'switches',
      'audio kbit/s',
      'concealed %',
      'told',
    ],
    rows.map(({ name, course }) => [
      name,
      course.videoKbps,
      course.lines,
      course.framesPerSecond,
      course.secondsTo720 ?? '–',
      course.freezes,
      course.frozenSeconds,
      `${course.switches} in ${course.seconds} s`,
      course.audioKbps,
      course.concealedPercent,
      course.downlink,
    ]),
  );
}

function detailsOf({ name, course }: Row): [string, number | string][] {
  return Object.entries(course).map(([key, value]) => [`${name}.${key}`, value ?? 'never']);
}
