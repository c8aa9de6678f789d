import { seededRandom } from '@weir/testing';
import { describe, expect, test } from 'vitest';
import { memoryStore } from './memory-store.ts';
import { Placement } from './placement.ts';

async function placement(nodes: Record<string, string>) {
  const store = memoryStore();
  for (const [nodeId, value] of Object.entries(nodes))
    await store.leases.acquire(`media-node:${nodeId}`, nodeId, 60_000, value);
  await store.leases.acquire('signaling-node:s', 's', 60_000); // Not one of them.
  return { store, placement: new Placement(store, seededRandom(1)) };
}

const tally = (names: string[]) =>
  Object.fromEntries(
    [...new Set(names)].sort().map((name) => [name, names.filter((n) => n === name).length]),
  );

describe('Placement', () => {
  test('of two, the less loaded; a value that cannot be read counts as idle', async () => {
    const { placement: one } = await placement({ a: '{"sessions":50}', b: '{"sessions":2}' });
    expect(await one.choose('r1')).toBe('b');
    const { placement: other } = await placement({ a: '{"sessions":50}', b: 'not json' });
    expect(await other.choose('r1')).toBe('b');
  });

  test('a burst of rooms spreads before any node has told of its load', async () => {
    const { placement: it } = await placement({ a: '{}', b: '{}', c: '{}', d: '{}' });
    const chosen = await Promise.all(Array.from({ length: 200 }, (_, i) => it.choose(`room-${i}`)));
    for (const [node, count] of Object.entries(tally(chosen))) {
      expect(count, node).toBeGreaterThan(40);
      expect(count, node).toBeLessThan(60);
    }
  });

  test('a room stays together: with those who are in it, and with those placed a moment ago', async () => {
    const { placement: it } = await placement({ a: '{"sessions":500}', b: '{}', c: '{}' });
    expect(await it.choose('r', ['a', 'b', 'a'])).toBe('a');
    const burst = await Promise.all(Array.from({ length: 20 }, () => it.choose('new')));
    expect(new Set(burst).size).toBe(1);
  });

  test('a node that is gone is not chosen, even if the room was there', async () => {
    const { placement: it, store } = await placement({ a: '{}', b: '{"sessions":99}' });
    const lease = (await store.leases.get('media-node:a'))!;
    await store.leases.release(lease);
    expect(await it.choose('r', ['a', 'a'])).toBe('b');
    await store.leases.release((await store.leases.get('media-node:b'))!);
    await expect(it.choose('r')).rejects.toMatchObject({ code: 'no-media-node' });
  });

  test('a node that was just found dead is avoided while its lease still runs', async () => {
    const { placement: it } = await placement({ a: '{}', b: '{"sessions":99}' });
    expect(await it.choose('r', ['a'], 'a')).toBe('b');
    await expect(it.choose('r', [], 'b')).resolves.toBe('a');
  });

  test('the decisions are kept with their reasons, a bounded number of them', async () => {
    const { placement: it } = await placement({ a: '{}' });
    for (let i = 0; i < 1_010; i++) await it.choose(`r${i}`);
    expect(it.decisions).toHaveLength(1_000);
    expect(it.decisions.at(-1)).toMatchObject({
      roomId: 'r1009',
      nodeId: 'a',
      reason: 'the only one alive',
      candidates: 1,
    });
  });
});
