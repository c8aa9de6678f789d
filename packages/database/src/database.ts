import { type Logger, silentLogger } from '@weir/core';
import { ApiKeys } from './api-keys.ts';
import { openEmbedded } from './embedded.ts';
import { type Connection, databaseError, Queries } from './queries.ts';
import { openServer } from './server.ts';
import { StoredRooms } from './stored-rooms.ts';

/** `dataDir`: Postgres inside this process, for one machine. `url`: a Postgres server, for a fleet. */
export type DatabaseAddress = { dataDir: string } | { url: string };

/** What the platform keeps beyond the life of its processes. Its methods throw `connection-lost`, `timeout`, `internal`. */
export type Database = {
  readonly apiKeys: ApiKeys;
  readonly rooms: StoredRooms;
  close(): Promise<void>;
};

/** Opens it and applies the migrations that it lacks. Throws `conflict` when another process has the directory. */
export async function openDatabase(
  address: DatabaseAddress,
  { logger = silentLogger }: { logger?: Logger } = {},
): Promise<Database> {
  const { sql, close } = await connect(address, logger).catch((error) => {
    throw databaseError(error, 'open');
  });
  const queries = new Queries(sql);
  return { apiKeys: new ApiKeys(queries), rooms: new StoredRooms(queries), close };
}

async function connect(address: DatabaseAddress, logger: Logger): Promise<Connection> {
  return 'url' in address ? openServer(address.url, logger) : openEmbedded(address.dataDir, logger);
}
