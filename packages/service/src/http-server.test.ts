import { once } from 'node:events';
import { connect } from 'node:net';
import { PlatformError, silentLogger, sleep } from '@weir/core';
import { ProblemDetails } from '@weir/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { closeHttp, type HttpServerConfig, httpServer, listen } from './http-server.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(config: Partial<HttpServerConfig> = {}) {
  const logged: { fields: object; message: string }[] = [];
  const log = (fields: object, message: string) => void logged.push({ fields, message });
  const logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  const app = await httpServer({ logger, ...config });
  app.post(
    '/v1/echo',
    { schema: { body: z.strictObject({ word: z.string().max(9) }) } },
    async ({ body }) => body,
  );
  app.get('/v1/rooms/:roomId', async ({ params }) => params);
  app.get('/v1/slow', () => new Promise(() => {}));
  app.get('/v1/soon', () => sleep(150).then(() => ({ done: true })));
  app.get('/v1/fault', async () => {
    throw new Error('password of the database: hunter2');
  });
  app.get('/v1/away', async () => {
    throw new PlatformError('connection-lost', 'database: connect ECONNREFUSED 10.1.2.3:5432');
  });
  app.get('/v1/wrong-answer', { schema: { response: { 200: z.object({ n: z.number() }) } } }, (async () => ({
    n: 'secret',
  })) as never);
  app.get('/page', async () => 'page');
  const port = await listen(app, '127.0.0.1', 0);
  cleanups.push(() => closeHttp(app));
  return { app, port, url: `http://127.0.0.1:${port}`, logged };
}

