import { type Logger, PlatformError, withDeadline } from '@weir/core';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { migrationsFolder } from './migrations.ts';
import { type Connection, databaseError } from './queries.ts';
import * as schema from './schema.ts';

const migrationLock = 0x7765_6973; // Any number that nobody else locks.
const migrationMs = 60_000;
const closeSeconds = 5;

/** A Postgres server (15 or newer). Throws `connection-lost` when it is away. */
export async function openServer(url: string, logger: Logger): Promise<Connection> {
  await applyMigrations(url, logger);
  const client = connect(url, logger, { max: 10, statementMs: 8_000 });
  return { sql: drizzle({ client, schema }), close: () => client.end({ timeout: closeSeconds }) };
}

/** Nodes that start together take turns. */
async function applyMigrations(url: string, logger: Logger): Promise<void> {
  const client = connect(url, logger, { max: 1, statementMs: migrationMs });
  try {
    const work = async () => {
      await client`select pg_advisory_lock(${migrationLock})`; // Goes with the connection.
      await migrate(drizzle({ client }), { migrationsFolder });
    };
    await withDeadline(work(), migrationMs, 'database: apply migrations');
  } catch (error) {
    throw databaseError(error, 'apply migrations');
  } finally {
    await client.end({ timeout: closeSeconds });
  }
}

function connect(url: string, logger: Logger, { max, statementMs }: { max: number; statementMs: number }) {
  try {
    return postgres(url, {
      max,
      connect_timeout: 5,
      idle_timeout: 60,
      max_lifetime: 30 * 60,
      connection: { application_name: 'weir', statement_timeout: statementMs },
      onnotice: (notice) => logger.debug({ notice: notice.message }, 'database notice'),
    });
  } catch (error) {
    throw new PlatformError('bad-request', 'the database address is not a postgres:// URL', { cause: error });
  }
}
