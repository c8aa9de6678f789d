import { seededRandom, withSeed } from '@weir/testing';
import { describe, expect, test } from 'vitest';
import { VoiceRanking } from './voice-ranking.ts';

const packetMs = 20;
type Levels = Record<string, (nowMs: number) => number | undefined>;

/** Lets voices be heard, a packet each 20 ms; answers what changed, like `340 2=bob`. */
function listen(ranking: VoiceRanking<string>, levels: Levels, fromMs: number, untilMs: number): string[] {
  const changes: string[] = [];
  for (let nowMs = fromMs; nowMs < untilMs; nowMs += packetMs) {
    const expired = nowMs % 100 === 0 ? ranking.expire(nowMs) : [];
    const heard = Object.entries(levels).flatMap(([voice, level]) => {
      const dbov = level(nowMs);
      return (dbov === undefined ? undefined : ranking.heard(voice, dbov, nowMs)) ?? [];
    });
    for (const { slot, voice } of [...expired, ...heard]) changes.push(`${nowMs} ${slot}=${voice ?? ''}`);
  }
  return changes;
}
const steady = (dbov: number) => () => dbov;
const between = (fromMs: number, untilMs: number, dbov: number) => (nowMs: number) =>
  nowMs >= fromMs && nowMs < untilMs ? dbov : -80;

describe('a slot is given', () => {
  test('with the second loud packet, from the first one on', () => {
    const ranking = new VoiceRanking<string>(1);
    expect(ranking.heard('alice', -80, 0)).toBeUndefined();
    expect(ranking.heard('alice', -30, 20)).toBeUndefined();
    expect(ranking.heard('alice', -30, 40)).toEqual({ slot: 0, voice: 'alice', onsetMs: 20 });
    expect(ranking.heard('alice', -30, 60)).toBeUndefined();
  });

  test('not for a click, nor for noise', () => {
    const ranking = new VoiceRanking<string>(1);
    const clicks = (nowMs: number) => (nowMs % 100 === 0 ? -5 : -90);
    expect(listen(ranking, { clicks, noise: steady(-61) }, 0, 5_000)).toEqual([]);
  });

  test('after a pause in which no packets came, with the second packet too', () => {
    const ranking = new VoiceRanking<string>(1);
    ranking.heard('alice', -30, 0);
    expect(ranking.heard('alice', -30, 5_000)).toBeUndefined();
    expect(ranking.heard('alice', -30, 5_020)).toMatchObject({ voice: 'alice', onsetMs: 5_000 });
  });

  test('once silent for two seconds, free; the same one again when it is', () => {
    const ranking = new VoiceRanking<string>(3);
    const levels = {
      alice: between(0, 1_000, -30),
      bob: (ms: number) => Math.max(between(40, 500, -30)(ms), between(6_000, 9_000, -30)(ms)),
    };
    expect(listen(ranking, levels, 0, 6_100)).toEqual([
      '20 0=alice',
      '60 1=bob',
      '2500 1=',
      '3000 0=',
      '6020 1=bob',
    ]);
  });
});

describe('when all slots are taken', () => {
  test('somebody clearly louder gets the quietest one’s at once', () => {
    const ranking = new VoiceRanking<string>(2);
    const levels = { alice: steady(-30), bob: steady(-40), carol: between(1_000, 9_000, -33) };
    expect(listen(ranking, levels, 0, 3_000)).toEqual(['20 0=alice', '20 1=bob', '1020 1=carol']);
  });

  test('somebody a little louder does not', () => {
    const ranking = new VoiceRanking<string>(2);
    const levels = { alice: steady(-30), bob: steady(-40), carol: between(1_000, 9_000, -35) };
    expect(listen(ranking, levels, 0, 3_000)).toEqual(['20 0=alice', '20 1=bob']);
  });

  test('whoever speaks, however softly, gets that of somebody silent for half a second', () => {
    const ranking = new VoiceRanking<string>(2);
    const levels = {
      alice: steady(-30),
      bob: between(0, 1_000, -20),
      carol: between(1_200, 9_000, -58),
    };
    expect(listen(ranking, levels, 0, 3_000)).toEqual(['20 0=alice', '20 1=bob', '1500 1=carol']);
  });

  test('a slot just taken stays for a word', () => {
    const ranking = new VoiceRanking<string>(1);
    const levels = { alice: between(0, 9_000, -50), bob: between(100, 9_000, -20) };
    expect(listen(ranking, levels, 0, 1_000)).toEqual(['20 0=alice', '320 0=bob']);
  });
});

