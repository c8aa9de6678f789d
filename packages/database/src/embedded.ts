import { existsSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';
import type { Logger } from '@weir/core';
import { drizzle } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import { lockDirectory } from './directory-lock.ts';
import { migrationsFolder } from './migrations.ts';
import type { Connection } from './queries.ts';
import * as schema from './schema.ts';
import { SyncedNodeFS, syncName, syncTree } from './synced-node-fs.ts';

// Postgres reads only the files of its own major version: the next one will have a directory of its own.
const versionDirectory = 'postgres-18';

const settings = {
  fsync: 'on', // PGlite's own parameters turn it off; the last word counts.
  wal_sync_method: 'fsync',
  shared_buffers: '4MB', // The default takes 130 MB more of this process.
  wal_buffers: '256kB',
  min_wal_size: '32MB',
  max_wal_size: '32MB',
};
const startParams = [
  ...PGlite.defaultStartParams,
  ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
];

const unsyncedParams = [...PGlite.defaultStartParams, '-c', `shared_buffers=${settings.shared_buffers}`];

/** Postgres inside this process, in `dataDir`. Throws `conflict` when another process uses it. */
export async function openEmbedded(dataDir: string, logger: Logger): Promise<Connection> {
  const directory = resolve(dataDir);
  const unlock = lockDirectory(directory);
  try {
    const startedAt = performance.now();
    const data = join(directory, versionDirectory);
    if (!existsSync(data)) await initialize(data);
    const client = await start(data);
    const sql = drizzle({ client, schema });
    await migrate(sql, { migrationsFolder });
    logger.info({ directory, ms: Math.round(performance.now() - startedAt) }, 'embedded database is open');
    return {
      sql,
      async close() {
        await client.close();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** All or nothing: a process that dies meanwhile leaves no half of a database under its name. */
async function initialize(data: string): Promise<void> {
  const fresh = `${data}.new`;
  rmSync(fresh, { recursive: true, force: true });
  // Without a single fsync on the way: nothing counts before the one at the end.
  const client = await PGlite.create({ fs: new NodeFS(fresh), startParams: unsyncedParams });
  await client.close();
  syncTree(fresh);
  renameSync(fresh, data);
  syncName(data);
}

function start(data: string): Promise<PGlite> {
  return PGlite.create({ fs: new SyncedNodeFS(data), startParams });
}
