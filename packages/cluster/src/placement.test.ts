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
      candidates: 1,
    });
    expect(it.decisions[0]).toMatchObject({ roomId: 'r10', reason: 'the only one with a place' });
  });
});

describe('Placement by what is scarce', () => {
  const loaded = (use: object, sessions = 100) => JSON.stringify({ sessions, use });

  test.each(['cpu', 'egress', 'packets', 'consumers'])(
    '%s: the less loaded of two, whatever their sessions',
    async (resource) => {
      const { placement: it } = await placement({
        a: loaded({ [resource]: 0.6 }, 10),
        b: loaded({ [resource]: 0.3 }, 900),
      });
      expect(await it.choose('r')).toMatchObject({ nodeId: 'b' });
      expect(it.decisions.at(-1)!.reason).toMatch(
        `30 % of its ${resource} against 60 % of its ${resource} on a`,
      );
    },
  );

  test('no new room on a busy node; a small room that is there stays, a big one goes elsewhere before it is full', async () => {
    const nodes = { a: loaded({ egress: 0.72 }), b: loaded({ cpu: 0.6 }), c: loaded({ cpu: 0.9 }) };
    const { placement: it } = await placement(nodes);
    const chosen = new Set<string>();
    for (let i = 0; i < 10; i++) chosen.add((await it.choose(`r${i}`)).nodeId);
    expect(chosen).toEqual(new Set(['b']));
    expect(await it.choose('small', { home: 'a', hosts: ['a', 'a'] })).toEqual({ nodeId: 'a', home: 'a' });
    const many = Array.from({ length: 30 }, () => 'a');
    expect(await it.choose('big', { home: 'a', hosts: many })).toEqual({ nodeId: 'b', home: 'a' });
  });

  test('when none is good the least bad is taken: full before out of reach before drained; the reason says so', async () => {
    const full = loaded({ packets: 0.95 });
    const drained = '{"drain":{"since":1,"deadlineAt":2}}';
    const { placement: it, store } = await placement({ a: drained, b: full, c: loaded({ cpu: 0.99 }) });
    expect(await it.choose('r', { home: 'a', hosts: ['a'] })).toEqual({ nodeId: 'b', home: 'b' });
    expect(it.decisions.at(-1)).toMatchObject({
      reason: 'all are full; it has 95 % of its packets',
      passedOver: [
        { nodeId: 'a', why: 'it is drained' },
        { nodeId: 'c', why: '99 % of its cpu' },
      ],
    });
    for (const node of ['b', 'c'])
      await store.leases.release((await store.leases.get(`media-node:${node}`))!);
    expect(await it.choose('r')).toMatchObject({ nodeId: 'a' });
    expect(it.decisions.at(-1)!.reason).toBe('none is good: it is drained');
  });

  test('those who were just placed count with what the sessions there take', async () => {
    const { placement: it } = await placement({
      a: loaded({ cpu: 0.5 }, 50),
      b: loaded({ cpu: 0.5 }, 5_000),
    });
    const chosen = [];
    for (let i = 0; i < 100; i++) chosen.push((await it.choose(`r${i}`)).nodeId);
    // One per cent of a core each on the first: 20 more and it is busy.
    expect(tally(chosen).b).toBeGreaterThan(75);
  });

  test('many are placed among the same nodes in little time', async () => {
    const alive = Array.from({ length: 2_000 }, (_, i) => ({
      nodeId: `n${i}`,
      status: { region: i % 2 ? 'eu' : 'us', sessions: i, use: { cpu: i / 2_500 } },
    }));
    const it = new Placement(memoryStore(), { random: seededRandom(1), region: 'eu' });
    const used = process.cpuUsage();
    for (let i = 0; i < 10_000; i++) it.chooseFrom(alive, `room-${i}`, {}, 1_000);
    expect(process.cpuUsage(used).user).toBeLessThan(5_000_000); // Microseconds: half a millisecond each.
  });
});

