import { join } from 'node:path';
import { Autoscaler, defaultScalePolicy, mediaNodes, redisStore } from '@weir/cluster';
import { silentLogger } from '@weir/core';
import { routerRtpCapabilities } from '@weir/media';
import { connectMediaNode } from '@weir/media/control';
import { eventually, hasRedis, startRedis, tempDir } from '@weir/testing';
import { expect, onTestFinished, test } from 'vitest';
import { ProcessDriver } from './process-driver.ts';

const main = join(import.meta.dirname, '..', 'main.ts');
const secret = 'a-secret-of-this-test-only';
const slow = { timeoutMs: 60_000, intervalMs: 200 };

test.skipIf(!hasRedis)(
  '[A9] a load that grows starts a media node; when it is quiet, one is drained and stopped',
  {
    timeout: 180_000,
  },
  async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.remove());
    const data = await tempDir();
    onTestFinished(() => data[Symbol.asyncDispose]());
    const store = await redisStore({ urls: [redis.url], logger: silentLogger });
    onTestFinished(() => store.close());
    const driver = new ProcessDriver((nodeId) => {
      const own = [
        '--node-id',
        nodeId,
        '--data-dir',
        join(data.path, nodeId),
        '--port',
        '0',
        '--workers',
        '1',
      ];
      const fleet = ['--redis', redis.url, '--region', 'eu', '--max-sessions', '8', '--log-level', 'error'];
      const env = { WEIR_CLUSTER_SECRET: secret };
      return { command: process.execPath, args: [main, 'serve', '--roles', 'media', ...own, ...fleet], env };
    });
    onTestFinished(() => driver[Symbol.asyncDispose]());
    const scaler = new Autoscaler({
      leases: store.leases,
      driver,
      role: 'media',
      region: 'eu',
      policy: { ...defaultScalePolicy, atMost: 2, upEveryMs: 500, downAfterMs: 2_000 },
      drainMs: 2_000,
      lookEveryMs: 300,
      logger: silentLogger,
    });
    onTestFinished(() => scaler.close());
    const working = async () =>
      (await mediaNodes(store.leases)).filter(({ status }) => !status.drain).map(({ nodeId }) => nodeId);
    await eventually(async () => (await working()).length === 1 || 'no node yet', slow);

    const [first] = await mediaNodes(store.leases);
    const people = Array.from({ length: 6 }, (_, i) => `p-${i}`);
    const sessions = people.map((participantId) => [`session:${participantId}`, { participantId }]);
    await store.rooms.commit('room', { set: Object.fromEntries(sessions) });
    const link = await connectMediaNode({ url: first!.status.address!, secret }, {} as never);
    onTestFinished(() => link.lifetime.close());
    const opened = [];
    for (const participantId of people) {
      const who = { roomId: 'room', participantId, rtpCapabilities: routerRtpCapabilities() };
      const { media } = await link.calls['session.open']({ ...who, send: true, receive: true });
      opened.push(media.mediaSessionId);
    }
    await eventually(async () => (await working()).length === 2 || 'no second node', slow);

    for (const mediaSessionId of opened) await link.calls['session.close']({ mediaSessionId });
    await eventually(async () => (await driver.list()).length === 1 || 'two still run', slow);
    await eventually(async () => (await mediaNodes(store.leases)).length === 1 || 'it is still known', slow);
    expect(await working()).toHaveLength(1);
  },
);
