import { expect, test } from 'vitest';
import {
  defaultScalePolicy,
  desiredNodes,
  freshScale,
  type ScalePolicy,
  type ScaleSignals,
} from './autoscale.ts';

const policy: ScalePolicy = { ...defaultScalePolicy, atLeast: 2, atMost: 20 };
const ask = (signals: Partial<ScaleSignals>, state = freshScale, now = 0) =>
  desiredNodes({ working: 4, coming: 0, load: 2, ...signals }, state, policy, now);

test.each<[string, Partial<ScaleSignals>, number]>([
  ['as full as meant: as many', {}, 4],
  ['fuller: more', { load: 2.6 }, 6],
  ['those that are coming count', { load: 2.6, coming: 2 }, 6],
  ['never more than allowed', { load: 60 }, 20],
  ['never fewer than wanted', { working: 1, load: 0 }, 2],
  ['too many by a new policy', { working: 30, load: 5 }, 20],
  ['a low load is no reason at once', { load: 0 }, 4],
])('%s', (_, signals, desired) => {
  expect(ask(signals).desired).toBe(desired);
});

test('after a start it waits before it asks for more', () => {
  const { state } = ask({ load: 2.6 });
  expect(ask({ working: 4, coming: 2, load: 3.5 }, state, 5_000).desired).toBe(6);
  expect(ask({ working: 4, coming: 2, load: 3.5 }, state, 16_000).desired).toBeGreaterThan(6);
});

test('what grows is met ahead', () => {
  const { state } = ask({});
  // A tenth of a node more in a second: six more in the minute that a node takes to come.
  expect(ask({ load: 2.1 }, state, 1_000).desired).toBe(17);
});

test('few go at a time, after the load was low for long, and no sooner after a change', () => {
  let state = freshScale;
  let working = 20;
  const changes: { at: number; working: number }[] = [];
  for (let now = 0; now <= 3_600_000; now += 10_000) {
    const answer = desiredNodes({ working, coming: 0, load: 3 }, state, policy, now);
    state = answer.state;
    if (answer.desired !== working) changes.push({ at: now, working: answer.desired });
    working = answer.desired;
  }
  expect(changes[0]).toEqual({ at: 300_000, working: 18 });
  for (const [i, { at }] of changes.entries())
    if (i > 0) expect(at - changes[i - 1]!.at).toBeGreaterThanOrEqual(300_000);
  expect(working).toBe(10); // Three tenths full: no longer too many.
});

test('a load that goes up and down around a limit starts and stops nothing all the time', () => {
  let state = freshScale;
  let working = 6;
  let changes = 0;
  for (let now = 0; now <= 7_200_000; now += 10_000) {
    const load = 2.2 + 0.3 * Math.sin(now / 200_000);
    const answer = desiredNodes({ working, coming: 0, load }, state, policy, now);
    state = answer.state;
    if (answer.desired !== working) changes++;
    working = answer.desired;
  }
  expect(changes).toBeLessThanOrEqual(1);
});
