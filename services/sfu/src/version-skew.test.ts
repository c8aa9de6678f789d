import { type ControlVersions, connectMediaNode, connectPipes } from '@weir/media/control';
import { NoticeLog } from '@weir/media/testing';
import { rtpCapabilities } from '@weir/peer';
import { eventually } from '@weir/testing';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestSfu } from './sfu.fixture.ts';

const secret = 'the cluster secret';
const older: ControlVersions = { oldest: 1, newest: 1 };
const newer: ControlVersions = { oldest: 1, newest: 2 };
const alice = { roomId: 'room', participantId: 'alice', rtpCapabilities: rtpCapabilities() };

const node = (versions: ControlVersions) =>
  startTestSfu({ config: { control: { host: '127.0.0.1', port: 0, secret, versions } } });

test.each([
  ['an older signaling node and a newer media node', older, newer],
  ['a newer signaling node and an older media node', newer, older],
])('[MC21] %s work together', async (_, asks, answers) => {
  const { controlUrl } = await node(answers);
  const { listener, notices } = new NoticeLog();
  const link = await connectMediaNode({ url: controlUrl!, secret, versions: asks }, listener);
  onTestFinished(() => link.lifetime.close());
  const { media } = await link.calls['session.open']({ ...alice, send: true, receive: true });
  expect(media.send).not.toBeNull();
  expect(notices['session.lost']).toEqual([]);
});

test('[MC21] versions that have nothing in common are refused, with a code that says so', async () => {
  const { controlUrl: url } = await node({ oldest: 2, newest: 3 });
  const { listener } = new NoticeLog();
  const refused = { code: 'unsupported-version', retryable: false };
  await expect(connectMediaNode({ url: url!, secret, versions: older }, listener)).rejects.toMatchObject(
    refused,
  );
  await expect(
    connectPipes({ url: url!, secret, versions: older }, { 'pipe.closed': () => {} }),
  ).rejects.toMatchObject(refused);
});

test('[MC21] what a newer signaling node says besides is passed over, what it asks besides is answered', async () => {
  const { controlUrl } = await node(older);
  const socket = new WebSocket(controlUrl!, {
    headers: { authorization: `Bearer ${secret}`, 'weir-protocol': '1-2' },
  });
  onTestFinished(() => socket.terminate());
  const answers: { id?: number; result?: { media?: object }; error?: { code: string } }[] = [];
  let chosen: unknown;
  socket.on('upgrade', ({ headers }) => {
    chosen = headers['weir-protocol'];
  });
  socket.on('message', (text) => answers.push(JSON.parse(String(text))));
  await new Promise((resolve) => socket.once('open', resolve));
  expect(chosen).toBe('1');
  const say = (message: object) => socket.send(JSON.stringify(message));
  say({ method: 'weather.changed', params: { degrees: 3 } });
  say({ id: 1, method: 'weather.ask', params: {} });
  const more = { ...alice, send: false, receive: true, mood: { of: 'tomorrow' } };
  say({ id: 2, method: 'session.open', params: more, hint: 'new' });
  const answer = (id: number) => eventually(() => answers.find((one) => one.id === id) ?? 'no answer');
  expect((await answer(1)).error?.code).toBe('unknown-method');
  expect((await answer(2)).result?.media).toBeDefined();
});
