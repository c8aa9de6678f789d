import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  allocate,
  audioReserveBps,
  type Decision,
  fallTo,
  freshLine,
  isUnlimited,
  type LineState,
  leastBps,
  provedNothing,
  type TrackDemand,
  triedAnew,
} from './bandwidth-allocation.ts';

const kbps = 1_000;
const camera = [100 * kbps, 300 * kbps, 1_200 * kbps];

function video(trackId: string, changes: Partial<TrackDemand> = {}): TrackDemand {
  return { trackId, kind: 'video', levelsBps: camera, wanted: 2, muted: false, priority: 1, ...changes };
}
const microphone: TrackDemand = { ...video('microphone'), kind: 'audio', levelsBps: [40 * kbps], wanted: 0 };

/** What is decided of each track by a line that was never limited: a level, or why there is none. */
function shares(tracks: TrackDemand[], estimateBps: number) {
  const { decisions } = allocate(tracks, estimateBps, freshLine, 0);
  return tracks.map(({ trackId }) => inWords(decisions.get(trackId)!));
}

function inWords({ level, reason }: Decision): string {
  return [level ?? 'none', ...(reason ? [reason] : [])].join(' ');
}

describe('a line is shared', () => {
  const [a, b] = [video('a'), video('b')];
  const pinned = video('pinned', { priority: 200 });
  test.each([
    ['wide enough for all', [microphone, a, b], Number.POSITIVE_INFINITY, ['0', '2', '2']],
    ['exactly enough', [microphone, a, b], 2_440 * kbps, ['0', '2', '2']],
    ['the lowest of each before more of any', [a, b], 300 * kbps, ['0 bandwidth', '0 bandwidth']],
    ['equals rise together', [a, b], 710 * kbps, ['1 bandwidth', '1 bandwidth']],
    ['of equals the earlier rises first', [a, b], 500 * kbps, ['1 bandwidth', '0 bandwidth']],
    ['the important one rises first', [a, pinned], 1_530 * kbps, ['0 bandwidth', '2']],
    ['what is left after a fall does not fill the line', [a], 1_199 * kbps, ['1 bandwidth']],
    ['with room to spare', [a, b], 1_499 * kbps, ['1 bandwidth', '1 bandwidth']],
    ['the least important stops first', [a, pinned], 150 * kbps, ['none bandwidth', '0 bandwidth']],
    ['audio is set aside', [microphone, a], 139 * kbps, ['0', 'none bandwidth']],
    ['the lowest level whenever it fits', [microphone, a], 140 * kbps, ['0', '0 bandwidth']],
    [
      'audio goes on however narrow',
      [microphone, a, b],
      60 * kbps,
      ['0', 'none bandwidth', 'none bandwidth'],
    ],
    ['audio goes on with nothing', [microphone, a], 0, ['0', 'none bandwidth']],
    [
      'one that is too large for the line does not stop the others',
      [video('screen', { priority: 100, levelsBps: [3_000 * kbps], wanted: 0 }), a],
      1_000 * kbps,
      ['none bandwidth', '1 bandwidth'],
    ],
    [
      'no more than asked for',
      [video('a', { wanted: 0 }), video('b', { wanted: 9 })],
      Number.POSITIVE_INFINITY,
      ['0', '2'],
    ],
    [
      'what is not shown costs nothing',
      [video('a', { wanted: null }), b],
      1_200 * kbps,
      ['none not-shown', '2'],
    ],
    ['nor what is muted', [video('a', { muted: true }), b], 1_200 * kbps, ['none muted', '2']],
    ['nor what is not sent', [video('a', { levelsBps: [] }), b], 1_200 * kbps, ['none publisher', '2']],
    [
      'a paused microphone too',
      [{ ...microphone, wanted: null }, a],
      100 * kbps,
      ['none not-shown', '0 bandwidth'],
    ],
    [
      'a level that measures less than the one below costs as much',
      [video('a', { levelsBps: [200 * kbps, 50 * kbps] }), b],
      300 * kbps,
      ['1', '0 bandwidth'],
    ],
  ] as const)('%s', (_, tracks, estimateBps, expected) => {
    expect(shares([...tracks], estimateBps)).toEqual(expected);
  });

  test('of many microphones few speak at a time', () => {
    const open = Array.from({ length: 20 }, (_, i) => ({ ...microphone, trackId: `m${i}` }));
    expect(audioReserveBps(open)).toBe((3 + 17 * 0.1) * 40 * kbps);
  });
});

/** A line over time: each second an estimate. */
class Course {
  line: LineState = freshLine;
  now = 0;
  /** How often each track rose and fell. */
  readonly rises = new Map<string, number>();
  readonly falls = new Map<string, number>();
  #before = new Map<string, number>();

