import { PlatformError, Room } from '@weir/client';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ChatHistory, chatHistoryLimit } from './chat-history.ts';

let room: Room;
let history: ChatHistory;
let deliver: PromiseWithResolvers<void>;
const bob = { displayName: 'Bob' } as Parameters<typeof receive>[1];

function receive(changes: object, from?: Parameters<typeof room.events.emit<'dataReceived'>>[2]): void {
  const messageId = crypto.randomUUID();
  const message = {
    messageId,
    from: 'p_bob',
    topic: 'chat',
    payload: 'hi',
    encoding: 'utf8',
    sentAt: Date.now(),
  };
  room.events.emit('dataReceived', { ...message, ...changes } as never, from);
}

beforeEach(() => {
  // A room that is never connected: its events are the real ones, and only the sending is replaced.
  room = new Room({ token: 'none', url: 'http://localhost', engine: {} as never });
  room.local.info = { ...room.local.info, participantId: 'p_me', displayName: 'Me' };
  deliver = Promise.withResolvers();
  vi.spyOn(room, 'sendMessage').mockImplementation(() => deliver.promise);
  history = new ChatHistory(room, 'chat');
});

const shown = () => history.snapshot.messages.map(({ name, text, state }) => `${name}: ${text} (${state})`);

describe('what others say', () => {
  test('is listed with the name of then, and unread until read', () => {
    receive({ payload: 'one' }, bob);
    receive({ payload: 'two' }, bob);
    expect(shown()).toEqual(['Bob: one (sent)', 'Bob: two (sent)']);
    expect(history.snapshot.unread).toBe(2);
    history.markRead();
    expect(history.snapshot.unread).toBe(0);
  });

  test('of another topic, or no text, is not of this history', () => {
    receive({ topic: 'cursor' }, bob);
    receive({ encoding: 'base64' }, bob);
    expect(shown()).toEqual([]);
  });

  test('is kept to the newest 500', () => {
    for (let i = 0; i < chatHistoryLimit + 50; i++) receive({ payload: `${i}` }, bob);
    expect(history.snapshot.messages).toHaveLength(chatHistoryLimit);
    expect(history.snapshot.messages[0]!.text).toBe('50');
  });

  test('makes a new snapshot and tells the listeners; nothing else does', () => {
    const changed = vi.fn();
    const off = history.subscribe(changed);
    const before = history.snapshot;
    history.markRead(); // Nothing was unread.
    expect(history.snapshot).toBe(before);
    receive({}, bob);
    expect(history.snapshot).not.toBe(before);
    expect(changed).toHaveBeenCalledTimes(1);
    off();
    receive({}, bob);
    expect(changed).toHaveBeenCalledTimes(1);
  });
});

/** The id that the last message was sent under. */
const sentId = () => vi.mocked(room.sendMessage).mock.lastCall?.[2]?.messageId;

describe('what you say', () => {
  test('is shown at once and stands once when the room echoes it', async () => {
    const sent = history.send('hello');
    expect(shown()).toEqual(['Me: hello (sending)']);
    receive({ messageId: sentId(), from: 'p_me', payload: 'hello' });
    expect(shown()).toEqual(['Me: hello (sent)']);
    deliver.resolve();
    await sent;
    expect(shown()).toEqual(['Me: hello (sent)']);
    expect(history.snapshot.unread).toBe(0);
  });

  test('twice the same is two messages', async () => {
    deliver.resolve();
    for (let i = 0; i < 2; i++) {
      await history.send('hello');
      receive({ messageId: sentId(), from: 'p_me', payload: 'hello' });
    }
    expect(shown()).toEqual(['Me: hello (sent)', 'Me: hello (sent)']);
  });

  test('is marked when it could not be sent, and can be sent again', async () => {
    deliver.reject(new PlatformError('rate-limited', 'slowly'));
    await history.send('hello');
    expect(shown()).toEqual(['Me: hello (failed)']);
    expect(history.snapshot.messages[0]!.error).toMatchObject({ code: 'rate-limited' });
    deliver = Promise.withResolvers();
    deliver.resolve();
    const id = sentId();
    await history.retry(history.snapshot.messages[0]!.id);
    expect(sentId()).toBe(id); // Whoever got the first one after all sees it once.
    expect(shown()).toEqual(['Me: hello (sent)']);
    expect(history.snapshot.messages[0]!.error).toBeUndefined();
  });

  test('before a page reload is shown when the room repeats it', () => {
    receive({ from: 'p_me', payload: 'earlier' });
    expect(shown()).toEqual(['Me: earlier (sent)']);
    expect(history.snapshot.unread).toBe(0);
  });
});
