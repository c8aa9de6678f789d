import { sleep } from '@weir/core';
import type { BareProcess } from '../measure/bare-process.ts';
import { Child } from '../measure/child.ts';
import type { BareCrowdProcess } from './bare-crowd.ts';

const bareModule = new URL('../measure/bare-process.ts', import.meta.url);
const crowdModule = new URL('bare-crowd.ts', import.meta.url);
const patienceMs = 60_000;
const settleMs = 1_000;

/** `warm`: the connections are there before. */
export type BareCalls = { sessions: number; each: number; fps: number; warm: boolean };

/**
 * As many calls on mediasoup alone, all set up at once: what new transports and tracks take by themselves, with nothing to notice
 * and nobody to ask. Answers after how many ms each subscription had its first frame. The server has carried calls before.
 */
export async function bareCalls(calls: BareCalls): Promise<number[]> {
  const { sessions, each, fps, warm } = calls;
  await using stack = new AsyncDisposableStack();
  const server = stack.use(new Child<BareProcess>(bareModule));
  await server.call('start', undefined);
  const { url } = await server.call('listen', undefined);
  const crowd = stack.use(new Child<BareCrowdProcess>(crowdModule));
  let cameMs: number[] = [];
  for (const time of ['before', 'measured']) {
    const rooms = Array.from({ length: Math.ceil(sessions / each) }, (_, i) => `${time}-${i}`);
    await crowd.call('gather', { url, rooms, each, fps, warm });
    await sleep(settleMs);
    cameMs = await crowd.call('setUp', { patienceMs }, 2 * patienceMs);
    await crowd.call('leave', undefined as never);
    await sleep(settleMs);
  }
  return cameMs;
}
