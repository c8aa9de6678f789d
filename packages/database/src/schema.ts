import type { RoomSettings } from '@weir/protocol';
import { jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const moment = (name: string) => timestamp(name, { withTimezone: true });

/**
 * HS256 needs the secret itself, so it is kept as it is. What protects it: the directory of the embedded database, which
 * nobody but its owner can enter (mode 0700); the access rules of a Postgres server.
 */
export const apiKeys = pgTable('api_keys', {
  id: text('id').primaryKey(),
  secret: text('secret').notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
  revokedAt: moment('revoked_at'),
});

/** Rooms that were set up before anybody joins. */
export const rooms = pgTable('rooms', {
  roomId: text('room_id').primaryKey(),
  settings: jsonb('settings').$type<RoomSettings>().notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
  updatedAt: moment('updated_at').notNull().defaultNow(),
});
