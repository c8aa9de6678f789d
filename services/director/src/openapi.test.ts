import { createConfig, lintFromString } from '@redocly/openapi-core';
import { silentLogger } from '@weir/core';
import { openTestDatabase } from '@weir/database/testing';
import { httpServer } from '@weir/service';
import { tempDir } from '@weir/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { guardRoutes } from './access.ts';
import { Callers } from './callers.ts';
import { director } from './director.fixture.ts';
import type { OpenApiDocument } from './document-check.fixture.ts';

type Operation = {
  operationId?: string;
  summary?: string;
  tags?: string[];
  security?: object[];
  requestBody?: unknown;
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>;
};
type Document = OpenApiDocument & { paths: Record<string, Record<string, Operation>> };

let document: Document;
let routes: string[];
let signaling: unknown;
beforeAll(async () => {
  await using directory = await tempDir();
  const database = await openTestDatabase(directory.path);
  await using weir = await director(database);
  const { status, body } = await weir.get('/v1/openapi.json', { as: '' });
  expect(status).toBe(200);
  document = body as Document;
  signaling = (await weir.get('/v1/asyncapi.json', { as: '' })).body;
  routes = weir.routes.filter((route) => /^(GET|POST|PUT|PATCH|DELETE) \/v1\//.test(route));
  await database.close();
}, 90_000);

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );

describe('GET /v1/openapi.json', () => {
  test('passes the linter', async () => {
    expect(document.openapi).toBe('3.1.0');
    const config = await createConfig({
      extends: ['recommended'],
      rules: {
        'no-server-example.com': 'off',
        'info-license-strict': 'off',
        'operation-4xx-response': 'error',
      },
    });
    const problems = await lintFromString({ source: JSON.stringify(document), config });
    expect(
      problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`),
    ).toEqual([]);
  });

  test('has every route that is registered, and no other', () => {
    const names = operations().map(({ name }) => name);
    expect(names.sort()).toEqual(routes.sort());
    expect(names).toEqual(
      [
        'POST /v1/join',
        'POST /v1/guest',
        'POST /v1/preflight',
        'POST /v1/tokens',
        'GET /v1/rooms',
        'POST /v1/rooms',
        'GET /v1/rooms/{roomId}',
        'PATCH /v1/rooms/{roomId}',
        'DELETE /v1/rooms/{roomId}',
        'POST /v1/rooms/{roomId}/data',
        'GET /v1/rooms/{roomId}/participants',
        'GET /v1/rooms/{roomId}/participants/{participantId}',
        'PATCH /v1/rooms/{roomId}/participants/{participantId}',
        'DELETE /v1/rooms/{roomId}/participants/{participantId}',
        'POST /v1/rooms/{roomId}/tracks/{trackId}/mute',
        'GET /v1/rooms/{roomId}/lobby',
        'POST /v1/rooms/{roomId}/lobby/{participantId}/admit',
        'POST /v1/rooms/{roomId}/lobby/{participantId}/refuse',
        'GET /v1/keys',
        'POST /v1/keys',
        'DELETE /v1/keys/{keyId}',
        'GET /v1/placements',
        'GET /v1/regions',
        'GET /v1/nodes',
        'GET /v1/nodes/{nodeId}',
        'POST /v1/nodes/{nodeId}/drain',
        'DELETE /v1/nodes/{nodeId}/drain',
        'GET /v1/asyncapi.json',
        'GET /v1/openapi.json',
      ].sort(),
    );
  });

  test('every operation has a name of its own, a summary, a tag, and its errors as problem details', () => {
    const names = operations().map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, operation } of operations()) {
      expect(operation.summary, name).toMatch(/^[A-Z].{6,}/);
      expect(operation.tags, name).toHaveLength(1);
      const errors = Object.entries(operation.responses).filter(([status]) => Number(status) >= 400);
      expect(
        errors.map(([status]) => status),
        name,
      ).toEqual(expect.arrayContaining(['429', '500', '503']));
      for (const [status, { description, content }] of errors) {
        expect(description, `${name} ${status}`).toMatch(/^`[a-z-]+`/);
        expect(content, `${name} ${status}`).toEqual({
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        });
      }
      if (operation.requestBody) expect(operation.responses, name).toHaveProperty('413');
      const isGuarded = (operation.security ?? []).length > 0;
      const takesTokenInBody = ['POST /v1/join', 'POST /v1/preflight'].includes(name);
      expect('401' in operation.responses, name).toBe(isGuarded || takesTokenInBody);
    }
    expect(document.components.schemas.Problem!.required).toContain('code');
  });

  test('tells who may call', () => {
    const security = Object.fromEntries(
      operations().map(({ name, operation }) => [name, operation.security]),
    );
    expect(security['POST /v1/guest']).toEqual([]);
    expect(security['GET /v1/keys']).toEqual([{ apiKey: [] }, { apiToken: [] }]);
    expect(security['DELETE /v1/rooms/{roomId}']).toEqual([
      { apiKey: [] },
      { apiToken: [] },
      { joinToken: [] },
    ]);
  });
});

test('a route that does not say who may call it does not start', async () => {
  const app = await httpServer({ logger: silentLogger });
  guardRoutes(app, new Callers(undefined as never));
  expect(() => app.get('/v1/open', async () => 'secrets')).toThrow(
    'GET /v1/open does not say who may call it',
  );
  await app.close();
});

test('[J4] GET /v1/asyncapi.json has the messages of signaling', () => {
  expect(signaling).toMatchObject({ asyncapi: expect.stringMatching(/^3\./) });
  expect(JSON.stringify(signaling)).toContain('session.resume');
});
