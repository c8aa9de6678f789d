import { PlatformError } from '@weir/core';
import type { IceParameters } from '@weir/protocol';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PathKeeper } from './path-keeper.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ice = (number: number) => ({ usernameFragment: `u${number}` }) as IceParameters;

/** A keeper of a transport that notes what is asked of it. The server answers at once, unless it is away. */
function setUp({ hasRelays = false } = {}) {
  const notes: string[] = [];
  const page = { isBusy: false };
  const server = { away: false, asked: 0 };
  const keeper = new PathKeeper({
    askIce: async () => {
      server.asked += 1;
      if (server.away) throw new PlatformError('connection-lost', 'away');
      return ice(server.asked);
    },
    restartIce: async ({ usernameFragment }, relaysOnly) =>
      void notes.push(`restart ${usernameFragment}${relaysOnly ? ' through relays only' : ''}`),
    hasRelays: () => hasRelays,
    isBusy: () => page.isBusy,
    lost: () => void notes.push('lost'),
  });
  const pass = async (ms: number) => void (await vi.advanceTimersByTimeAsync(ms));
  return { keeper, notes, page, server, pass };
}

describe('[B8] [SG51] the keeper of a path', () => {
  test('restarts without asking: it has credentials in reserve, and gets new ones when the path holds', async () => {
    const { keeper, notes, server, pass } = setUp();
    keeper.connectionChanged('connected');
    await pass(5_000);
    expect(server.asked).toBe(1);
    server.away = true;
    keeper.trafficChanged('silent');
    await pass(0);
    expect(notes).toEqual(['restart u1']);
    server.away = false;
    keeper.trafficChanged('alive');
    await pass(5_000);
    expect([server.asked, keeper.state.status]).toEqual([2, 'holding']);
    keeper.connectionChanged('disconnected');
    await pass(0);
    expect(notes).toEqual(['restart u1', 'restart u2']);
  });

  test('on a busy page bad news is believed when the page has had time to hear of better, or after six seconds', async () => {
    const { keeper, notes, page, pass } = setUp();
    page.isBusy = true;
    keeper.connectionChanged('connected');
    keeper.connectionChanged('disconnected');
    await pass(3_000);
    keeper.connectionChanged('connected');
    await pass(10_000);
    expect([keeper.state.status, notes]).toEqual(['holding', []]);

    keeper.connectionChanged('disconnected');
    await pass(5_900);
    expect(notes).toEqual([]);
    await pass(700);
    expect(notes).toHaveLength(1);

    const other = setUp();
    other.page.isBusy = true;
    other.keeper.connectionChanged('connecting');
    await other.pass(7_000); // It has 3 s, of a page that is not busy.
    expect(other.notes).toEqual([]);
    other.page.isBusy = false;
    await other.pass(600);
    expect(other.notes).toHaveLength(1);
  });

  test('waits for a server that cannot be asked, however long, and gives up only what the server could not mend', async () => {
    const { keeper, notes, server, pass } = setUp();
    server.away = true;
    keeper.connectionChanged('failed');
    await pass(60_000);
    expect(notes).toEqual([]);
    server.away = false;
    await pass(2_000);
    expect(notes).toEqual([`restart u${server.asked}`]);
    await pass(20_000);
    expect(notes.at(-1)).toBe('lost');
  });

  test('[SG53] tries relays alone when all paths together were none, and all again at the next failure', async () => {
    const { keeper, notes, pass } = setUp({ hasRelays: true });
    keeper.connectionChanged('connecting');
    await pass(3_000);
    expect(notes).toEqual(['restart u1']);
    await pass(3_000);
    expect(notes).toEqual(['restart u1', 'restart u2 through relays only']);
    keeper.connectionChanged('connected');
    await pass(3_000);
    keeper.connectionChanged('failed');
    await pass(0);
    expect(notes.slice(2)).toEqual(['restart u3']);
  });

  test('[SG53] gives up when relays alone do not help either', async () => {
    const { keeper, notes, pass } = setUp({ hasRelays: true });
    keeper.connectionChanged('failed');
    await pass(8_900);
    expect(notes).toEqual(['restart u1', 'restart u2 through relays only']);
    await pass(200);
    expect(notes.at(-1)).toBe('lost');
  });

  test('uses what it asks for after an answer that did not arrive', async () => {
    const { keeper, notes, server, pass } = setUp();
    server.away = true;
    keeper.connectionChanged('connected');
    await pass(3_000);
    server.away = false;
    await pass(3_000);
    expect(notes).toEqual([`restart u${server.asked}`]);
  });

  test('does nothing any more once closed', async () => {
    const { keeper, notes, server, pass } = setUp();
    keeper.connectionChanged('connected');
    keeper.close();
    keeper.connectionChanged('failed');
    await pass(20_000);
    expect([notes, server.asked]).toEqual([[], 0]);
  });
});
