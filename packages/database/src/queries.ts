import { PlatformError, withDeadline } from '@weir/core';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import type * as schema from './schema.ts';

/** Drizzle over either driver. */
export type Sql = PgDatabase<PgQueryResultHKT, typeof schema>;

/** An open database with its schema up to date. */
export type Connection = { sql: Sql; close: () => Promise<void> };

const timeoutMs = 10_000;

/** The one way to the database: an answer or a PlatformError, in time. */
export class Queries {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Throws `connection-lost` while the server is away, `timeout`, or `internal`. */
  async run<T>(what: string, work: (sql: Sql) => PromiseLike<T>): Promise<T> {
    try {
      return await withDeadline(work(this.#sql), timeoutMs, `database: ${what}`);
    } catch (error) {
      throw databaseError(error, what);
    }
  }
}

// Classes of SQLSTATE: connection exception, operator intervention (shutdown, crash, starting up); 53300: too many clients.
const awayStates = /^(08|57P0|53300)/;
const awayCodes = /^(CONNECT|ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT|ETIMEDOUT)/;

export function databaseError(error: unknown, what: string): PlatformError {
  if (error instanceof PlatformError) return error;
  // Drizzle wraps the driver's error in one whose message holds the parameters, secrets among them.
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = String((inner as { code?: unknown } | undefined)?.code ?? '');
  const away = awayStates.test(code) || awayCodes.test(code);
  const message = inner instanceof Error ? inner.message : String(inner);
  return new PlatformError(away ? 'connection-lost' : 'internal', `database: ${what}: ${message || code}`, {
    cause: inner,
  });
}