const json = (body: unknown, type = 'application/json') => ({
  method: 'POST',
  headers: { 'content-type': type },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

/** What came back, which must be problem details whose status is that of the response. */
async function problem(response: Response): Promise<ProblemDetails> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  const details = z.strictObject(ProblemDetails.shape).parse(await response.json());
  expect(details.status).toBe(response.status);
  expect(details.type).toBe(`urn:weir:error:${details.code}`);
  return details;
}

/** The bytes as they are, and all that comes back until the socket ends. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

function problemOfRaw(answer: string): ProblemDetails {
  const [head, body] = answer.split('\r\n\r\n') as [string, string];
  expect(head.toLowerCase()).toContain('content-type: application/problem+json');
  const details = ProblemDetails.parse(JSON.parse(body));
  expect(head).toContain(`HTTP/1.1 ${details.status} `);
  return details;
}

describe('[DI4] problem details', () => {
  test.each<[string, string, RequestInit, number, string, RegExp]>([
    ['an unknown address', '/v1/nothing', {}, 404, 'not-found', /nothing at this address/],
    ['an unknown address outside of the API', '/nothing', {}, 404, 'not-found', /nothing/],
    ['an unknown method', '/v1/echo', { method: 'PUT' }, 404, 'not-found', /method/],
    ['a missing body', '/v1/echo', { method: 'POST' }, 400, 'bad-request', /^body: .*object/],
    ['an empty body', '/v1/echo', json(''), 400, 'bad-request', /^body: .*object/],
    ['a field of the wrong type', '/v1/echo', json({ word: 1 }), 400, 'bad-request', /^body\.word: .*string/],
    ['a field too long', '/v1/echo', json({ word: '1234567890' }), 400, 'bad-request', /^body\.word: .*9/],
    ['an unknown field', '/v1/echo', json({ word: 'a', wrod: 1 }), 400, 'bad-request', /"wrod"/],
    ['malformed JSON', '/v1/echo', json('{"word": '), 400, 'bad-request', /JSON/],
    ['a poisoned prototype', '/v1/echo', json('{"__proto__": {}}'), 400, 'bad-request', /JSON/],
    ['text', '/v1/echo', json('word', 'text/plain'), 400, 'bad-request', /Media Type/],
    [
      'a form',
      '/v1/echo',
      json('word=a', 'application/x-www-form-urlencoded'),
      400,
      'bad-request',
      /Media Type/,
    ],
    [
      'a body too large',
      '/v1/echo',
      json({ word: 'x'.repeat(2_000) }),
      413,
      'payload-too-large',
      /too large/,
    ],
    ['an address that is none', '/v1/rooms/%zz', {}, 400, 'bad-request', /address is malformed/],
    ['a name too long', `/v1/rooms/${'x'.repeat(1_100)}`, {}, 400, 'bad-request', /address .* too long/],
    ['no answer in time', '/v1/slow', {}, 408, 'timeout', /in time/],
  ])('%s', async (_, path, init, status, code, detail) => {
    const { url } = await start({ bodyLimitBytes: 1_024, requestTimeoutMs: 300 });
    const details = await problem(await fetch(url + path, init));
    expect(details).toMatchObject({ status, code, detail: expect.stringMatching(detail) });
  });

  test.each([
    ['/v1/fault', 500, 'internal', 'hunter2'],
    ['/v1/wrong-answer', 500, 'internal', 'secret'],
    ['/v1/away', 503, 'connection-lost', '10.1.2.3'],
  ])(
    '%s: a fault of the server tells nothing of its inside, and is logged',
    async (path, status, code, inside) => {
      const { url, logged } = await start();
      const response = await fetch(`${url + path}?token=ey.secret`);
      const text = await response.clone().text();
      expect(await problem(response)).toMatchObject({ status, code, retryable: true });
      expect(text).not.toContain(inside);
      expect(response.headers.get('retry-after')).toBe(status === 503 ? '1' : null);
      const fault = logged.find(({ message }) => message === 'a request failed');
      expect(fault?.fields).toMatchObject({ route: path, requestId: response.headers.get('x-request-id') });
      expect(JSON.stringify(logged), 'addresses hold tokens').not.toContain('ey.secret');
    },
  );

  test('something that is no HTTP', async () => {
    const { port } = await start();
    expect(problemOfRaw(await raw(port, 'EHLO there\r\n\r\n'))).toMatchObject({
      status: 400,
      code: 'bad-request',
    });
  });

  test('headers too large', async () => {
    const { port } = await start();
    const answer = await raw(port, `GET / HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(problemOfRaw(answer)).toMatchObject({ status: 413, code: 'payload-too-large' });
  });

  test('a request that never ends is cut off in time', async () => {
    const { port } = await start({ requestTimeoutMs: 300 });
    const began = performance.now();
    const answer = await raw(port, 'GET /page HTTP/1.1\r\nhost: a\r\n');
    expect(problemOfRaw(answer)).toMatchObject({ status: 408, code: 'timeout' });
    expect(performance.now() - began).toBeLessThan(4_000);
  });
});

describe('headers', () => {
  test('every answer carries the security headers', async () => {
    const { url } = await start();
    for (const path of ['/page', '/healthz', '/v1/rooms/r', '/nothing', '/v1/rooms/%zz']) {
      const { headers } = await fetch(url + path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy, path).toMatch(/default-src 'self'/);
      expect(policy).not.toContain('unsafe');
      expect(headers.get('x-content-type-options'), path).toBe('nosniff');
      expect(headers.get('referrer-policy'), path).toBe('no-referrer');
      for (const device of ['camera', 'microphone', 'display-capture'])
        expect(headers.get('permissions-policy'), path).toContain(`${device}=(self)`);
    }
  });

  test('any page may ask the API, without credentials, errors too', async () => {
    const { url } = await start();
    const origin = 'https://clinic.example';
    const preflight = await fetch(`${url}/v1/echo`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
    for (const path of ['/v1/rooms/r', '/v1/nothing', '/v1/fault']) {
      const { headers } = await fetch(url + path, { headers: { origin } });
      expect(headers.get('access-control-allow-origin'), path).toBe('*');
      expect(headers.get('cache-control'), path).toBe('no-store');
    }
  });

  test('pages are for our own origin', async () => {
    const { url } = await start();
    const { headers } = await fetch(`${url}/page`, { headers: { origin: 'https://clinic.example' } });
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('rate limit', () => {
  test('[DI6] the API is limited by address, with Retry-After; health checks and pages are not', async () => {
    const { url, port } = await start({ requestsPerMinute: 3 });
    for (let i = 0; i < 3; i++) expect((await fetch(`${url}/v1/rooms/r`)).status).toBe(200);
    const refused = await fetch(`${url}/v1/rooms/r`);
    expect(await problem(refused)).toMatchObject({ status: 429, code: 'rate-limited', retryable: true });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const spelled = await raw(
      port,
      `GET http://a/v1/rooms/r HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`,
    );
    expect(spelled, 'another spelling of the address').toContain('HTTP/1.1 429 ');
    for (const path of ['/healthz', '/page']) expect((await fetch(url + path)).status).toBe(200);
  });

  test.each([
    [false, 429],
    [true, 200],
  ])('with trustProxy %s the second client behind a proxy gets %d', async (trustProxy, status) => {
    const { url } = await start({ requestsPerMinute: 1, trustProxy });
    await fetch(`${url}/v1/rooms/r`, { headers: { 'x-forwarded-for': '203.0.113.1' } });
    const second = await fetch(`${url}/v1/rooms/r`, { headers: { 'x-forwarded-for': '203.0.113.2' } });
    expect(second.status).toBe(status);
  });
});

describe('health', () => {
  test.each<[string, HttpServerConfig['isReady'], number]>([
    ['ready', () => true, 200],
    ['ready when nobody says otherwise', undefined, 200],
    ['not ready', async () => false, 503],
    ['a check that throws', () => Promise.reject(new Error('away')), 503],
    ['a check that never answers', () => new Promise(() => {}), 503],
  ])('%s: /readyz tells, /healthz is well', async (_, isReady, status) => {
    const { url } = await start(isReady ? { isReady } : {});
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).toBe(status);
    if (status === 503) expect((await problem(ready)).code).toBe('going-away');
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

describe('closing', () => {
  test('what is under way is answered', async () => {
    const { app, url } = await start();
    const answer = fetch(`${url}/v1/soon`);
    await sleep(50);
    const began = performance.now();
    const closed = closeHttp(app);
    expect(await (await answer).json()).toEqual({ done: true });
    await closed;
    expect(performance.now() - began, 'nobody waits for the idle connection').toBeLessThan(1_500);
    await expect(fetch(`${url}/page`)).rejects.toThrow();
  });

  test('a request on an open connection is told to go elsewhere', async () => {
    const { app, port } = await start();
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => {
      answer += data;
    });
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;
    socket.write(get('/v1/soon'));
    await sleep(50);
    const closed = closeHttp(app);
    await sleep(20);
    socket.write(get('/v1/rooms/r'));
    await Promise.all([once(socket, 'close'), closed]);
    expect(answer).toContain('{"done":true}');
    expect(answer).not.toContain('"roomId"');
  });

  test('what does not end is cut off at the deadline, WebSockets too', async () => {
    const { app, port, url } = await start({ closeTimeoutMs: 200 });
    const sockets = new WebSocketServer({ server: app.server as never });
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(socket, 'open');
    const cut = [once(socket, 'close'), fetch(`${url}/v1/slow`).catch(() => 'cut')];
    await sleep(50);
    const began = performance.now();
    await closeHttp(app);
    expect(performance.now() - began).toBeLessThan(1_500);
    expect((await Promise.all(cut))[1]).toBe('cut');
    sockets.close();
  });

  test('a port that is taken is said so', async () => {
    const { port } = await start();
    const other = await httpServer({ logger: silentLogger });
    cleanups.push(() => closeHttp(other));
    await expect(listen(other, '127.0.0.1', port)).rejects.toMatchObject({ code: 'conflict' });
  });
});
