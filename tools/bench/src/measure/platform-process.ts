// A process of its own with the whole platform in it; see PlatformProcess.
import { startTestPlatform, type TestPlatform } from '@weir/cli/testing';
import type { SoundLimits } from '@weir/media';
import { eventually } from '@weir/testing';
import { serveParent } from './child.ts';
import { rssBytes } from './process-usage.ts';

let platform: TestPlatform | undefined;

async function workers() {
  if (!platform) throw new Error('not started');
  return (await platform.sfu.node.handlers['node.describe']({}, undefined as never)).workers;
}

async function isDeserted(): Promise<true | string> {
  const sessions = (await workers()).reduce((sum, worker) => sum + worker.sessions, 0);
  const rooms = (await platform?.store.rooms.list())?.length ?? 0;
  return (sessions === 0 && rooms === 0) || `${sessions} sessions, ${rooms} rooms`;
}

const handlers = {
  async start(options: { workers: number; sound?: SoundLimits }) {
    platform = await startTestPlatform({ ...options, requestsPerMinute: 1_000_000 });
    const workerPids = (await workers()).map(({ pid }) => pid);
    return { url: platform.urls.local, apiKey: platform.apiKey, pid: process.pid, workerPids };
  },

  /** Memory when everybody has left and the rooms are gone, after garbage collection (which needs `--expose-gc`). */
  async memory() {
    await eventually(isDeserted, { timeoutMs: 20_000 });
    for (let i = 0; i < 3; i++) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 100)); // What finalizers free, the next one collects.
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    const workerRss = await Promise.all((await workers()).map(({ pid }) => rssBytes(pid)));
    return { rss, heapUsed, external, workerRss };
  },
};

export type PlatformProcess = typeof handlers;

serveParent(handlers, async () => platform?.[Symbol.asyncDispose]());
