export type { ApiKeyInfo, ApiKeys } from './api-keys.ts';
export { type Database, type DatabaseAddress, openDatabase } from './database.ts';
export type { StoredRoom, StoredRooms } from './stored-rooms.ts';
