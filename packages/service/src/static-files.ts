import fastifyStatic from '@fastify/static';
import { PlatformError } from '@weir/core';
import type { HttpApp } from './http-server.ts';

export type StaticOptions = {
  /** Where the files are; default `/`. */
  prefix?: string;
  /** Paths of the app itself (`/meet/:room`), which its index.html answers. */
  spaFallback?: string[];
};

// Vite writes a hash of eight letters into the name of everything under its folder of assets.
const hashed = /(^|[/-])assets\/.*-[\w-]{8,}\.\w+$/;

/**
 * Serves a built web app. Files with a hash in their names are kept for a year, all others are asked for anew each time
 * (and not sent again when they are the same).
 */
export async function serveStatic(
  app: HttpApp,
  dir: string,
  { prefix = '/', spaFallback = [] }: StaticOptions = {},
): Promise<void> {
  await app.register(fastifyStatic, {
    root: dir,
    prefix,
    wildcard: false, // The files of now: a path that is none of them is another route's, or not there.
    index: false,
    cacheControl: false,
    setHeaders: (reply, path) => {
      reply.header('cache-control', hashed.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  for (const page of spaFallback) app.get(page, (_request, reply) => reply.sendFile('index.html'));
}

/** Serves a web app at `/`, whose index.html answers every path of `pages`. */
export async function serveApp(app: HttpApp, root: string, pages: string[]): Promise<void> {
  await serveStatic(app, root, { spaFallback: pages });
  // The app has a page for what it does not know, for people; programs get the usual problem.
  app.get('/*', (request, reply) => {
    if (request.url.startsWith('/v1/') || !request.headers.accept?.includes('text/html'))
      throw new PlatformError('not-found', 'there is nothing at this address');
    return reply.code(404).sendFile('index.html');
  });
}