  step(tracks: TrackDemand[], estimateBps: number, ms = 1_000): string[] {
    const { decisions, line } = allocate(tracks, estimateBps, this.line, this.now);
    this.line = line;
    this.now += ms;
    return tracks.map(({ trackId }) => {
      const level = decisions.get(trackId)!.level ?? -1;
      const before = this.#before.get(trackId) ?? level;
      const counts = level > before ? this.rises : this.falls;
      if (level !== before) counts.set(trackId, (counts.get(trackId) ?? 0) + 1);
      this.#before.set(trackId, level);
      return inWords(decisions.get(trackId)!);
    });
  }

  /** The last of several seconds. */
  steps(seconds: number, tracks: TrackDemand[], estimateBps: number): string[] {
    let last: string[] = [];
    for (let i = 0; i < seconds; i++) last = this.step(tracks, estimateBps);
    return last;
  }
}

describe('over time', () => {
  const a = video('a');

  test('what no longer fits falls at once, and is back four seconds later', () => {
    const course = new Course();
    expect(course.step([a], 2_000 * kbps)).toEqual(['2']);
    expect(course.step([a], 200 * kbps)).toEqual(['0 bandwidth']);
    expect(course.steps(3, [a], 2_000 * kbps)).toEqual(['0 bandwidth']);
    expect(course.step([a], 2_000 * kbps)).toEqual(['2']);
    expect([course.falls.get('a'), course.rises.get('a')]).toEqual([1, 1]);
  });

  test('a rise that fails makes the next one later, up to 40 s; at most four changes in so long', () => {
    const course = new Course();
    course.step([a], 2_000 * kbps);
    const pauses: number[] = [];
    for (let i = 0; i < 5; i++) {
      course.step([a], 200 * kbps);
      let seconds = 1;
      while (course.step([a], 2_000 * kbps)[0] === '0 bandwidth') seconds++;
      pauses.push(seconds);
    }
    expect(pauses).toEqual([4, 35, 20, 40, 40]);
  });

  test('after a rise that failed the next one is by one level', () => {
    const course = new Course();
    course.step([a], 2_000 * kbps);
    for (const [seconds, level] of [
      [4, '2'],
      [35, '1 bandwidth'],
    ] as const) {
      course.step([a], 200 * kbps);
      expect(course.steps(seconds, [a], 2_000 * kbps)).toEqual([level]);
    }
    expect(course.steps(9, [a], 2_000 * kbps)).toEqual(['1 bandwidth']);
    expect(course.step([a], 2_000 * kbps)).toEqual(['2']);
  });

  test('a line that was wide enough for a minute is trusted again', () => {
    const course = new Course();
    course.steps(2, [a], 2_000 * kbps);
    course.step([a], 200 * kbps);
    expect(isUnlimited(course.line, course.now)).toBe(false);
    course.steps(75, [a], Number.POSITIVE_INFINITY);
    expect(isUnlimited(course.line, course.now)).toBe(true);
    course.step([a], 200 * kbps);
    expect(course.steps(3, [a], 2_000 * kbps)).toEqual(['0 bandwidth']);
    expect(course.step([a], 2_000 * kbps)).toEqual(['2']);
  });

  test('nothing rises into a line that is just wide enough', () => {
    const course = new Course();
    course.step([a], 100 * kbps);
    course.step([a], 50 * kbps);
    expect(course.steps(30, [a], 1_300 * kbps)).toEqual(['1 bandwidth']);
    expect(course.steps(11, [a], 1_500 * kbps)).toEqual(['2']);
  });

  test('what had been stopped comes back with its lowest level, and soon after as far as there is room', () => {
    const course = new Course();
    course.step([a], 2_000 * kbps);
    course.step([a], 50 * kbps);
    expect(course.step([a], 2_000 * kbps)).toEqual(['none bandwidth']);
    expect(course.step([a], 2_000 * kbps)).toEqual(['0 bandwidth']);
    expect(course.steps(3, [a], 2_000 * kbps)).toEqual(['0 bandwidth']);
    expect(course.step([a], 2_000 * kbps)).toEqual(['2']);
  });

  test('a trial begins from nothing, but for what changed often of late: that begins with its lowest level', () => {
    const [calm, restless] = [new Course(), new Course()];
    for (const course of [calm, restless]) course.step([a], 2_000 * kbps);
    restless.step([a], 200 * kbps);
    restless.steps(4, [a], 2_000 * kbps);
    restless.step([a], 200 * kbps);
    for (const course of [calm, restless]) {
      course.line = fallTo(course.line, 'a', -1, course.now);
      course.line = triedAnew(course.line, course.now);
    }
    expect(calm.step([a], 2_000 * kbps)).toEqual(['2']);
    expect(restless.steps(30, [a], 2_000 * kbps)).toEqual(['0 bandwidth']);
    expect(restless.steps(10, [a], 2_000 * kbps)).toEqual(['2']);
  });

  test('what the engine had to let fall stays down', () => {
    const course = new Course();
    course.step([a], 2_000 * kbps);
    course.line = fallTo(course.line, 'a', 0, course.now);
    expect(course.steps(4, [a], 2_000 * kbps)).toEqual(['0 bandwidth']);
    expect(course.step([a], 2_000 * kbps)).toEqual(['2']);
  });

  test('also on a line of which nothing was known', () => {
    const course = new Course();
    course.line = fallTo(freshLine, 'a', 1, course.now);
    expect(course.step([a, video('b')], Number.POSITIVE_INFINITY)).toEqual(['1 bandwidth', '2']);
  });

  test('whoever is pinned gets what flowed to others at once, also while nothing may rise', () => {
    const course = new Course();
    const b = video('b');
    course.step([a, b], 2_600 * kbps);
    expect(course.step([a, b], 1_800 * kbps)).toEqual(['2', '1 bandwidth']);
    expect(course.step([a, { ...b, priority: 200 }], 1_800 * kbps)).toEqual(['1 bandwidth', '2']);
    expect(course.line.holdMs).toBe(4_000); // It says nothing of the line.
  });

  test('as long as nothing is lost no picture is stopped, however low the estimate; what is lost stops it', () => {
    const tracks = [microphone, a, video('b')];
    const before = allocate(tracks, 300 * kbps, freshLine, 0).line;
    const levels = (losing: boolean) =>
      [...allocate(tracks, 80 * kbps, before, 1_000, losing).decisions.values()].map(inWords);
    expect(levels(false)).toEqual(['0', '0 bandwidth', '0 bandwidth']);
    expect(levels(true)).toEqual(['0', 'none bandwidth', 'none bandwidth']);
    const stopped = allocate(tracks, 80 * kbps, before, 1_000).line;
    const later = allocate(tracks, 80 * kbps, stopped, 2_000, false).decisions;
    expect(inWords(later.get('a')!)).toBe('none bandwidth'); // It does not flow any more.
  });

  test('what has risen too far falls back to what flowed before, for six seconds, unless packets go on being lost', () => {
    const tracks = [video('a')];
    const look = (line: LineState, estimateBps: number, now: number) => {
      const { decisions, line: next } = allocate(tracks, estimateBps, line, now, false);
      return { line: next, level: decisions.get('a')!.level };
    };
    const before = look(freshLine, 500 * kbps, 0);
    const risen = look(before.line, 2_000 * kbps, 20_000);
    expect([before.level, risen.level]).toEqual([1, 2]);
    expect(leastBps(tracks, risen.line, 22_000)).toBe(camera[1]);
    const fallen = look(fallTo(risen.line, 'a', 0, 22_000), 150 * kbps, 22_000);
    expect(fallen.level).toBe(1);
    expect(look(fallen.line, 150 * kbps, 25_900).level).toBe(1);
    expect(look(fallen.line, 150 * kbps, 26_000).level).toBe(0);
    expect(look(provedNothing(fallen.line, 22_900), 150 * kbps, 22_900).level).toBe(1); // Lost before.
    expect(look(provedNothing(fallen.line, 23_000), 150 * kbps, 23_000).level).toBe(0);
  });

  test('a tile that was small gets larger at once where the line allows', () => {
    const course = new Course();
    course.step([{ ...a, wanted: 0 }], 2_000 * kbps);
    expect(course.step([a], 2_000 * kbps)).toEqual(['2']);
  });
});

