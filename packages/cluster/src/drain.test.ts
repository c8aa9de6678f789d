import { silentLogger } from '@weir/core';
import { eventually } from '@weir/testing';
import { expect, onTestFinished, test } from 'vitest';
import { cancelDrain, DrainWatch, drains, requestDrain } from './drain.ts';
import type { Leases } from './leases.ts';
import { memoryStore } from './memory-store.ts';

async function watch(leases: Leases) {
  const watch = await DrainWatch.start(leases, silentLogger);
  onTestFinished(() => watch.close());
  return watch;
}

test('a drain is seen by all who watch, its new deadline too, until it is undone', async () => {
  const { leases } = memoryStore();
  const one = await watch(leases);
  const changes: [string, boolean][] = [];
  one.events.on('changed', (nodeId, drain) => changes.push([nodeId, drain !== undefined]));
  const asked = await requestDrain(leases, 'media-1', 60_000);
  await eventually(() => one.of('media-1')?.deadlineAt === asked.deadlineAt || 'not seen');
  expect((await watch(leases)).of('media-1')).toEqual(asked);
  const sooner = await requestDrain(leases, 'media-1', 10_000);
  expect(sooner.since).toBe(asked.since);
  await eventually(
    () => one.of('media-1')?.deadlineAt === sooner.deadlineAt || 'the new deadline is not seen',
  );
  await cancelDrain(leases, 'media-1');
  await eventually(() => one.of('media-1') === undefined || 'still drained');
  expect(changes).toEqual([
    ['media-1', true],
    ['media-1', true],
    ['media-1', false],
  ]);
});

test('while the store is away what was wanted before holds', async () => {
  const { leases } = memoryStore();
  await requestDrain(leases, 'a', 60_000);
  let asked = 0;
  const away: Leases = {
    ...leases,
    list: (prefix) => (asked++ ? Promise.reject(new Error('away')) : leases.list(prefix)),
  } as Leases;
  const it = await watch(away);
  await eventually(() => asked > 2 || 'not asked again');
  expect(it.of('a')).toBeDefined();
});

test('what cannot be read is no drain', async () => {
  const { leases } = memoryStore();
  for (const [nodeId, value] of Object.entries({
    a: 'no json',
    b: '{"since":"x","deadlineAt":5}',
    c: 'null',
  }))
    await leases.acquire(`drain:${nodeId}`, 'operator', 60_000, value);
  expect(await drains(leases)).toEqual(new Map());
});
