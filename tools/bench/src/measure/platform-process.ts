// A process of its own with the whole platform in it; see PlatformProcess.
import { startTestPlatform, type TestPlatform } from '@weir/cli/testing';
import { eventually } from '@weir/testing';
import { serveParent } from './child.ts';
import { rssBytes } from './process-usage.ts';

let platform: TestPlatform | undefined;

async function workers() {
  if (!platform) throw new Error('not started');
  return (await platform.sfu.node.handlers['node.describe']({}, undefined as never)).workers;
}

const handlers = {
  async start(options: { workers: number }) {
    platform = await startTestPlatform({ ...options, requestsPerMinute: 1_000_000 });
    const workerPids = (await workers()).map(({ pid }) => pid);
    return { url: platform.urls.local, apiKey: platform.apiKey, pid: process.pid, workerPids };
  },

  /** Memory when at most `sessions` are there, after garbage collection (which needs `--expose-gc`). */
  async memory({ sessions }: { sessions: number }) {
    await eventually(
      async () => {
        const open = (await workers()).reduce((sum, worker) => sum + worker.sessions, 0);
        return open <= sessions || `${open} sessions are open`;
      },
      { timeoutMs: 20_000 },
    );
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
