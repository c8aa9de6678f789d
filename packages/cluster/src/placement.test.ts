import { seededRandom } from '@weir/testing';
import { describe, expect, test } from 'vitest';
import { memoryStore } from './memory-store.ts';
import { Placement } from './placement.ts';

async function placement(nodes: Record<string, string>, region?: string) {
  const store = memoryStore();
  for (const [nodeId, value] of Object.entries(nodes))
    await store.leases.acquire(`media-node:${nodeId}`, nodeId, 60_000, value);
  await store.leases.acquire('signaling-node:s', 's', 60_000); // Not one of them.
  return { store, placement: new Placement(store, { random: seededRandom(1), region }) };
}

const tally = (names: string[]) =>
  Object.fromEntries(
    [...new Set(names)].sort().map((name) => [name, names.filter((n) => n === name).length]),
  );

describe('Placement', () => {
  test('of two, the less loaded; a value that cannot be read counts as idle', async () => {
    const { placement: one } = await placement({ a: '{"sessions":50}', b: '{"sessions":2}' });
    expect(await one.choose('r1')).toEqual({ nodeId: 'b', home: 'b' });
    const { placement: other } = await placement({ a: '{"sessions":50}', b: 'not json' });
    expect(await other.choose('r1')).toMatchObject({ nodeId: 'b' });
  });

  test('a burst of rooms spreads before any node has told of its load', async () => {
    const { placement: it } = await placement({ a: '{}', b: '{}', c: '{}', d: '{}' });
    const chosen = await Promise.all(Array.from({ length: 200 }, (_, i) => it.choose(`room-${i}`)));
    for (const [node, count] of Object.entries(tally(chosen.map(({ nodeId }) => nodeId)))) {
      expect(count, node).toBeGreaterThan(40);
      expect(count, node).toBeLessThan(60);
    }
  });

  test('a room stays together: with those who are in it, and with those placed a moment ago', async () => {
    const { placement: it } = await placement({ a: '{"sessions":500}', b: '{}', c: '{}' });
    expect(await it.choose('r', { hosts: ['a', 'b', 'a'] })).toMatchObject({ nodeId: 'a' });
    const burst = await Promise.all(Array.from({ length: 20 }, () => it.choose('new')));
    expect(new Set(burst.map(({ nodeId }) => nodeId)).size).toBe(1);
  });

  test('a node that is gone is not chosen, even if the room was there', async () => {
    const { placement: it, store } = await placement({ a: '{}', b: '{"sessions":99}' });
    const lease = (await store.leases.get('media-node:a'))!;
    await store.leases.release(lease);
    expect(await it.choose('r', { home: 'a', hosts: ['a', 'a'] })).toEqual({ nodeId: 'b', home: 'b' });
    await store.leases.release((await store.leases.get('media-node:b'))!);
    await expect(it.choose('r')).rejects.toMatchObject({ code: 'no-media-node' });
  });

  test('a node that was just found dead is avoided while its lease still runs', async () => {
    const { placement: it } = await placement({ a: '{}', b: '{"sessions":99}' });
    expect(await it.choose('r', { hosts: ['a'], avoid: 'a' })).toMatchObject({ nodeId: 'b' });
    expect(await it.choose('r', { avoid: 'b' })).toMatchObject({ nodeId: 'a' });
  });

  test('a room outgrows its node: others take who comes when that is full, and its home stays', async () => {
    const { placement: it } = await placement({
      a: '{"sessions":8,"sessionsAtMost":10}',
      b: '{"sessions":1,"sessionsAtMost":3}',
      c: '{"busy":0.9}',
    });
    const chosen = [];
    for (let i = 0; i < 5; i++) chosen.push(await it.choose('r', { home: 'a', hosts: ['a', 'a'] }));
    expect(chosen.map(({ nodeId }) => nodeId)).toEqual(['a', 'a', 'b', 'b', 'c']); // The last one: all are full.
    expect(new Set(chosen.map(({ home }) => home))).toEqual(new Set(['a']));
    expect(it.decisions.at(-1)!.reason).toMatch(/^all are full/);
  });

  test('nobody comes to a node that is drained, wherever the room is; only where there is no other', async () => {
    const drained = '{"drain":{"since":1,"deadlineAt":2}}';
    const { placement: it, store } = await placement({ a: drained, b: '{"sessions":99,"busy":0.9}' });
    expect(await it.choose('r', { home: 'a', hosts: ['a', 'a'] })).toEqual({ nodeId: 'b', home: 'b' });
    await store.leases.release((await store.leases.get('media-node:b'))!);
    expect(await it.choose('r')).toMatchObject({ nodeId: 'a' });
  });

  test('a room goes on where it already is before it goes anywhere else', async () => {
    const nodes = { a: '{"sessions":9,"sessionsAtMost":9}', b: '{"sessions":8}', c: '{}', d: '{}' };
    const { placement: it } = await placement(nodes);
    expect(await it.choose('r', { home: 'a', hosts: ['a', 'a', 'b'] })).toEqual({ nodeId: 'b', home: 'a' });
  });

  test('the own region comes first, even before the room’s nodes; another is better than a full one', async () => {
    const eu = '{"region":"eu","sessionsAtMost":2}';
    const { placement: it } = await placement({ a: eu, b: '{"region":"us"}' }, 'eu');
    const chosen = [];
    for (let i = 0; i < 3; i++) chosen.push(await it.choose('r', { home: 'b', hosts: ['b', 'b', 'b'] }));
    expect(chosen.map(({ nodeId }) => nodeId)).toEqual(['a', 'a', 'b']);
  });

  test('the decisions are kept with their reasons, a bounded number of them', async () => {
    const { placement: it } = await placement({ a: '{}' });
    for (let i = 0; i < 1_010; i++) await it.choose(`r${i}`);
    expect(it.decisions).toHaveLength(1_000);
    expect(it.decisions.at(-1)).toMatchObject({
      roomId: 'r1009',
      nodeId: 'a',
      reason: 'the only one with a place',
      candidates: 1,
    });
  });
});
