import { describe, expect, test, vi } from 'vitest';
import { Lifetime } from './lifetime.ts';

describe('Lifetime', () => {
  test('closes once and keeps the first reason', () => {
    const lifetime = new Lifetime();
    const reasons: string[] = [];
    lifetime.onClose((reason) => reasons.push(reason));
    expect(lifetime.closed).toBe(false);
    expect(lifetime.closeReason).toBeUndefined();
    lifetime.close('lost');
    lifetime.close('failed');
    expect(reasons).toEqual(['lost']);
    expect(lifetime.closeReason).toBe('lost');
    expect(lifetime.signal.aborted).toBe(true);
  });

  test('closes its children first, all the way down', () => {
    const order: string[] = [];
    const named = (name: string) => {
      const lifetime = new Lifetime();
      lifetime.onClose((reason) => order.push(`${name}: ${reason}`));
      return lifetime;
    };
    const room = named('room');
    const session = room.own(named('session'));
    session.own(named('transport'));
    room.own(named('timer'));
    room.close('failed');
    expect(order).toEqual([
      'transport: parent-closed',
      'session: parent-closed',
      'timer: parent-closed',
      'room: failed',
    ]);
  });

  test('lets go of a child that closed by itself', () => {
    const parent = new Lifetime();
    const child = parent.own(new Lifetime());
    child.close('lost');
    parent.close();
    expect(child.closeReason).toBe('lost');
  });

  test('closes at once what it is given after its end', () => {
    const parent = new Lifetime();
    parent.close();
    const child = new Lifetime();
    expect(parent.own(child)).toBe(child);
    expect(child.closeReason).toBe('parent-closed');
  });

  test('closes at once what a closing child gives to its parent', () => {
    const parent = new Lifetime();
    const late = new Lifetime();
    parent.own(new Lifetime()).onClose(() => parent.own(late));
    parent.close();
    expect(late.closeReason).toBe('parent-closed');
  });

  test('a close from a listener does nothing', () => {
    const lifetime = new Lifetime();
    const child = lifetime.own(new Lifetime());
    const seen = vi.fn();
    child.onClose(() => lifetime.close('failed'));
    lifetime.onClose(seen);
    lifetime.close('requested');
    expect(seen.mock.calls).toEqual([['requested']]);
    expect(child.closeReason).toBe('parent-closed');
  });

  test('a cleanup registered after the end runs at once', () => {
    const lifetime = new Lifetime();
    lifetime.close('lost');
    const cleanup = vi.fn();
    lifetime.onClose(cleanup);
    expect(cleanup.mock.calls).toEqual([['lost']]);
  });

  test('`using` closes it', () => {
    let kept: Lifetime;
    {
      using lifetime = new Lifetime();
      kept = lifetime;
      expect(kept.closed).toBe(false);
    }
    expect(kept.closeReason).toBe('requested');
  });

  test('many cleanups are no leak to warn of', async () => {
    const warned = vi.fn();
    process.on('warning', warned);
    const lifetime = new Lifetime();
    for (let i = 0; i < 2_000; i++) lifetime.onClose(() => {});
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off('warning', warned);
    expect(warned).not.toHaveBeenCalled();
  });
});

test('a cleanup that is bound to another life goes with it', () => {
  const parent = new Lifetime();
  const guest = new Lifetime();
  const ran: string[] = [];
  parent.onClose(() => ran.push('guest'), guest.signal);
  parent.onClose(() => ran.push('own'));
  guest.close();
  parent.close();
  expect(ran).toEqual(['own']);
});
