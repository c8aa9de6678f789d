import { type ApiKey, mintApiToken, mintJoinToken } from '@weir/auth';
import { type ClusterStore, memoryStore, Rooms } from '@weir/cluster';
import { silentLogger } from '@weir/core';
import type { Database } from '@weir/database';
import { type Grants, type JoinAnswer, ProblemDetails } from '@weir/protocol';
import { closeHttp, httpServer, listen } from '@weir/service';
import { expect } from 'vitest';
import { z } from 'zod';
import { type DirectorOptions, startDirector } from './director.ts';
import { type CheckAnswer, documentCheck, type OpenApiDocument } from './document-check.fixture.ts';

export type Answer = { status: number; headers: Headers; body: never };
export type Call = { body?: unknown; as?: string; headers?: Record<string, string> };

let check: CheckAnswer | undefined; // The document is the same for all directors of a process.

/** A director on a free port of loopback, over `database`, with one media node and a store of its own. */
export async function director(
  database: Database,
  options: Partial<DirectorOptions> & {
    requestsPerMinute?: number;
    mediaNodes?: Record<string, string>;
  } = {},
) {
  const { requestsPerMinute = 100_000, mediaNodes = { 'media-1': '{}' }, ...rest } = options;
  const store: ClusterStore = memoryStore();
  for (const [nodeId, value] of Object.entries(mediaNodes))
    await store.leases.acquire(`media-node:${nodeId}`, nodeId, 60_000, value);
  const app = await httpServer({ logger: silentLogger, requestsPerMinute });
  const routes: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    routes.push(...[method].flat().map((each) => `${each} ${url.replaceAll(/:(\w+)/g, '{$1}')}`));
  });
  await startDirector({
    app,
    store,
    database,
    signalingUrls: async (request) => [`ws://${request.headers.host}/v1/signaling`],
    iceServers: (participantId) => [
      { urls: ['turn:relay.example'], username: participantId, credential: 'c' },
    ],
    rtpCapabilities: { codecs: [{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 }] },
    guestAccess: true,
    publicPreflight: true,
    logger: silentLogger,
    ...rest,
  });
  const port = await listen(app, '127.0.0.1', 0);
  const url = `http://127.0.0.1:${port}`;
  const key = await database.apiKeys.ensureFirst();
  const rooms = new Rooms(store.rooms);
  check ??= documentCheck((await (await fetch(`${url}/v1/openapi.json`)).json()) as OpenApiDocument);

  /**
   * As the first API key unless `as` is another `Authorization`, or empty for none. Every answer is checked against the
   * OpenAPI document.
   */
  async function call(
    method: string,
    path: string,
    { body, as = basic(key), headers = {} }: Call = {},
  ): Promise<Answer> {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(as && { authorization: as }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status >= 400) {
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(z.strictObject(ProblemDetails.shape).parse(JSON.parse(text)).status).toBe(response.status);
    }
    const answer = {
      status: response.status,
      headers: response.headers,
      body: (text ? JSON.parse(text) : undefined) as never,
    };
    check!(method, path, answer);
    return answer;
  }

  return {
    url,
    /** What was registered, as `GET /v1/rooms/{roomId}`. */
    routes,
    key,
    store,
    rooms,
    call,
    get: (path: string, how?: Call) => call('GET', path, how),
    post: (path: string, body?: unknown, how?: Call) => call('POST', path, { body, ...how }),
    patch: (path: string, body: unknown, how?: Call) => call('PATCH', path, { body, ...how }),
    del: (path: string, how?: Call) => call('DELETE', path, how),
    joinToken: (room: string, sub: string, grants: Partial<Grants> = {}) =>
      mintJoinToken(key, { room, sub, grants }, { ttlSeconds: 60 }),
    apiToken: () => mintApiToken(key, { ttlSeconds: 60 }),
    /** Takes a seat over HTTP and comes to it, as a client over its socket would: into the room or its lobby. */
    async join(room: string, sub: string, grants: Partial<Grants> = {}): Promise<JoinAnswer> {
      const token = await mintJoinToken(key, { room, sub, name: sub, grants }, { ttlSeconds: 60 });
      const { status, body } = await call('POST', '/v1/join', { body: { token }, as: '' });
      expect(status).toBe(200);
      const seat = body as JoinAnswer;
      await rooms.attach(room, seat.participantId, seat.secret, 'signaling-1');
      return seat;
    },
    publish: (room: string, participantId: string, trackId: string) =>
      rooms.publish(room, participantId, {
        trackId,
        kind: 'audio',
        source: 'microphone',
        name: '',
        muted: false,
        codec: 'opus',
        spatialLayers: 1,
      }),
    async [Symbol.asyncDispose]() {
      await closeHttp(app);
      await store.close();
    },
  };
}

export type Director = Awaited<ReturnType<typeof director>>;

export function basic({ id, secret }: Pick<ApiKey, 'id' | 'secret'>): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}

export const bearer = (token: string) => `Bearer ${token}`;
