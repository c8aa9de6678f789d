import { PlatformError } from '@weir/core';
import {
  limits,
  mayPublish,
  type ParticipantId,
  type RoomEvent,
  type Source,
  type Track,
  type TrackId,
} from '@weir/protocol';
import { type Decide, type Decision, expecting, notThere } from './decision.ts';
import type { RoomChange } from './room-log.ts';
import type { RoomReader } from './room-view.ts';

// The rules of publishing and muting.

export type NewTrack = Omit<Track, 'participantId' | 'mutedBy' | 'epoch'>;

/** The track as it stands, when `trackId` is one; throws unless `participantId` may publish `source` now. */
export function publishable(
  reader: RoomReader,
  participantId: ParticipantId,
  source: Source,
  trackId?: TrackId,
): Track | undefined {
  const participant = reader.participant(participantId);
  if (!participant) throw notThere(participantId);
  if (!mayPublish(participant.grants, source))
    throw new PlatformError('forbidden', `the grants do not allow to publish ${source}`);
  const before = trackId === undefined ? undefined : reader.track(trackId);
  if (before && before.participantId !== participantId)
    throw new PlatformError('forbidden', 'not your track');
  if (!before && reader.tracksOf(participantId).length >= limits.tracksPerParticipant)
    throw new PlatformError('limit-reached', `at most ${limits.tracksPerParticipant} tracks a participant`);
  return before;
}

/** Whether a moderator's mute stands for this source, also when its track was unpublished or its owner came anew. */
export function isLocked(reader: RoomReader, participantId: ParticipantId, source: Source): boolean {
  const participant = reader.participant(participantId);
  return participant !== undefined && reader.locked(participant.identity).includes(source);
}

/** Publishes, or publishes anew: the epoch grows, a moderator's mute stays. `produced`: the epoch that its media has. */
export function publish(participantId: ParticipantId, track: NewTrack, produced?: number): Decide<Track> {
  return (reader) => {
    const before = publishable(reader, participantId, track.source, track.trackId);
    const epoch = (before?.epoch ?? 0) + 1;
    if (produced !== undefined && produced !== epoch)
      throw new PlatformError('conflict', `track ${track.trackId} was published at the same time`);
    const locked = isLocked(reader, participantId, track.source);
    const kept = before?.mutedBy === 'device' ? 'device' : 'self';
    const published: Track = {
      ...track,
      participantId,
      muted: locked || track.muted,
      ...(locked ? { mutedBy: 'moderator' } : track.muted ? { mutedBy: kept } : {}),
      epoch,
    };
    const key = `track:${track.trackId}`;
    const participantKey = `participant:${participantId}`;
    const change: RoomChange = {
      // The participant is set anew as it is: its version tells a leaving or a withdrawn grant at the same time that
      // there is one more track.
      set: { [key]: published, [participantKey]: reader.participant(participantId)! },
      events: [{ type: before ? 'trackUpdated' : 'trackPublished', track: published }],
    };
    return { change: expecting(reader, key, expecting(reader, participantKey, change)), result: published };
  };
}

export function unpublish(participantId: ParticipantId, trackId: TrackId): Decide<void> {
  return (reader) => {
    ownTrack(reader, participantId, trackId);
    const key = `track:${trackId}`;
    const change: RoomChange = {
      delete: [key],
      events: [{ type: 'trackUnpublished', trackId, participantId }],
    };
    return { change: expecting(reader, key, change), result: undefined };
  };
}

/** Everything of the participant: its client lost it (page reload). */
export function unpublishAll(participantId: ParticipantId): Decide<void> {
  return (reader) => {
    const tracks = reader.tracksOf(participantId);
    if (!tracks.length) return { result: undefined };
    const events: RoomEvent[] = tracks.map(({ trackId }) => ({
      type: 'trackUnpublished',
      trackId,
      participantId,
    }));
    const change: RoomChange = { delete: tracks.map(({ trackId }) => `track:${trackId}`), events };
    return { change: expecting(reader, `participant:${participantId}`, change), result: undefined };
  };
}

/**
 * The owner's own mute, or one for the time that its device gives nothing, which changes nothing of any other mute. Throws
 * `muted-by-moderator` when a moderator's stands.
 */
export function setMuted(
  participantId: ParticipantId,
  trackId: TrackId,
  muted: boolean,
  by: 'self' | 'device',
): Decide<Track> {
  return (reader) => {
    const before = ownTrack(reader, participantId, trackId);
    if (by === 'device' && (before.mutedBy ?? by) !== by) return { result: before };
    if (before.mutedBy !== 'moderator') return withMute(reader, before, muted ? by : undefined);
    if (muted) return { result: before };
    throw new PlatformError('muted-by-moderator', 'a moderator muted this track');
  };
}

/**
 * A moderator's mute, which the owner cannot undo. Lifting it leaves the track muted by its owner: nobody's microphone
 * is opened from afar.
 */
export function moderateMute(trackId: TrackId, muted: boolean): Decide<Track> {
  return (reader) => {
    const before = reader.track(trackId);
    if (!before) throw new PlatformError('track-not-found', `no track ${trackId}`);
    if (muted) return locking(reader, before, true, withMute(reader, before, 'moderator'));
    if (before.mutedBy !== 'moderator') return { result: before };
    return locking(reader, before, false, withMute(reader, before, 'self'));
  };
}

/** The mute is kept by identity and source: publishing anew, or coming anew, is no way around it. */
function locking(
  reader: RoomReader,
  { participantId, source }: Track,
  locked: boolean,
  decision: Decision<Track>,
): Decision<Track> {
  const participant = reader.participant(participantId);
  if (!decision.change || !participant) return decision;
  const key = `locked:${participant.identity}`;
  const others = reader.locked(participant.identity).filter((one) => one !== source);
  const sources = locked ? [...others, source] : others;
  const change: RoomChange = sources.length
    ? { ...decision.change, set: { ...decision.change.set, [key]: sources } }
    : { ...decision.change, delete: [key] };
  return { ...decision, change: expecting(reader, key, change) };
}

function withMute(reader: RoomReader, before: Track, mutedBy: Track['mutedBy']): Decision<Track> {
  if (before.mutedBy === mutedBy) return { result: before };
  const { mutedBy: _, ...rest } = before;
  const track: Track = { ...rest, muted: mutedBy !== undefined, ...(mutedBy ? { mutedBy } : {}) };
  const key = `track:${track.trackId}`;
  const change: RoomChange = { set: { [key]: track }, events: [{ type: 'trackUpdated', track }] };
  return { change: expecting(reader, key, change), result: track };
}

function ownTrack(reader: RoomReader, participantId: ParticipantId, trackId: TrackId): Track {
  const track = reader.track(trackId);
  if (!track) throw new PlatformError('track-not-found', `no track ${trackId}`);
  if (track.participantId !== participantId) throw new PlatformError('forbidden', 'not your track');
  return track;
}
