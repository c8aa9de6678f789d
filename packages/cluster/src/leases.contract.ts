import { silentLogger } from '@weir/core';
import { afterEach, describe, expect, test } from 'vitest';
import type { MakeStore, StoreUnderTest } from './store-under-test.ts';

/** What every driver of leases must do. */
export function leasesContract(name: string, makeStore: MakeStore): void {
  describe(`leases: ${name}`, () => {
    const made: StoreUnderTest[] = [];
    const setUp = async () => {
      const underTest = await makeStore({ keepEvents: 5, logger: silentLogger });
      made.push(underTest);
      return { leases: underTest.store.leases, advance: underTest.advance };
    };
    afterEach(async () => {
      for (const { store } of made.splice(0)) await store.close();
    });

    test('one holder at a time', async () => {
      const { leases } = await setUp();
      const held = await leases.acquire('node:a', 'x', 1_000, 'hello');
      expect(held).toMatchObject({ key: 'node:a', owner: 'x', value: 'hello' });
      expect(held!.fence).toBeGreaterThan(0);
      expect(await leases.acquire('node:a', 'y', 1_000)).toBeUndefined();
      expect(await leases.get('node:a')).toEqual(held);
      expect(await leases.acquire('node:b', 'y', 1_000)).toMatchObject({ owner: 'y', value: '' });
    });

    test('of many who ask at once one gets it', async () => {
      const { leases } = await setUp();
      const asked = await Promise.all(
        Array.from({ length: 20 }, (_, n) => leases.acquire('node:a', `owner${n}`, 1_000)),
      );
      expect(asked.filter((lease) => lease)).toHaveLength(1);
    });

    test('ends by itself, and is lost to who held it', async () => {
      const { leases, advance } = await setUp();
      const held = (await leases.acquire('node:a', 'x', 1_000))!;
      await advance(1_000);
      expect(await leases.get('node:a')).toBeUndefined();
      expect(await leases.list('')).toEqual([]);
      expect(await leases.renew(held, 1_000)).toBe(false);
      expect(await leases.get('node:a')).toBeUndefined();
    });

    test('is kept up by renewing, with or without a new value', async () => {
      const { leases, advance } = await setUp();
      const held = (await leases.acquire('node:a', 'x', 1_000, 'one'))!;
      await advance(700);
      expect(await leases.renew(held, 1_000)).toBe(true);
      await advance(700);
      expect(await leases.get('node:a')).toMatchObject({ fence: held.fence, value: 'one' });
      expect(await leases.renew(held, 1_000, 'two')).toBe(true);
      await advance(700);
      expect(await leases.get('node:a')).toMatchObject({ fence: held.fence, value: 'two' });
      expect((await leases.get('node:a'))!.expiresAt).toBeGreaterThan(held.expiresAt);
    });

    test('the fence grows with each tenure, also of the same owner, also after a release', async () => {
      const { leases, advance } = await setUp();
      const fences: number[] = [];
      for (const owner of ['x', 'y', 'y', 'x']) {
        const held = (await leases.acquire('node:a', owner, 1_000))!;
        fences.push(held.fence);
        if (fences.length % 2) await advance(1_001);
        else await leases.release(held);
      }
      expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
      expect(fences).toHaveLength(4);
    });

    test('its holder may acquire it again: the same tenure', async () => {
      const { leases, advance } = await setUp();
      const held = (await leases.acquire('node:a', 'x', 1_000, 'one'))!;
      await advance(700);
      expect(await leases.acquire('node:a', 'x', 1_000, 'two')).toMatchObject({
        fence: held.fence,
        value: 'two',
      });
      await advance(700);
      expect(await leases.get('node:a')).toMatchObject({ fence: held.fence });
    });

    test('who lost it cannot touch the next holder', async () => {
      const { leases, advance } = await setUp();
      const lost = (await leases.acquire('node:a', 'x', 1_000))!;
      await advance(1_001);
      const held = (await leases.acquire('node:a', 'y', 1_000))!;
      expect(await leases.renew(lost, 60_000, 'mine')).toBe(false);
      await leases.release(lost);
      expect(await leases.get('node:a')).toEqual(held);
    });

    test('a tenure that is over does not touch the next of the same owner', async () => {
      const { leases } = await setUp();
      const before = (await leases.acquire('node:a', 'x', 1_000))!;
      await leases.release(before);
      const held = (await leases.acquire('node:a', 'x', 1_000))!;
      expect(await leases.renew(before, 60_000)).toBe(false);
      await leases.release(before);
      expect(await leases.get('node:a')).toEqual(held);
    });

    test('lists the live ones of a prefix', async () => {
      const { leases, advance } = await setUp();
      await leases.acquire('node:old', 'x', 500);
      await advance(501);
      await leases.acquire('node:a', 'x', 1_000, 'A');
      await leases.acquire('node:b', 'y', 1_000, 'B');
      await leases.acquire('recording:1', 'x', 1_000);
      const values = (await leases.list('node:')).map(({ key, value }) => `${key}=${value}`).sort();
      expect(values).toEqual(['node:a=A', 'node:b=B']);
      expect(await leases.list('nothing')).toEqual([]);
    });

    test('what it hands out is a copy', async () => {
      const { leases } = await setUp();
      const held = (await leases.acquire('node:a', 'x', 1_000))!;
      const fence = held.fence;
      held.fence = 99;
      held.owner = 'thief';
      (await leases.get('node:a'))!.owner = 'thief';
      expect(await leases.get('node:a')).toMatchObject({ owner: 'x', fence });
    });
  });
}
