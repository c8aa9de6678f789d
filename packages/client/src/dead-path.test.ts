import { expect, test } from 'vitest';
import { DeadPath, pairTraffic } from './dead-path.ts';

const pair = (id: string, bytesReceived: number, responsesReceived: number) => ({
  id,
  type: 'candidate-pair',
  bytesReceived,
  responsesReceived,
});

function report(...entries: { id: string; type: string }[]): RTCStatsReport {
  const transport = { id: 'T', type: 'transport', selectedCandidatePairId: 'wifi' };
  return new Map([transport, ...entries].map((entry) => [entry.id, entry])) as unknown as RTCStatsReport;
}

function looks(...seen: [came: number, answersOfOthers: number, selectedId?: string][]) {
  const path = new DeadPath();
  return seen.map(([came, answersOfOthers, selectedId = 'wifi']) =>
    path.look({ came, answersOfOthers, selectedId, wasUsed: true }),
  );
}

test('what came over the selected pair is told apart from answers over others', () => {
  expect(pairTraffic(report(pair('wifi', 100, 5), pair('cellular', 70, 3), pair('lan', 0, 1)))).toEqual({
    selectedId: 'wifi',
    wasUsed: true,
    came: 105,
    answersOfOthers: 4,
  });
});

test('a browser that does not count answers, or has chosen no pair, says nothing', () => {
  expect(pairTraffic(report({ id: 'wifi', type: 'candidate-pair' }))).toBeUndefined();
  expect(pairTraffic(report())).toBeUndefined();
});

test('dead: others answer at two looks, and nothing comes over the one in use', () =>
  expect(looks([105, 4], [105, 4], [105, 5], [105, 7])).toEqual([undefined, undefined, undefined, 'dead']));

test('dead at the next look: the signaling got through another way', () => {
  const path = new DeadPath();
  const seen = { selectedId: 'wifi', wasUsed: true, came: 105, answersOfOthers: 4 };
  expect(path.look(seen)).toBeUndefined();
  path.anotherAnswers();
  expect(path.look(seen)).toBe('dead');
  expect(path.look({ ...seen, came: 106 })).toBe('alive');
});

test('dead: the browser has given the pair up, and the signaling got through another way', () => {
  const path = new DeadPath();
  expect(path.look(undefined)).toBeUndefined();
  path.anotherAnswers();
  expect(path.look(undefined)).toBe('dead');
});

test('a path that was only just chosen is not dead because nothing has come over it yet', () => {
  const path = new DeadPath();
  path.anotherAnswers();
  const seen = { selectedId: 'cellular', wasUsed: false, came: 3, answersOfOthers: 4 };
  expect([path.look(seen), path.look(seen), path.look({ ...seen, came: 500 })]).toEqual([
    undefined,
    undefined,
    'alive',
  ]);
});

test('nothing at all answers: the network stands still, and nothing else would go', () =>
  expect(looks([105, 4], [105, 4], [105, 4], [105, 4])).toEqual(Array(4).fill(undefined)));

test('alive: something came over it after all', () =>
  expect(looks([105, 4], [105, 5], [106, 6])).toEqual([undefined, undefined, 'alive']));

test('alive: the browser has changed over by itself', () =>
  expect(looks([105, 4], [105, 5], [0, 6, 'cellular'])).toEqual([undefined, undefined, 'alive']));

test('pairs that are given up take their answers with them', () =>
  expect(looks([105, 9], [105, 1], [105, 2], [105, 3])).toEqual([undefined, undefined, undefined, 'dead']));
