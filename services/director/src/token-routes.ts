import { mintJoinToken } from '@weir/auth';
import { PlatformError } from '@weir/core';
import { Grants, JoinClaims } from '@weir/protocol';
import type { HttpApp } from '@weir/service';
import { z } from 'zod';
import { Done, KeyInfo, NewKey, Token } from './answers.ts';
import type { DirectorContext } from './director.ts';

const { room, sub: identity, name, metadata } = JoinClaims.shape;

const TokenRequest = z.strictObject({
  room,
  identity,
  name,
  metadata,
  grants: Grants.strict().prefault({}),
  ttlSeconds: z
    .number()
    .int()
    .min(1)
    .max(24 * 3600)
    .default(3600),
});

/** Join tokens, and the API keys that sign them. */
export function tokenRoutes(api: HttpApp, { database, keys }: DirectorContext): void {
  api.post(
    '/v1/tokens',
    {
      config: { access: 'key' },
      schema: {
        operationId: 'createToken',
        summary: 'A join token for one person and one room',
        description: 'Signed with the API key of the caller. Grants that are left out take their defaults.',
        tags: ['tokens'],
        body: TokenRequest,
        response: { 200: Token.describe('The token') },
      },
    },
    async ({ body: { ttlSeconds, identity: sub, ...claims }, caller }) => {
      const key = caller?.kind === 'key' ? await keys.find(caller.keyId) : undefined;
      if (!key) throw new PlatformError('unauthenticated', 'the API key was revoked');
      return { token: await mintJoinToken(key, { ...claims, sub }, { ttlSeconds }) };
    },
  );

  api.get(
    '/v1/keys',
    {
      config: { access: 'key' },
      schema: {
        operationId: 'listKeys',
        summary: 'All API keys, revoked ones too, oldest first',
        tags: ['keys'],
        response: { 200: z.object({ keys: z.array(KeyInfo) }).describe('Without their secrets') },
      },
    },
    async () => ({ keys: await database.apiKeys.list() }),
  );

  api.post(
    '/v1/keys',
    {
      config: { access: 'key' },
      schema: {
        operationId: 'createKey',
        summary: 'A new API key',
        tags: ['keys'],
        response: { 201: NewKey.describe('The key') },
      },
    },
    async (_, reply) => reply.code(201).send(await database.apiKeys.create()),
  );

  api.delete(
    '/v1/keys/:keyId',
    {
      config: { access: 'key', errors: ['not-found', 'wrong-state'] },
      schema: {
        operationId: 'revokeKey',
        summary: 'Revoke an API key, for good',
        description:
          'Every token that it signed is refused from now on (on other nodes within seconds); running calls go on. ' +
          'Nothing happens when it was revoked before. The last key cannot be revoked.',
        tags: ['keys'],
        params: z.object({ keyId: z.string().regex(/^\w{1,64}$/, 'not an API key id') }),
        response: { 204: Done },
      },
    },
    async ({ params: { keyId } }, reply) => {
      const all = await database.apiKeys.list();
      if (!all.some(({ id }) => id === keyId))
        throw new PlatformError('not-found', `there is no API key ${keyId}`);
      const good = all.filter(({ revokedAt }) => revokedAt === null);
      if (good.length === 1 && good[0]!.id === keyId)
        throw new PlatformError('wrong-state', 'it is the last API key: create another one first');
      await database.apiKeys.revoke(keyId).finally(() => keys.forget(keyId)); // Also when the answer got lost.
      return reply.code(204).send();
    },
  );
}