const demands = fc
  .array(
    fc.record({
      kind: fc.constantFrom('audio' as const, 'video' as const),
      levelsBps: fc.array(fc.integer({ min: 1, max: 2_000_000 }), { maxLength: 4 }),
      wanted: fc.option(fc.integer({ min: 0, max: 4 })),
      muted: fc.boolean(),
      priority: fc.integer({ min: 1, max: 3 }),
    }),
    { maxLength: 8 },
  )
  .map((tracks) => tracks.map((track, i): TrackDemand => ({ ...track, trackId: `t${i}` })));
const estimates = fc.integer({ min: 0, max: 8_000_000 });

function costOf({ levelsBps }: TrackDemand, level: number | null): number {
  return level === null ? 0 : Math.max(0, ...levelsBps.slice(0, level + 1));
}

function videoBps(tracks: TrackDemand[], decisions: Map<string, Decision>): number {
  return tracks
    .filter(({ kind }) => kind === 'video')
    .reduce((sum, track) => sum + costOf(track, decisions.get(track.trackId)!.level), 0);
}

describe('whatever the line and the tracks', () => {
  test('what flows fits, at every moment', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(demands, estimates), { maxLength: 20 }), (seconds) => {
        let line = freshLine;
        for (const [i, [tracks, estimateBps]] of seconds.entries()) {
          const result = allocate(tracks, estimateBps, line, i * 3_000);
          line = result.line;
          const budgetBps = Math.max(0, estimateBps - audioReserveBps(tracks));
          expect(videoBps(tracks, result.decisions)).toBeLessThanOrEqual(budgetBps);
        }
      }),
    );
  });

  test('nothing is held back without a reason, and audio never is', () => {
    fc.assert(
      fc.property(demands, estimates, (tracks, estimateBps) => {
        const { decisions } = allocate(tracks, estimateBps, freshLine, 0);
        for (const track of tracks) {
          const { level, reason } = decisions.get(track.trackId)!;
          const all = Math.min(track.wanted ?? -1, track.levelsBps.length - 1);
          if ((level ?? -1) < all || level === null) expect(reason).toBeDefined();
          else expect(reason).toBeUndefined();
          if (track.kind === 'audio') expect(reason).not.toBe('bandwidth');
        }
      }),
    );
  });

  test('a wider line is worse for nobody but to the good of somebody who comes first', () => {
    fc.assert(
      fc.property(demands, estimates, estimates, (tracks, oneBps, otherBps) => {
        const at = (bps: number) => steps(tracks, allocate(tracks, bps, freshLine, 0).decisions);
        const [narrow, wide] = [at(Math.min(oneBps, otherBps)), at(Math.max(oneBps, otherBps))];
        const difference = wide.findIndex((taken, i) => taken !== narrow[i]);
        if (difference >= 0) expect(wide[difference]).toBe(true);
      }),
    );
  });

  /** Whether each step is taken, in the order in which they are offered. */
  function steps(tracks: TrackDemand[], decisions: Map<string, Decision>): boolean[] {
    const videos = tracks.filter(({ kind }) => kind === 'video').sort((x, y) => y.priority - x.priority);
    const level = ({ trackId }: TrackDemand) => decisions.get(trackId)!.level ?? -1;
    const lowest = videos.map((track) => level(track) >= 0);
    const higher = [3, 2, 1].flatMap((priority) =>
      [1, 2, 3].flatMap((step) =>
        videos.filter((track) => track.priority === priority).map((track) => level(track) >= step),
      ),
    );
    return [...lowest, ...higher];
  }

  test('tracks of one kind: more bits are more or the same for each, and the important come first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 8 }),
        estimates,
        estimates,
        (priorities, oneBps, otherBps) => {
          const tracks = priorities.map((priority, i) => video(`t${i}`, { priority }));
          const at = (bps: number) => {
            const { decisions } = allocate(tracks, bps, freshLine, 0);
            return tracks.map(({ trackId }) => decisions.get(trackId)!.level ?? -1);
          };
          const [narrow, wide] = [at(Math.min(oneBps, otherBps)), at(Math.max(oneBps, otherBps))];
          for (const [i, track] of tracks.entries())
            for (const [j, other] of tracks.entries())
              if (track.priority > other.priority) expect(wide[i]).toBeGreaterThanOrEqual(wide[j]!);
          expect(wide.filter((level) => level >= 0).length).toBeGreaterThanOrEqual(
            narrow.filter((level) => level >= 0).length,
          );
        },
      ),
    );
  });

  test('however the line varies, a track seldom rises, and falls no further than it rose', () => {
    fc.assert(
      fc.property(
        fc.array(estimates, { minLength: 120, maxLength: 120 }),
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
        (seconds, priorities) => {
          const tracks = [microphone, ...priorities.map((priority, i) => video(`t${i}`, { priority }))];
          const course = new Course();
          for (const estimateBps of seconds) course.step(tracks, estimateBps);
          const spans = course.now / 10_000;
          for (const { trackId } of tracks) {
            const rises = course.rises.get(trackId) ?? 0;
            expect(rises).toBeLessThanOrEqual(spans);
            expect(course.falls.get(trackId) ?? 0).toBeLessThanOrEqual(2 * rises + 3);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('once the line is wide for good, everything is back within a minute and a half', () => {
    fc.assert(
      fc.property(fc.array(estimates, { maxLength: 60 }), (seconds) => {
        const tracks = [microphone, video('a'), video('b', { priority: 3 })];
        const course = new Course();
        for (const estimateBps of seconds) course.step(tracks, estimateBps);
        expect(course.steps(90, tracks, 8_000_000)).toEqual(['0', '2', '2']);
      }),
      { numRuns: 60 },
    );
  });
});
