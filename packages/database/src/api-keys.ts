import { type ApiKey, newApiKey } from '@weir/auth';
import { and, asc, eq, isNull, sql as raw } from 'drizzle-orm';
import type { Queries } from './queries.ts';
import { apiKeys } from './schema.ts';

/** A key as it may be shown: without its secret. */
export type ApiKeyInfo = { id: string; createdAt: number; revokedAt: number | null };

const firstKeyLock = 0x7765_6972; // Any number that nobody else locks.

/** The API keys of this deployment. */
export class ApiKeys {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** The oldest valid key; a new one when there is none. Nodes that start together get the same. */
  ensureFirst(): Promise<ApiKey & { isNew: boolean }> {
    return this.#queries.run('ensure an API key', (sql) =>
      sql.transaction(async (tx) => {
        await tx.execute(raw`select pg_advisory_xact_lock(${firstKeyLock})`);
        const [first] = await tx
          .select({ id: apiKeys.id, secret: apiKeys.secret })
          .from(apiKeys)
          .where(isNull(apiKeys.revokedAt))
          .orderBy(asc(apiKeys.createdAt), asc(apiKeys.id))
          .limit(1);
        if (first) return { ...first, isNew: false };
        const key = newApiKey();
        await tx.insert(apiKeys).values(key);
        return { ...key, isNew: true };
      }),
    );
  }

  /** Undefined for an unknown or revoked key. */
  async find(id: string): Promise<ApiKey | undefined> {
    const [key] = await this.#queries.run('find an API key', (sql) =>
      sql
        .select({ id: apiKeys.id, secret: apiKeys.secret })
        .from(apiKeys)
        .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAt))),
    );
    return key;
  }

  async create(): Promise<ApiKey> {
    const key = newApiKey();
    await this.#queries.run('create an API key', (sql) => sql.insert(apiKeys).values(key));
    return key;
  }

  /** For good. False: there was no such valid key. */
  async revoke(id: string): Promise<boolean> {
    const revoked = await this.#queries.run('revoke an API key', (sql) =>
      sql
        .update(apiKeys)
        .set({ revokedAt: raw`now()` })
        .where(and(eq(apiKeys.id, id), isNull(apiKeys.revokedAt)))
        .returning({ id: apiKeys.id }),
    );
    return revoked.length > 0;
  }

  /** All, revoked ones too, oldest first. */
  async list(): Promise<ApiKeyInfo[]> {
    const rows = await this.#queries.run('list API keys', (sql) =>
      sql
        .select({ id: apiKeys.id, createdAt: apiKeys.createdAt, revokedAt: apiKeys.revokedAt })
        .from(apiKeys)
        .orderBy(asc(apiKeys.createdAt), asc(apiKeys.id)),
    );
    return rows.map(({ id, createdAt, revokedAt }) => ({
      id,
      createdAt: createdAt.getTime(),
      revokedAt: revokedAt?.getTime() ?? null,
    }));
  }
}
