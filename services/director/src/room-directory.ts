import type { RoomReader, Rooms } from '@weir/cluster';
import { PlatformError } from '@weir/core';
import type { Database, StoredRoom } from '@weir/database';
import { RoomId, RoomSettings, type RoomSettingsUpdate } from '@weir/protocol';
import type { RoomAnswer, RoomPage } from './answers.ts';

/** All rooms of the deployment: those that were set up, those that live, and those that are both. */
export class RoomDirectory {
  readonly #rooms: Rooms;
  readonly #stored: Database['rooms'];

  constructor(rooms: Rooms, database: Database) {
    this.#rooms = rooms;
    this.#stored = database.rooms;
  }

  /** The room, brought to life if need be: as it was set up, else with default settings. A living one needs no database. */
  async open(roomId: RoomId): Promise<RoomReader> {
    const live = await this.live(roomId);
    if (live) return live;
    const stored = await this.#stored.get(roomId);
    await this.#rooms.ensureRoom(roomId, stored?.settings ?? RoomSettings.parse({}));
    return this.#rooms.read(roomId);
  }

  async live(roomId: RoomId): Promise<RoomReader | undefined> {
    return ifThere(this.#rooms.read(roomId));
  }

  /** Whether somebody with an API key set it up: its admins come with tokens then, not by being first. */
  async isSetUp(roomId: RoomId): Promise<boolean> {
    return (await this.#stored.get(roomId)) !== undefined;
  }

  /** As it lives; undefined when it was set up and nobody is there. Throws `room-not-found`. */
  async liveOrSetUp(roomId: RoomId): Promise<RoomReader | undefined> {
    const live = await this.live(roomId);
    if (!live && !(await this.#stored.get(roomId))) throw notFound(roomId);
    return live;
  }

  /** Sets it up; one that lives takes the settings at once. Throws `conflict` when it was set up before. */
  async create(roomId: RoomId, settings: RoomSettings): Promise<RoomAnswer> {
    const stored = await this.#stored.create(roomId, settings);
    if (!stored) throw new PlatformError('conflict', `room ${roomId} was set up before`);
    await ifThere(this.#rooms.updateSettings(roomId, settings));
    return answerOf(roomId, stored, await this.live(roomId), true);
  }

  /** Throws `room-not-found`. */
  async get(roomId: RoomId, { seesHidden }: { seesHidden: boolean }): Promise<RoomAnswer> {
    const [stored, live] = await Promise.all([this.#stored.get(roomId), this.live(roomId)]);
    if (!stored && !live) throw notFound(roomId);
    return answerOf(roomId, stored, live, seesHidden);
  }

  /** By name, at most `limit` after the place that `cursor` stands for. */
  async list(limit: number, cursor: string | undefined): Promise<RoomPage> {
    const after = cursor === undefined ? '' : nameOf(cursor);
    const [stored, alive] = await Promise.all([
      this.#stored.list({ after, limit: limit + 1 }),
      this.#rooms.list(),
    ]);
    const setUp = new Map(stored.map((room) => [room.roomId, room]));
    const names = [...new Set([...setUp.keys(), ...alive.filter((name) => byName(name, after) > 0)])].sort(
      byName,
    );
    const page = names.slice(0, limit);
    const rooms = await Promise.all(
      page.map(async (roomId) => {
        const live = await this.live(roomId);
        return live || setUp.has(roomId) ? [answerOf(roomId, setUp.get(roomId), live, true)] : []; // It ended meanwhile.
      }),
    );
    const last = page.at(-1);
    const more = names.length > limit && last !== undefined;
    return { rooms: rooms.flat(), cursor: more ? Buffer.from(last).toString('base64url') : null };
  }

  /** Changes the room that lives, and how it was set up unless `onlyLive`. Throws `room-not-found` for neither. */
  async update(
    roomId: RoomId,
    settings: RoomSettingsUpdate,
    { onlyLive }: { onlyLive: boolean },
  ): Promise<void> {
    const stored = onlyLive ? undefined : await this.#stored.update(roomId, settings);
    const live = await ifThere(this.#rooms.updateSettings(roomId, settings));
    if (!stored && !live) throw notFound(roomId);
  }

  /** Ends it for everybody, and forgets how it was set up unless `onlyLive`. Nothing happens when there is none. */
  async end(roomId: RoomId, { onlyLive }: { onlyLive: boolean }): Promise<void> {
    if (!onlyLive) await this.#stored.delete(roomId); // First: who joins meanwhile finds a new room.
    await ifThere(this.#rooms.endRoom(roomId));
  }
}

async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'room-not-found') return undefined;
    throw error;
  }
}

function answerOf(
  roomId: RoomId,
  stored: StoredRoom | undefined,
  live: RoomReader | undefined,
  seesHidden: boolean,
): RoomAnswer {
  const room = live?.room;
  return {
    roomId,
    settings: room?.settings ?? stored!.settings,
    createdAt: stored?.createdAt ?? room!.createdAt,
    setUp: stored !== undefined,
    live: live
      ? {
          since: live.room!.createdAt,
          participants: [...live.participants].filter(({ grants }) => seesHidden || !grants.hidden).length,
          waiting: [...live.lobby].length,
          tracks: [...live.tracks].length,
        }
      : null,
  };
}

/** By code point, as the database sorts. */
function byName(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function nameOf(cursor: string): RoomId {
  const name = RoomId.safeParse(Buffer.from(cursor, 'base64url').toString());
  if (!name.success) throw new PlatformError('bad-request', 'querystring.cursor: not a cursor of this API');
  return name.data;
}

function notFound(roomId: RoomId): PlatformError {
  return new PlatformError('room-not-found', `there is no room ${roomId}`);
}
