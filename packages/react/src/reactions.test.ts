import { Room } from '@weir/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Reactions } from './reactions.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setup() {
  const room = new Room({ token: 'none', url: 'http://localhost', engine: {} as never, keepSeat: false });
  Object.defineProperty(room, 'status', { value: 'connected' });
  const sendMessage = vi.spyOn(room, 'sendMessage').mockResolvedValue();
  const reactions = Reactions.of(room);
  let count = 0;
  const receive = (payload: string, changes: object = {}) =>
    room.events.emit(
      'dataReceived',
      {
        messageId: `d_${count++}`,
        from: 'p1',
        topic: 'reaction',
        payload,
        encoding: 'utf8',
        sentAt: Date.now(),
        ...changes,
      },
      { participantId: 'p1', displayName: 'Ada' } as never,
    );
  return { reactions, receive, sendMessage, kinds: () => reactions.shown.map(({ kind }) => kind) };
}

test('what others send is shown for a moment, with their name', async () => {
  const { reactions, receive } = setup();
  receive('agree');
  expect(reactions.shown).toMatchObject([{ kind: 'agree', name: 'Ada', own: false }]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(reactions.shown).toEqual([]);
});

test('only the known ones are shown, each once, and no more than a few', () => {
  const { receive, kinds } = setup();
  receive('<img src=x onerror=alert(1)>');
  receive('agree', { topic: 'chat' });
  expect(kinds()).toEqual([]);
  receive('thanks', { messageId: 'd_same' });
  receive('thanks', { messageId: 'd_same' });
  expect(kinds()).toEqual(['thanks']);
  for (let i = 0; i < 50; i++) receive('laugh');
  expect(kinds()).toHaveLength(10);
});

test('one that was held up is no longer shown, also when the clocks differ', () => {
  const { receive, kinds } = setup();
  const skew = 600_000;
  receive('agree', { sentAt: Date.now() - skew });
  receive('laugh', { sentAt: Date.now() - skew - 20_000 });
  expect(kinds()).toEqual(['agree']);
});

test('a finger that does not let go sends a bounded number', async () => {
  const { reactions, sendMessage } = setup();
  for (let i = 0; i < 100; i++) reactions.send('celebrate');
  expect(sendMessage).toHaveBeenCalledTimes(4);
  await vi.advanceTimersByTimeAsync(4_000);
  reactions.send('celebrate');
  expect(sendMessage).toHaveBeenCalledTimes(5);
});
