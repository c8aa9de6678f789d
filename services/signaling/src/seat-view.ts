import type { RoomView, Session } from '@weir/cluster';
import { PlatformError } from '@weir/core';
import {
  type Grants,
  type IceServer,
  isAudioSlotId,
  limits,
  type MediaPaths,
  type ParticipantId,
  type RoomId,
  type TrackId,
} from '@weir/protocol';

/** The relays for a participant, with credentials. `spare`: with another one, should the first be gone. */
export type OfferRelays = (
  participantId: ParticipantId,
  paths: MediaPaths,
  options: { spare: boolean; region?: string | undefined },
) => IceServer[];

/** The room as one seat in it sees it: what it is allowed, and what the room asks of its media. */
export class SeatView {
  /** As last heard of. */
  session: Session;
  readonly room: RoomView;
  readonly #offerRelays: OfferRelays;

  constructor(room: RoomView, session: Session, offerRelays: OfferRelays) {
    this.room = room;
    this.session = session;
    this.#offerRelays = offerRelays;
  }

  get roomId(): RoomId {
    return this.room.roomId;
  }

  get participantId(): ParticipantId {
    return this.session.participantId;
  }

  /** The grants as they are now. Throws `wrong-state` before the client is in the room. */
  get grants(): Grants {
    const participant = this.room.reader.participant(this.participantId);
    if (!participant) throw new PlatformError('wrong-state', 'not in the room');
    return participant.grants;
  }

  /** What its media must be able to do. */
  get directions(): { send: boolean; receive: boolean } {
    const { grants } = this;
    return { send: maySend(grants), receive: grants.subscribe };
  }

  /** Whether it may see who waits in the lobby. */
  get admin(): boolean {
    return this.room.reader.participant(this.participantId)?.grants.admin ?? false;
  }

  /** Which ways the room's media may take. */
  get mediaPaths(): MediaPaths {
    return this.room.reader.room?.settings.mediaPaths ?? 'any'; // Absent in a room that an older version made.
  }

  /** The region where the room's media must be; empty: anywhere. */
  get pin(): string {
    return this.room.reader.room?.settings.region ?? '';
  }

  get wantsStandby(): boolean {
    return this.room.reader.room?.settings.standby === 'warm';
  }

  /** The relays that the client may use, with new credentials. */
  iceServers({ spare = false } = {}): IceServer[] {
    const region = this.pin || this.session.region;
    return this.#offerRelays(this.participantId, this.mediaPaths, { spare, region });
  }

  /** The tracks that this participant may receive. */
  receivable(wanted?: TrackId[]): TrackId[] {
    const { reader } = this.room;
    if (!reader.participant(this.participantId)?.grants.subscribe) return [];
    const tracks = wanted ? wanted.flatMap((id) => reader.track(id) ?? []) : [...reader.tracks];
    const others = tracks.filter((t) => t.participantId !== this.participantId).map((t) => t.trackId);
    return [...(wanted ?? []).filter(isAudioSlotId), ...others];
  }

  /**
   * What it receives from the start, `atMost` so many: audio first; where the microphones are too many, audio slots come in their
   * place, if it plays those. `gone`: a node whose tracks are not to be had.
   */
  firstTracks(wishes: { atMost: number; throughSlots: boolean; gone: string | undefined }): TrackId[] {
    const { atMost, gone } = wishes;
    const { reader } = this.room;
    if (atMost === 0) return [];
    const nodeOf = (trackId: TrackId) => reader.session(reader.track(trackId)!.participantId)?.mediaNodeId;
    const tracks = this.receivable().filter((trackId) => gone === undefined || nodeOf(trackId) !== gone);
    if (tracks.length <= atMost) return tracks;
    const audio = tracks.filter((trackId) => reader.track(trackId)?.kind === 'audio');
    const throughSlots = wishes.throughSlots && audio.length > limits.microphonesWithoutSlots;
    const heard = throughSlots ? audio : audio.slice(0, atMost);
    const left = atMost - (throughSlots ? limits.audioSlots : heard.length);
    const others = tracks.filter((trackId) => reader.track(trackId)?.kind !== 'audio');
    return [...heard, ...others.slice(0, Math.max(0, left))];
  }

  /** Of which production of each track the room knows. */
  epochs(trackIds: TrackId[]): Record<TrackId, number> {
    const { reader } = this.room;
    return Object.fromEntries(
      trackIds.flatMap((trackId) => {
        const epoch = reader.track(trackId)?.epoch;
        return epoch === undefined ? [] : [[trackId, epoch]];
      }),
    );
  }
}

function maySend({ hidden, data, publish }: Grants): boolean {
  return !hidden && (data || publish !== false);
}

export function allowsMore(before: Grants, after: Grants): boolean {
  return (!before.subscribe && after.subscribe) || (!maySend(before) && maySend(after));
}