test('who is gone leaves a free slot, and is forgotten', () => {
  const ranking = new VoiceRanking<string>(1);
  listen(ranking, { alice: steady(-30) }, 0, 100);
  expect(ranking.gone('alice')).toEqual({ slot: 0, voice: undefined, onsetMs: 0 });
  expect(ranking.gone('alice')).toBeUndefined();
  expect(ranking.slots).toEqual([undefined]);
  expect(listen(ranking, { bob: steady(-50) }, 100, 200)).toEqual(['120 0=bob']);
});

test('speakers are those with a slot who have been heard in the last half second, loudest first', () => {
  const ranking = new VoiceRanking<string>(3);
  listen(ranking, { alice: between(0, 1_000, -40), bob: steady(-30) }, 0, 1_400);
  expect(ranking.speaking(1_400)).toEqual([
    { voice: 'bob', level: -30 },
    { voice: 'alice', level: -44 }, // Fading.
  ]);
  listen(ranking, { bob: steady(-30) }, 1_400, 1_600);
  expect(ranking.speaking(1_600)).toEqual([{ voice: 'bob', level: -30 }]);
});

/** Syllables of about 200 ms between -20 and -50 dBov, sentences of some seconds, pauses. */
function speech(random: () => number): (nowMs: number) => number {
  let untilMs = 0;
  let dbov = -80;
  let sentenceEndMs = 0;
  return (nowMs) => {
    if (nowMs >= untilMs) {
      untilMs = nowMs + 80 + random() * 240;
      if (nowMs > sentenceEndMs && random() < 0.2) {
        untilMs = nowMs + 300 + random() * 1_500;
        sentenceEndMs = untilMs + 2_000 + random() * 4_000;
        dbov = -80;
      } else dbov = -20 - random() * 30;
    }
    return dbov + random() * 4;
  };
}

describe('whatever two hundred people say', () => {
  test(
    'never more than the slots, nobody in two, and who is loud gets in with the packet that shows it',
    withSeed((seed) => {
      const random = seededRandom(seed);
      const ranking = new VoiceRanking<string>(6);
      const people = Array.from({ length: 200 }, (_, i) => ({ name: `p${i}`, says: speech(random) }));
      for (let nowMs = 0; nowMs < 10_000; nowMs += packetMs) {
        for (const { name, says } of people) if (random() < 0.9) ranking.heard(name, says(nowMs), nowMs);
        if (nowMs % 100 === 0) ranking.expire(nowMs);
        const holders = ranking.slots.filter((voice) => voice !== undefined);
        expect(new Set(holders).size).toBe(holders.length);
        expect(ranking.slots).toHaveLength(6);
        if (nowMs % 1_000 !== 980) continue;
        // Whatever there is, it is louder; a slot that may be taken is there within a word.
        const name = `loud ${nowMs}`;
        let waitedMs = 0;
        for (ranking.heard(name, 0, nowMs); !ranking.slots.includes(name); waitedMs += packetMs)
          ranking.heard(name, 0, nowMs + waitedMs + packetMs);
        expect(waitedMs).toBeLessThanOrEqual(300);
        ranking.gone(name);
      }
    }),
  );

  test(
    'a slot changes hands seldom: it does not flap',
    withSeed((seed) => {
      const random = seededRandom(seed);
      const ranking = new VoiceRanking<string>(6);
      const levels = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`p${i}`, speech(random)]));
      const taken: number[][] = Array.from({ length: 6 }, () => []);
      for (const change of listen(ranking, levels, 0, 20_000)) {
        const [ms, slot] = change.split(/[ =]/).map(Number);
        if (!change.endsWith('=')) taken[slot!]!.push(ms!);
      }
      for (const moments of taken) {
        for (const [i, ms] of moments.entries())
          if (i > 0) expect(ms - moments[i - 1]!).toBeGreaterThanOrEqual(300);
        // Everybody babbles at once, pauses of half a second are given away, and yet a slot stays for half a second on average.
        expect(moments.length).toBeLessThan(40);
      }
    }),
  );

  test(
    'steady voices with a little noise keep their slots',
    withSeed((seed) => {
      const random = seededRandom(seed);
      const ranking = new VoiceRanking<string>(6);
      const levels = Object.fromEntries(
        Array.from({ length: 50 }, (_, i) => [`p${i}`, () => -35 + random() * 5]),
      );
      listen(ranking, levels, 0, 1_000);
      expect(listen(ranking, levels, 1_000, 20_000)).toEqual([]);
    }),
  );
});
