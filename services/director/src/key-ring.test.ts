import { PlatformError } from '@weir/core';
import { FakeClock } from '@weir/testing';
import { describe, expect, test, vi } from 'vitest';
import { KeyRing } from './key-ring.ts';

const key = { id: 'wk_1', secret: 's' };
const lost = new PlatformError('connection-lost', 'the database is away');

function setUp() {
  const clock = new FakeClock(1_000);
  const find = vi.fn(
    async (id: string): Promise<typeof key | undefined> => (id === key.id ? key : undefined),
  );
  const ensureFirst = vi.fn(async () => ({ ...key, isNew: false }));
  return { clock, find, ensureFirst, ring: new KeyRing({ find, ensureFirst }, clock) };
}

describe('KeyRing', () => {
  test('asks once in a while only, and hears of a revocation elsewhere within seconds', async () => {
    const { clock, find, ring } = setUp();
    for (let i = 0; i < 5; i++) expect(await ring.find(key.id)).toEqual(key);
    expect(find).toHaveBeenCalledTimes(1);
    find.mockResolvedValue(undefined);
    await clock.advance(5_000);
    expect(await ring.find(key.id)).toBeUndefined();
  });

  test('many who want the same key at once ask once', async () => {
    const { find, ring } = setUp();
    expect(await Promise.all(Array.from({ length: 9 }, () => ring.find(key.id)))).toEqual(Array(9).fill(key));
    expect(find).toHaveBeenCalledTimes(1);
  });

  test.each(['', 'wk\0', 'wk 1', 'ü', 'x'.repeat(65)])('%j is no id: nobody is asked', async (id) => {
    const { find, ring } = setUp();
    expect(await ring.find(id)).toBeUndefined();
    expect(find).not.toHaveBeenCalled();
  });

  test('an unknown key is asked for each time: it may be made any moment', async () => {
    const { find, ring } = setUp();
    expect(await ring.find('wk_2')).toBeUndefined();
    find.mockResolvedValue({ id: 'wk_2', secret: 't' });
    expect(await ring.find('wk_2')).toEqual({ id: 'wk_2', secret: 't' });
  });

  test('without a database the known keys stay good for ten minutes, others are not refused but retryable', async () => {
    const { clock, find, ring } = setUp();
    await ring.find(key.id);
    find.mockRejectedValue(lost);
    await clock.advance(9 * 60_000);
    expect(await ring.find(key.id)).toEqual(key);
    await expect(ring.find('wk_2')).rejects.toBe(lost);
    await clock.advance(60_000);
    await expect(ring.find(key.id)).rejects.toBe(lost);
  });

  test('a key that is forgotten is gone, even without a database and while it is being asked for', async () => {
    const { find, ring } = setUp();
    const asked = Promise.withResolvers<typeof key>();
    find.mockReturnValueOnce(asked.promise);
    const early = ring.find(key.id);
    ring.forget(key.id);
    asked.resolve(key);
    await early;
    find.mockResolvedValue(undefined);
    expect(await ring.find(key.id)).toBeUndefined();
    find.mockRejectedValue(lost);
    await expect(ring.find(key.id)).rejects.toBe(lost);
  });

  test('the first key is asked for once, and again when it was revoked', async () => {
    const { clock, find, ensureFirst, ring } = setUp();
    expect([await ring.first(), await ring.first()]).toEqual([key, key]);
    expect(ensureFirst).toHaveBeenCalledTimes(1);
    find.mockResolvedValue(undefined);
    ensureFirst.mockResolvedValue({ id: 'wk_2', secret: 't', isNew: true });
    await clock.advance(5_000);
    expect(await ring.first()).toEqual({ id: 'wk_2', secret: 't' });
  });

  test('holds a bounded number', async () => {
    const { find, ring } = setUp();
    find.mockImplementation(async (id) => ({ id, secret: 's' }));
    for (let i = 0; i < 1_100; i++) await ring.find(`wk_${i}`);
    find.mockRejectedValue(lost);
    await expect(ring.find('wk_0')).rejects.toBe(lost);
    expect(await ring.find('wk_1099')).toEqual({ id: 'wk_1099', secret: 's' });
  });
});
