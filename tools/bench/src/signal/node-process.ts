import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { redisStore } from '@weir/cluster';
import { silentLogger } from '@weir/core';
import { Signaling, signalingPath } from '@weir/signaling';
import { serveParent } from '../measure/child.ts';
import { mediaLink } from './media-link.ts';

// A process of its own with one signaling node.

let signaling: Signaling | undefined;

const handlers = {
  async start({ redis, nodeId }: { redis: string; nodeId: string }): Promise<{ url: string }> {
    const store = await redisStore({ urls: [redis], logger: silentLogger });
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}${signalingPath}`;
    const openMediaLink = mediaLink;
    signaling = await Signaling.start({ store, openMediaLink, logger: silentLogger, nodeId, url });
    signaling.attach(server);
    return { url };
  },

  /** Memory after garbage collection (which needs `--expose-gc`, and stops everything for a moment). */
  async usage(): Promise<{ rss: number; heapUsed: number }> {
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    return { rss, heapUsed };
  },

  async connections(): Promise<number> {
    return signaling?.connectionCount ?? 0;
  },
};

export type NodeProcess = typeof handlers;

serveParent(handlers);
