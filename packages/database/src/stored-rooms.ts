import type { RoomId, RoomSettings, RoomSettingsUpdate } from '@weir/protocol';
import { asc, eq, gt, sql as raw } from 'drizzle-orm';
import type { Queries } from './queries.ts';
import { rooms } from './schema.ts';

/** A room as it was set up, whether or not it lives now. */
export type StoredRoom = { roomId: RoomId; settings: RoomSettings; createdAt: number; updatedAt: number };

/** The rooms that were set up. */
export class StoredRooms {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  async get(roomId: RoomId): Promise<StoredRoom | undefined> {
    const [row] = await this.#queries.run('get a room', (sql) =>
      sql.select().from(rooms).where(eq(rooms.roomId, roomId)),
    );
    return row && toRoom(row);
  }

  /** Sets it up, or changes its settings. */
  async put(roomId: RoomId, settings: RoomSettings): Promise<StoredRoom> {
    const [row] = await this.#queries.run('put a room', (sql) =>
      sql
        .insert(rooms)
        .values({ roomId, settings })
        .onConflictDoUpdate({ target: rooms.roomId, set: { settings, updatedAt: raw`now()` } })
        .returning(),
    );
    return toRoom(row!);
  }

  /** Sets it up. Undefined: it is there already. */
  async create(roomId: RoomId, settings: RoomSettings): Promise<StoredRoom | undefined> {
    const [row] = await this.#queries.run('create a room', (sql) =>
      sql.insert(rooms).values({ roomId, settings }).onConflictDoNothing().returning(),
    );
    return row && toRoom(row);
  }

  /** Changes some of its settings, in one step. Undefined: it was not set up. */
  async update(roomId: RoomId, settings: RoomSettingsUpdate): Promise<StoredRoom | undefined> {
    const merged = raw`${rooms.settings} || ${JSON.stringify(settings)}::jsonb`;
    const [row] = await this.#queries.run('update a room', (sql) =>
      sql
        .update(rooms)
        .set({ settings: merged, updatedAt: raw`now()` })
        .where(eq(rooms.roomId, roomId))
        .returning(),
    );
    return row && toRoom(row);
  }

  /** By name, at most `limit` after the name `after`. */
  async list({ after = '', limit = 100 }: { after?: RoomId; limit?: number } = {}): Promise<StoredRoom[]> {
    const rows = await this.#queries.run('list rooms', (sql) =>
      sql.select().from(rooms).where(gt(rooms.roomId, after)).orderBy(asc(rooms.roomId)).limit(limit),
    );
    return rows.map(toRoom);
  }

  /** False: there was none. */
  async delete(roomId: RoomId): Promise<boolean> {
    const deleted = await this.#queries.run('delete a room', (sql) =>
      sql.delete(rooms).where(eq(rooms.roomId, roomId)).returning({ roomId: rooms.roomId }),
    );
    return deleted.length > 0;
  }
}

function toRoom(row: typeof rooms.$inferSelect): StoredRoom {
  return { ...row, createdAt: row.createdAt.getTime(), updatedAt: row.updatedAt.getTime() };
}
