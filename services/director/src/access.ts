import { type ErrorCode, PlatformError } from '@weir/core';
import type { HttpApp } from '@weir/service';
import type { Caller, Callers } from './callers.ts';

/** Who may call a route. `moderator`: API keys, and for its own room the holder of a join token with the `admin` grant. */
export type Access = 'anyone' | 'moderator' | 'key';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** The errors of the route's own, beside those that every route has. */
    errors?: ErrorCode[];
  }
  interface FastifyRequest {
    /** Null where anyone may call. */
    caller: Caller | null;
  }
}

/** Guards all routes that are added to `api` from now on. One that does not say who may call it does not start. */
export function guardRoutes(api: HttpApp, callers: Callers): void {
  api.decorateRequest('caller', null);
  api.addHook('onRoute', ({ method, url, config }) => {
    if (!config?.access) throw new Error(`${method} ${url} does not say who may call it`);
  });
  // Not `onRequest`: the rate limit comes first, else it would not bound guesses. And no body is read for a stranger.
  api.addHook('preParsing', async (request) => {
    const { access } = request.routeOptions.config;
    if (access === 'anyone') return;
    const caller = await callers.identify(request.headers.authorization);
    const { roomId } = (request.params ?? {}) as { roomId?: string };
    if (caller.kind !== 'key' && (access !== 'moderator' || roomId !== caller.roomId))
      throw new PlatformError('forbidden', `the join token serves for its own room ${caller.roomId} only`);
    request.caller = caller;
  });
}
