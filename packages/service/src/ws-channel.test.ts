import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Channel } from '@weir/protocol';
import { eventually } from '@weir/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { wsChannel } from './ws-channel.ts';

/** The server's end of a socket, and all that its client gets. */
async function connected(backlogBytes?: number) {
  const http = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void http.close());
  const server = new WebSocketServer({ server: http });
  await once(http, 'listening');
  const accepted = once(server, 'connection') as Promise<[WebSocket]>;
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
  onTestFinished(() => client.terminate());
  const got: unknown[] = [];
  client.on('message', (data) => got.push(...[JSON.parse(data.toString())].flat()));
  const [socket] = await accepted;
  await once(client, 'open');
  return { channel: wsChannel(socket, backlogBytes) as Required<Channel>, client, got };
}

/** With a clock that stands, and how many messages what came was in. */
async function counted(takesArrays: boolean) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const { channel, client, got } = await connected();
  channel.takesArrays = takesArrays;
  let messages = 0;
  client.on('message', () => messages++);
  return { channel, client, got, messages: () => messages };
}

test('what may wait comes in order with what may not, however it is mixed', async () => {
  const { channel, got } = await connected();
  const sent: number[] = [];
  for (let i = 0; i < 2_000; i++) {
    sent.push(i);
    if (i % 7 === 0) channel.send(`${i}`);
    else channel.sendSoon(`${i}`);
  }
  await eventually(() => got.length === sent.length || `${got.length} came`);
  expect(got).toEqual(sent);
});

test.each([false, true])('what may wait is gathered; takes arrays: %s', async (takesArrays) => {
  const { channel, client, got, messages } = await counted(takesArrays);
  for (let i = 0; i < 30; i++) channel.sendSoon(`${i}`);
  vi.advanceTimersByTime(99);
  expect(got).toEqual([]);
  vi.advanceTimersByTime(1);
  while (got.length < 30) await once(client, 'message');
  expect(got.at(-1)).toBe(29);
  expect(messages()).toBe(takesArrays ? 1 : 30);
});

test('the longer a burst lasts the more of it goes out together; calm again, no more than before', async () => {
  const { channel, client, got, messages } = await counted(true);
  const storm = 900;
  for (let i = 0; i < storm; i++) {
    channel.sendSoon(`${i}`);
    if (i % 3 === 2) vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(2_000);
  while (got.length < storm) await once(client, 'message');
  expect(messages()).toBeLessThan(15); // 100 + 200 + 400 ms, and then 200 at a time.
  channel.sendSoon(`${storm}`);
  vi.advanceTimersByTime(100);
  await once(client, 'message');
  expect(got).toEqual(Array.from({ length: storm + 1 }, (_, i) => i));
});

test('what was gathered goes out before a close', async () => {
  const { channel, client, got } = await connected();
  channel.send('"answer"');
  channel.sendSoon('"the last event"');
  channel.close(1000, 'bye');
  await once(client, 'close');
  expect(got).toEqual(['answer', 'the last event']);
});

test('[SG12] a reader that takes nothing in is cut off, whichever way it is sent to', async () => {
  for (const way of ['send', 'sendSoon'] as const) {
    const { channel, client } = await connected(100_000);
    client.pause();
    const closed: number[] = [];
    channel.onClose((code) => closed.push(code));
    const text = JSON.stringify('x'.repeat(50_000));
    await eventually(() => {
      if (closed.length === 0) for (let i = 0; i < 50; i++) tryTo(() => channel[way](text));
      return closed.length === 1 || 'not cut off yet';
    });
    expect(closed).toEqual([4430]);
  }
});

function tryTo(work: () => void): void {
  try {
    work();
  } catch {
    // It is closed by now.
  }
}
