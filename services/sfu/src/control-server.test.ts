import { sleep } from '@weir/core';
import { connectMediaNode } from '@weir/media/control';
import { NoticeLog } from '@weir/media/testing';
import { eventually, tcpProxy } from '@weir/testing';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { mediaControlContract } from './media-control.contract.ts';
import { startTestSfu } from './sfu.fixture.ts';

const secret = 'the cluster secret';

mediaControlContract('in the same process', startTestSfu, async (sfu, listener) => sfu.open(listener));
mediaControlContract('over WebSocket', startTestSfu, async (sfu, listener) => {
  const link = await connectMediaNode({ url: sfu.controlUrl!, secret }, listener);
  onTestFinished(() => link.lifetime.close());
  return link;
});

test('only who has the secret may ask; who has not is counted', async () => {
  const { controlUrl, refused } = await startTestSfu();
  const { listener } = new NoticeLog();
  for (const wrong of ['', 'the cluster secre', 'the cluster secret!', 'another'])
    await expect(connectMediaNode({ url: controlUrl!, secret: wrong }, listener)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  const socket = new WebSocket(controlUrl!); // No header at all.
  const status = await new Promise((resolve) => {
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode));
    socket.on('open', () => resolve('open'));
    socket.on('error', () => {});
  });
  expect(status).toBe(401);
  socket.terminate();
  expect(refused).toEqual(new Map([['unauthenticated', 5]]));
});

test('a node that is not there is a lost connection', async () => {
  const sfu = await startTestSfu();
  const { listener } = new NoticeLog();
  await sfu.stop();
  await expect(connectMediaNode({ url: sfu.controlUrl!, secret }, listener)).rejects.toMatchObject({
    code: 'connection-lost',
  });
});

async function startBehindProxy() {
  const sfu = await startTestSfu();
  const proxy = await tcpProxy({
    target: { host: '127.0.0.1', port: Number(new URL(sfu.controlUrl!).port) },
    seed: 1,
  });
  onTestFinished(() => proxy.close());
  const link = await connectMediaNode(
    { url: `ws://127.0.0.1:${proxy.port}`, secret },
    new NoticeLog().listener,
  );
  onTestFinished(() => link.lifetime.close());
  return { proxy, link };
}

test('a node that is cut off is noticed within about a second', async () => {
  const { proxy, link } = await startBehindProxy();
  const since = performance.now();
  proxy.blackout(30_000);
  await eventually(() => link.lifetime.closed || 'the link still counts as open', { timeoutMs: 4_000 });
  expect(performance.now() - since).toBeGreaterThan(800);
  expect(link.lifetime.closeReason).toBe('lost');
});

test('a short stall and a quiet hour are no loss', async () => {
  const { proxy, link } = await startBehindProxy();
  proxy.blackout(500);
  await sleep(2_500); // With nothing asked: only heartbeats keep it.
  expect(link.lifetime.closed).toBe(false);
  expect((await link.calls['node.describe']({})).nodeId).toBe('node-1');
});