describe('Placement of who cannot get through', () => {
  const node = (nodeId: string, tried = 0, failed = 0, byTcp = 0) => ({
    nodeId,
    status: { sessions: nodeId === 'a' ? 0 : 50, reach: { tried, failed, byTcp } },
  });
  const setUp = () => {
    const it = new Placement(memoryStore(), { random: seededRandom(1) });
    const choose = (nodes: ReturnType<typeof node>[], now: number, wish = {}) =>
      it.chooseFrom(nodes, `room-${now}`, wish, now).nodeId;
    return { it, choose };
  };

  test('[D10] a node that half of its people do not get through to is left out, and says why', () => {
    const { it, choose } = setUp();
    expect(choose([node('a', 4, 1), node('b')], 0)).toBe('a');
    expect(choose([node('a', 4, 2), node('b')], 5_000, { home: 'a', hosts: ['a', 'a'] })).toBe('b');
    expect(it.decisions.at(-1)!.passedOver).toEqual([
      { nodeId: 'a', why: 'clients do not get through to it' },
    ]);
    expect(choose([node('a')], 10_000)).toBe('a'); // There is no other.
    expect(it.decisions.at(-1)!.reason).toBe('none is good: clients do not get through to it');
  });

  test('[D10] one after another tries it again, later and later; who gets through brings it back', () => {
    const { it, choose } = setUp();
    choose([node('a', 3, 3), node('b')], 0);
    expect(choose([node('a'), node('b')], 29_000)).toBe('b');
    expect([31_000, 31_001, 32_000].map((at) => choose([node('a'), node('b')], at))).toEqual(['a', 'b', 'b']);
    expect(it.decisions.at(-3)!.reason).toMatch(/^one tries/);
    expect(choose([node('a', 1, 1), node('b')], 40_000)).toBe('b'); // It failed.
    expect(choose([node('a'), node('b')], 99_000)).toBe('b');
    expect(choose([node('a'), node('b')], 101_000)).toBe('a');
    expect(choose([node('a'), node('b')], 110_000)).toBe('b');
    expect(choose([node('a'), node('b')], 117_000)).toBe('a'); // Whoever was to try did not come.
    expect(choose([node('a', 1), node('b')], 120_000)).toBe('a');
    expect(choose([node('a', 3), node('b')], 130_000)).toBe('a');
  });

  test('[D10] people whose own networks let nothing through leave no node out', () => {
    const { choose } = setUp();
    expect(choose([node('a', 4, 3), node('b', 4, 3)], 0)).toBe('a');
    expect(choose([node('a', 9, 0, 8), node('b', 9, 0, 8)], 5_000)).toBe('a'); // They all have no UDP.
    expect(choose([node('a', 4, 0, 4), node('b')], 10_000)).toBe('a'); // Perhaps they have none.
    expect(choose([node('a', 4, 0, 4), node('b', 9)], 15_000)).toBe('b');
  });
});

describe('Placement by region', () => {
  const nodes = { a: '{"region":"eu","sessions":9}', b: '{"region":"us"}', c: '{"region":"us","busy":0.99}' };

  test('[SG66] that of who comes before that of the process', async () => {
    const { placement: it } = await placement(nodes, 'us');
    expect(await it.choose('r', { region: 'eu' })).toMatchObject({ nodeId: 'a' });
    expect(await it.choose('r2', { region: 'asia' })).toMatchObject({ nodeId: 'b' }); // Nothing is there.
  });

  test('[SG67] a pin holds whatever is full, near or there; without a node nobody is placed', async () => {
    const { placement: it, store } = await placement(nodes, 'eu');
    const pin = { region: 'us', pinned: true, home: 'a', hosts: ['a', 'a'] };
    expect(await it.choose('r', pin)).toEqual({ nodeId: 'b', home: 'b' });
    await store.leases.release((await store.leases.get('media-node:b'))!);
    expect(await it.choose('r', pin)).toMatchObject({ nodeId: 'c' });
    expect(it.decisions.at(-1)!.reason).toMatch(/^all are full/);
    await expect(it.choose('r', { ...pin, avoid: 'c' })).rejects.toThrow('in us, where this must stay');
  });
});
