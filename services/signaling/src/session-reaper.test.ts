import { memoryStore, Rooms, signalingNodeKey } from '@weir/cluster';
import { silentLogger } from '@weir/core';
import { Grants, limits, RoomSettings } from '@weir/protocol';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SessionReaper } from './session-reaper.ts';

describe('[SG22] the reaper', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  async function setUp(settings: Partial<RoomSettings> = {}) {
    const store = memoryStore();
    const rooms = new Rooms(store.rooms);
    await rooms.ensureRoom('r', RoomSettings.parse(settings));
    await store.leases.acquire(signalingNodeKey('alive'), 'alive', 1e9);
    const reaper = new SessionReaper(store, rooms, 'alive', silentLogger);
    const seat = () =>
      rooms.createSeat('r', { identity: 'a', displayName: '', metadata: '', grants: Grants.parse({}) }, 'm');
    const status = async (id: string) => (await rooms.read('r')).participant(id)?.status;
    return { store, rooms, reaper, seat, status };
  }

  test('keeps a seat whose client is away for the resume window, then gives it up', async () => {
    const { rooms, reaper, seat, status } = await setUp();
    const { participantId, secret } = await seat();
    await rooms.attach('r', participantId, secret, 'alive');
    await rooms.detach('r', participantId, 1);
    await vi.advanceTimersByTimeAsync(limits.resumeWindowMs - 2_000);
    expect(await status(participantId)).toBe('reconnecting');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await status(participantId)).toBeUndefined();
    reaper.close();
  });

  test('gives up a seat that nobody claimed', async () => {
    const { rooms, reaper, seat } = await setUp();
    const { participantId } = await seat();
    await vi.advanceTimersByTimeAsync(limits.placementMs - 2_000);
    expect((await rooms.read('r')).session(participantId)).toBeDefined();
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await rooms.read('r')).session(participantId)).toBeUndefined();
    reaper.close();
  });

  test('takes over the seats of a signaling node that is gone, and leaves those of one that lives', async () => {
    const { rooms, reaper, seat, status } = await setUp();
    const orphan = await seat();
    await rooms.attach('r', orphan.participantId, orphan.secret, 'dead');
    await vi.advanceTimersByTimeAsync(limits.orphanGraceMs - 1_000);
    expect(await status(orphan.participantId)).toBe('connected');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await status(orphan.participantId)).toBe('reconnecting');
    await rooms.attach('r', orphan.participantId, orphan.secret, 'alive');
    await vi.advanceTimersByTimeAsync(limits.resumeWindowMs * 2);
    expect(await status(orphan.participantId)).toBe('connected');
    reaper.close();
  });

  test('[DI8] ends a room whose time is over, with those who are in it', async () => {
    const { rooms, reaper } = await setUp();
    await rooms.ensureRoom('short', RoomSettings.parse({}), 10_000);
    const claims = { identity: 'a', displayName: '', metadata: '', grants: Grants.parse({}) };
    const { participantId, secret } = await rooms.createSeat('short', claims, 'm');
    await rooms.attach('short', participantId, secret, 'alive');
    await vi.advanceTimersByTimeAsync(9_000);
    expect(await rooms.list()).toContain('short');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await rooms.list()).toEqual(['r']);
    reaper.close();
  });

  test('ends a room that stayed empty for its time-out, no sooner', async () => {
    const { rooms, reaper } = await setUp({ emptyTimeoutSeconds: 30 });
    await vi.advanceTimersByTimeAsync(28_000);
    expect(await rooms.list()).toEqual(['r']);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(await rooms.list()).toEqual([]);
    reaper.close();
  });
});
