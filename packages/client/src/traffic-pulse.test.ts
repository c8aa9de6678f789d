import { describe, expect, test } from 'vitest';
import { lookEveryMs, TrafficPulse } from './traffic-pulse.ts';

/** Looks at traffic of which something came (`x`) or not (`.`); answers what was told at which look. */
function looks(traffic: string): string[] {
  const pulse = new TrafficPulse();
  let bytes = 1_000;
  return [...traffic].flatMap((look, at) => {
    if (look === 'x') bytes += 100;
    const verdict = pulse.look(bytes, at * lookEveryMs);
    return verdict ? [`${verdict} ${at}`] : [];
  });
}

const steady = 'x'.repeat(11); // The first look only takes note.

describe('[B8] the pulse of the traffic', () => {
  test.each([
    ['what always came is missed at the second look', `${steady}..`, ['silent 12']],
    ['one look in vain is nothing', `${steady}.x.x.x`, []],
    [
      'silence is told again every second',
      `${steady}${'.'.repeat(24)}`,
      ['silent 12', 'silent 22', 'silent 32'],
    ],
    ['and its end once', `${steady}....xxx`, ['silent 12', 'alive 15']],
    ['what came every other time is missed later', `x${'x.'.repeat(8)}......`, ['silent 21']],
    ['what seldom comes is not missed', `x${'x...'.repeat(8)}${'.'.repeat(30)}`, []],
    ['nor what has not come for long', `xxxxx${'.'.repeat(30)}`, []],
  ])('%s', (_, traffic, told) => {
    expect(looks(traffic)).toEqual(told);
  });

  test('a count that begins anew is no silence', () => {
    const pulse = new TrafficPulse();
    for (let bytes = 0; bytes < 12; bytes++) pulse.look(bytes, bytes * lookEveryMs);
    const later = [5, 5, 5, 5, 5].map((bytes, i) => pulse.look(bytes, (12 + i) * lookEveryMs));
    expect(later).toEqual(Array(5).fill(undefined));
  });

  test('what always came is missed after 190 ms, when it is looked at more often from the first look in vain', () => {
    const pulse = new TrafficPulse();
    for (let i = 0; i <= 10; i++) pulse.look(i, i * lookEveryMs);
    const looks = [1_100, 1_150, 1_200].map((now) => [now, pulse.look(10, now), pulse.isMissing]);
    expect(looks).toEqual([
      [1_100, undefined, true],
      [1_150, undefined, true],
      [1_200, 'silent', true],
    ]);
    expect(pulse.look(11, 1_300)).toBe('alive');
    expect(pulse.isMissing).toBe(false);
  });

  test('where it is known when the last came that counts, and it says when the silence will be believed', () => {
    const pulse = new TrafficPulse();
    for (let i = 0; i <= 10; i++) pulse.look(i, i * lookEveryMs, false, i * lookEveryMs - 60);
    expect([pulse.look(10, 1_100), pulse.dueAt]).toEqual([undefined, 1_130]);
    expect([pulse.look(10, 1_130), pulse.dueAt]).toEqual(['silent', undefined]);
  });

  test.each([-3_600_000, 3_600_000])('a clock that differs by %s ms is passed over', (offMs) => {
    const pulse = new TrafficPulse();
    for (let i = 0; i <= 10; i++) pulse.look(i, i * lookEveryMs, false, i * lookEveryMs + offMs);
    expect([1_100, 1_150, 1_200].map((now) => pulse.look(10, now))).toEqual([undefined, undefined, 'silent']);
  });

  test('where silence is likely less of it is enough', () => {
    for (const [isLikely, verdict] of [
      [true, 'silent'],
      [false, undefined],
    ] as const) {
      const pulse = new TrafficPulse();
      for (let i = 0; i <= 10; i++) pulse.look(i, i * lookEveryMs);
      expect([pulse.look(10, 1_050, isLikely), pulse.look(10, 1_100, isLikely)]).toEqual([
        undefined,
        verdict,
      ]);
    }
  });
});
