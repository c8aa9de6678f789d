import { FakeClock } from '@weir/testing';
import { expect, test } from 'vitest';
import { type Level, SpeakerRanking } from './speaker-ranking.ts';

function ranking() {
  const clock = new FakeClock();
  const told: Level[][] = [];
  return { clock, told, ranking: new SpeakerRanking(clock, (speakers) => told.push(speakers)) };
}
const level = (trackId: string, dbov: number): Level => ({
  trackId,
  participantId: `of-${trackId}`,
  level: dbov,
});
const ids = (told: Level[][]) => told.map((speakers) => speakers.map(({ trackId }) => trackId).join(' '));

test('the loudest of all routers come first', () => {
  const { ranking: speakers, told } = ranking();
  speakers.update('worker 1', [level('a', -40), level('b', -50)]);
  expect(ids(told)).toEqual(['a b']);
});

test('routers are merged, at most one notice each interval, the last state wins', async () => {
  const { ranking: speakers, told, clock } = ranking();
  speakers.update('worker 1', [level('a', -40)]);
  speakers.update('worker 2', [level('b', -30)]);
  speakers.update('worker 2', [level('c', -20)]);
  expect(ids(told)).toEqual(['a']);
  await clock.advance(299);
  expect(ids(told)).toEqual(['a']);
  await clock.advance(1);
  expect(ids(told)).toEqual(['a', 'c a']);
});

test('the same speakers at about the same level are no news, a notable change is', async () => {
  const { ranking: speakers, told, clock } = ranking();
  speakers.update('worker 1', [level('a', -40)]);
  await clock.advance(1_000);
  speakers.update('worker 1', [level('a', -43)]);
  await clock.advance(1_000);
  expect(told).toHaveLength(1);
  speakers.update('worker 1', [level('a', -30)]);
  expect(told.at(-1)).toEqual([level('a', -30)]);
});

test('silence is told once', async () => {
  const { ranking: speakers, told, clock } = ranking();
  speakers.update('worker 1', [level('a', -40)]);
  await clock.advance(1_000);
  speakers.update('worker 1', []);
  await clock.advance(1_000);
  speakers.update('worker 1', []);
  await clock.advance(1_000);
  expect(ids(told)).toEqual(['a', '']);
});

test('a closed ranking tells nothing and keeps no timer', async () => {
  const { ranking: speakers, told, clock } = ranking();
  speakers.update('worker 1', [level('a', -40)]);
  speakers.update('worker 1', [level('b', -40)]);
  speakers.close();
  expect(clock.pending).toBe(0);
  speakers.update('worker 1', [level('c', -40)]);
  await clock.advance(1_000);
  expect(ids(told)).toEqual(['a']);
});
