import swagger, { type SwaggerTransform, type SwaggerTransformObject } from '@fastify/swagger';
import type { ErrorCode } from '@weir/core';
import { protocolVersion } from '@weir/protocol';
import { asyncApiDocument } from '@weir/protocol/asyncapi';
import { codesByStatus, type HttpApp } from '@weir/service';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Access } from './access.ts';
import { Problem } from './answers.ts';

const schemesOf: Record<Access, Record<string, string[]>[]> = {
  anyone: [],
  key: [{ apiKey: [] }, { apiToken: [] }],
  moderator: [{ apiKey: [] }, { apiToken: [] }, { joinToken: [] }],
};

const components = {
  securitySchemes: {
    apiKey: { type: 'http', scheme: 'basic', description: 'The id and the secret of an API key' },
    apiToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Signed with an API key' },
    joinToken: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'With the grant admin, for its own room',
    },
  },
} as const;

const tags = {
  join: 'Getting into a room, and testing whether one could',
  rooms: 'Rooms and their settings',
  participants: 'Those who are in a room, and moderation',
  lobby: 'Those who wait to be admitted',
  tokens: 'Join tokens',
  keys: 'API keys',
  placements: 'Where participants were placed, and why',
  nodes: 'The processes of the fleet, and taking one out of it',
  document: 'This document, and the one of the signaling socket',
};

/** Describes the routes that are added to `api` from now on, at `/v1/openapi.json`, and signaling beside it. */
export async function describeRoutes(api: HttpApp): Promise<void> {
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Weir',
        version: String(protocolVersion),
        description: 'Rooms, tokens and moderation for your backend. Browsers use the SDK.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      } as object as { title: string; version: string },
      servers: [{ url: '/' }],
      tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
      components,
    },
    transform: withErrors,
    transformObject: withAnswers,
  });
  api.get(
    '/v1/openapi.json',
    {
      config: { access: 'anyone' },
      schema: {
        operationId: 'getOpenApi',
        summary: 'This document',
        tags: ['document'],
        response: { 200: z.record(z.string(), z.any()).describe('OpenAPI 3.1') },
      },
    },
    async () => api.swagger() as object as Record<string, unknown>,
  );
  const signaling = asyncApiDocument(String(protocolVersion)) as object as Record<string, unknown>;
  api.get(
    '/v1/asyncapi.json',
    {
      config: { access: 'anyone' },
      schema: {
        operationId: 'getAsyncApi',
        summary: 'The messages of the signaling socket',
        tags: ['document'],
        response: { 200: z.record(z.string(), z.any()).describe('AsyncAPI 3.0') },
      },
    },
    async () => signaling,
  );
}

/** Adds the named schemas. All of them are answers: their variants as inputs would stand there unused. */
const withAnswers: SwaggerTransformObject = (document) => {
  const whole = jsonSchemaTransformObject(document) as { components: { schemas: Record<string, object> } };
  const schemas = Object.entries(whole.components.schemas).filter(([name]) => !name.endsWith('Input'));
  return { ...whole, components: { ...whole.components, schemas: Object.fromEntries(schemas) } } as object;
};

const everywhere: ErrorCode[] = [
  'bad-request',
  'rate-limited',
  'timeout',
  'internal',
  'connection-lost',
  'going-away',
];

/** Adds who may call the route, and every error that it may answer. */
const withErrors: SwaggerTransform = (document) => {
  const { access = 'anyone', errors = [] } = document.route.config ?? {};
  const { schema, url } = jsonSchemaTransform(document as never);
  const codes: ErrorCode[] = [...everywhere, ...errors];
  if (access !== 'anyone') codes.push('unauthenticated', 'token-expired', 'forbidden');
  if (document.schema?.body) codes.push('payload-too-large');
  const response = { ...(schema as { response?: object }).response, ...problems(codes) };
  return { schema: { ...(schema as object), security: schemesOf[access], response } as never, url };
};

function problems(codes: ErrorCode[]): Record<number, object> {
  const schema = { $ref: `#/components/schemas/${z.globalRegistry.get(Problem)!.id}` };
  return Object.fromEntries(
    [...codesByStatus(codes)].map(([status, some]) => [
      status,
      {
        description: some.map((code) => `\`${code}\``).join(', '),
        content: { 'application/problem+json': { schema } },
      },
    ]),
  );
}
