import type { RoomLog, RoomRecord, RoomState, Session } from '@weir/cluster';
import { backoffMs, Lifetime, type Logger, sleep, withDeadline } from '@weir/core';
import type { MediaNode, TrackPlace } from '@weir/media';
import type { ParticipantId, RoomId, Track, TrackId } from '@weir/protocol';

const followBackoff = { firstMs: 100, maxMs: 5_000 };
/** How long a track is looked for in a log that cannot be read yet. */
const locateTimeoutMs = 3_000;

const trackPrefix = 'track:';
const sessionPrefix = 'session:';

/**
 * Makes the rooms of a media node what their logs say: mutes, unpublished tracks, participants that left or were removed,
 * rooms that ended. It needs no signaling node for that; while the store is away nothing changes.
 */
export class RoomEnforcement extends Lifetime {
  readonly #rooms = new Map<RoomId, EnforcedRoom>();

  constructor(node: MediaNode, log: RoomLog, logger: Logger) {
    super();
    node.events.on(
      'roomOpened',
      (roomId) => this.#rooms.set(roomId, this.own(new EnforcedRoom(roomId, node, log, logger))),
      this.signal,
    );
    node.events.on('roomClosed', (roomId) => this.#close(roomId), this.signal);
    node.events.on('sessionOpened', (roomId, id) => this.#rooms.get(roomId)?.admit(id), this.signal);
    node.events.on('trackPublished', (roomId, id) => this.#rooms.get(roomId)?.applyMute(id), this.signal);
  }

  /** Where a track of a room here is produced, by the log; undefined: there is none. */
  async locate(roomId: RoomId, trackId: TrackId, epoch: number): Promise<TrackPlace | undefined> {
    return this.#rooms.get(roomId)?.locate(trackId, epoch);
  }

  #close(roomId: RoomId): void {
    this.#rooms.get(roomId)?.close();
    this.#rooms.delete(roomId);
  }
}

type Place = {
  [Key in 'mediaNodeId' | 'nextMediaNodeId' | 'standbyNodeId']?: string | undefined;
};

/** One room's log, followed for as long as the room has sessions here. */
class EnforcedRoom extends Lifetime {
  readonly #roomId: RoomId;
  readonly #node: MediaNode;
  readonly #log: RoomLog;
  readonly #logger: Logger;
  readonly #tracks = new Map<TrackId, Track>();
  /** With the nodes that each is on and moves to. */
  readonly #sessions = new Map<ParticipantId, Place>();
  readonly #begun = Promise.withResolvers<void>();
  #following = false;

  constructor(roomId: RoomId, node: MediaNode, log: RoomLog, logger: Logger) {
    super();
    this.#roomId = roomId;
    this.#node = node;
    this.#log = log;
    this.#logger = logger.child({ roomId });
    void this.#follow();
  }

  /** A session has opened: it stays if the log knows its participant. */
  admit(participantId: ParticipantId): void {
    if (this.#following && !this.#sessions.has(participantId)) void this.#verify(participantId);
  }

  /**
   * A mute holds for every production of the track. An unmute that is older than the production does not: that one began
   * muted, and the log is about to say so.
   */
  applyMute(trackId: TrackId): void {
    const track = this.#tracks.get(trackId);
    const epoch = this.#node.epoch(this.#roomId, trackId) ?? 0; // 0: only an earlier one is left, for which it holds too.
    if (!track) return;
    if (track.muted || track.epoch >= epoch) this.#node.setMuted(this.#roomId, trackId, track.muted);
  }

  /** What was told may be behind: where it does not know of that epoch, the store itself decides. */
  async locate(trackId: TrackId, epoch: number): Promise<TrackPlace | undefined> {
    await withDeadline(this.#begun.promise, locateTimeoutMs, `the log of ${this.#roomId}`, this.signal);
    const told = this.#tracks.get(trackId);
    const known = told && placeOf(told, this.#sessions.get(told.participantId)?.mediaNodeId);
    if (known && told.epoch >= epoch) return known;
    const entries = (await this.#log.read(this.#roomId))?.entries;
    const track = entries?.get(trackPrefix + trackId)?.value as Track | undefined;
    const session =
      track && (entries?.get(sessionPrefix + track.participantId)?.value as Session | undefined);
    return track && placeOf(track, session?.mediaNodeId);
  }

  async #follow(): Promise<void> {
    for (let attempt = 1; !this.closed; attempt++) {
      try {
        const followed = await this.#log.follow(
          this.#roomId,
          (record) => this.#apply(record),
          () => this.#followAnew(),
        );
        if (!followed) return this.#node.closeRoom(this.#roomId); // It ended before we looked.
        this.onClose(followed.stop);
        return this.#begin(followed.state);
      } catch (error) {
        this.#logger.warn({ err: error, attempt }, 'the room log cannot be followed');
        await sleep(backoffMs(attempt, followBackoff), this.signal);
      }
    }
  }

  /** The store lost track of us, or its data: what the room is now counts. */
  #followAnew(): void {
    if (this.closed) return;
    this.#following = false;
    for (const trackId of [...this.#tracks.keys()]) this.#forget(trackId);
    this.#sessions.clear();
    void this.#follow();
  }

  #begin(state: RoomState): void {
    if (this.closed) return;
    for (const [key, { value }] of state.entries) this.#set(key, value);
    this.#following = true;
    this.#begun.resolve();
    for (const participantId of this.#node.participants(this.#roomId)) this.admit(participantId);
  }

  #apply(record: RoomRecord): void {
    if (this.closed) return;
    for (const key of record.delete) this.#delete(key);
    for (const [key, value] of Object.entries(record.set)) this.#set(key, value);
    if (record.end) this.#node.closeRoom(this.#roomId);
  }

  #set(key: string, value: unknown): void {
    if (key.startsWith(sessionPrefix)) this.#setSession(key.slice(sessionPrefix.length), value as Session);
    if (!key.startsWith(trackPrefix)) return;
    const track = value as Track;
    const { trackId, epoch } = track;
    this.#tracks.set(trackId, track);
    if (track.source === 'microphone') this.#node.expectMicrophone(this.#roomId, trackId, true);
    this.#node.outdate(this.#roomId, trackId, epoch);
    this.applyMute(trackId);
  }

  /** Who was taken to another node has nothing to do here any more. */
  #setSession(participantId: ParticipantId, session: Place): void {
    const before = this.#sessions.get(participantId)?.mediaNodeId;
    const { mediaNodeId, nextMediaNodeId, standbyNodeId } = session;
    this.#sessions.set(participantId, { mediaNodeId, nextMediaNodeId, standbyNodeId });
    if (before !== undefined && before !== mediaNodeId) this.#moved(participantId);
    if (!this.#isHere(session) && this.#node.hasParticipant(this.#roomId, participantId))
      void this.#verify(participantId);
  }

  /** As its first node, its second, or the one that it moves to. */
  #isHere({ mediaNodeId, nextMediaNodeId, standbyNodeId }: Place): boolean {
    const { nodeId } = this.#node;
    return [mediaNodeId ?? nodeId, nextMediaNodeId, standbyNodeId].includes(nodeId);
  }

  /** Its tracks are not to be had any more where they were. */
  #moved(participantId: ParticipantId): void {
    for (const track of this.#tracks.values())
      if (track.participantId === participantId) this.#node.abandon(this.#roomId, track.trackId);
  }

  #delete(key: string): void {
    if (key.startsWith(sessionPrefix)) {
      const participantId = key.slice(sessionPrefix.length);
      this.#sessions.delete(participantId);
      this.#node.closeParticipant(this.#roomId, participantId);
    }
    if (!key.startsWith(trackPrefix)) return;
    const trackId = key.slice(trackPrefix.length);
    this.#forget(trackId);
    this.#node.unpublish(this.#roomId, trackId);
  }

  #forget(trackId: TrackId): void {
    this.#tracks.delete(trackId);
    this.#node.expectMicrophone(this.#roomId, trackId, false);
  }

  /** The records may be behind the session: the store itself decides. */
  async #verify(participantId: ParticipantId): Promise<void> {
    try {
      const state = await this.#log.read(this.#roomId);
      const session = state?.entries.get(sessionPrefix + participantId)?.value as Place | undefined;
      if (this.closed || (session && this.#isHere(session))) return;
      this.#logger.info({ participantId }, 'a media session of somebody who is not here is closed');
      if (session) this.#node.departParticipant(this.#roomId, participantId);
      else this.#node.closeParticipant(this.#roomId, participantId);
    } catch (error) {
      this.#logger.warn(
        { err: error, participantId },
        'a participant could not be looked up: the session stays',
      );
    }
  }
}

function placeOf({ participantId, kind, source }: Track, nodeId: string | undefined): TrackPlace | undefined {
  return nodeId === undefined ? undefined : { nodeId, participantId, kind, source };
}
