import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { Lifetime, silentLogger } from '@weir/core';
import { eventually } from '@weir/testing';
import { expect, onTestFinished, test } from 'vitest';
import { WorkerPool, type WorkerPoolOptions } from './worker-pool.ts';

async function startPool(options: Partial<WorkerPoolOptions> = {}): Promise<WorkerPool> {
  const pool = await WorkerPool.start({
    count: 2,
    listen: [{ ip: '127.0.0.1' }],
    firstPort: 0,
    spreadAbove: 10,
    logger: silentLogger,
    ...options,
  });
  onTestFinished(async () => {
    const ended = pool.workers.map((worker) => worker.ended);
    pool.close();
    await Promise.all(ended);
  });
  return pool;
}

test('each worker has its own port for both UDP and TCP', async () => {
  const { workers } = await startPool();
  expect(new Set(workers.map((worker) => worker.port)).size).toBe(2);
  for (const worker of workers) {
    const { udpSockets, tcpServers } = await worker.webRtcServer.dump();
    expect(udpSockets).toEqual([{ ip: '127.0.0.1', port: worker.port }]);
    expect(tcpServers).toEqual([{ ip: '127.0.0.1', port: worker.port }]);
  }
});

test.skipIf(process.getuid?.() !== 0)(
  'pictures that are due go before other work of the machine',
  async () => {
    const { workers } = await startPool({ count: 1 });
    expect(getPriority(workers[0]!.pid)).toBeLessThan(getPriority());
  },
);

test('a worker that is killed is followed by another on the same port', async () => {
  const pool = await startPool();
  const [first, second] = pool.workers;
  process.kill(first!.pid, 'SIGKILL');
  await eventually(() => first!.closed || 'the death was not seen');
  expect(first!.closeReason).toBe('lost');
  expect(pool.workers).toEqual([second]);
  const next = await eventually(() => pool.workers.find((worker) => worker !== second) ?? 'no new worker');
  expect(next.port).toBe(first!.port);
  expect(next.pid).not.toBe(first!.pid);
});

test('a worker that dies again and again is started later and later', async () => {
  const pool = await startPool({ count: 1 });
  const waits: number[] = [];
  for (let death = 0; death < 4; death++) {
    const [worker] = pool.workers;
    process.kill(worker!.pid, 'SIGKILL');
    await eventually(() => worker!.closed || 'the death was not seen', { intervalMs: 5 });
    const diedAt = performance.now();
    await eventually(() => pool.workers.length === 1 || 'no new worker', { intervalMs: 5 });
    waits.push(performance.now() - diedAt);
  }
  expect(waits[3]).toBeGreaterThan(500); // 1 s less its random half; the first comes at once.
  expect(waits[0]).toBeLessThan(waits[3]!);
});

test('a worker that hangs is killed and followed by another', async () => {
  const pool = await startPool({ count: 1 });
  const [worker] = pool.workers;
  process.kill(worker!.pid, 'SIGSTOP');
  await eventually(() => worker!.closed || 'it still counts as alive', { timeoutMs: 8_000 });
  await worker!.ended;
  await eventually(() => pool.workers.length === 1 || 'no new worker');
});

test('a port that is taken fails the start', async () => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  await expect(startPool({ count: 1, firstPort: socket.address().port })).rejects.toThrow(/in use/);
});

test('a closed pool starts nothing any more', async () => {
  const pool = await startPool({ count: 1 });
  const [worker] = pool.workers;
  process.kill(worker!.pid, 'SIGKILL');
  pool.close();
  await worker!.ended;
  expect(pool.workers).toEqual([]);
});

test('a session goes to the worker of its room until that is clearly busier', async () => {
  const pool = await startPool({ spreadAbove: 10 });
  const [first, second] = pool.workers;
  const hasRoom = (worker: unknown) => worker === first;
  const load = (count: number) => {
    for (let i = 0; i < count; i++) first!.count('consumers', new Lifetime());
  };
  expect(pool.choose(() => false).load).toBe(0);
  load(10);
  expect(pool.choose(hasRoom)).toBe(first);
  expect(pool.choose(() => false)).toBe(second);
  load(1);
  expect(pool.choose(hasRoom)).toBe(second);
});

test('the engine does not take the process’s signals into its own hands', async () => {
  const before = process.listenerCount('SIGTERM') + process.listenerCount('SIGINT');
  await startPool();
  expect(process.listenerCount('SIGTERM') + process.listenerCount('SIGINT')).toBe(before);
});
