import type { Emitter } from '@weir/core';
import type {
  LeaveReason,
  Participant as ParticipantInfo,
  RoomEvent,
  RoomInfo,
  RoomSnapshot,
  Track,
  WaitingParticipant,
} from '@weir/protocol';
import type { LocalParticipant } from './local-participant.ts';
import { RemoteParticipant } from './participant.ts';
import { type RemoteControl, RemotePublication } from './publication.ts';
import type { RoomEvents } from './room-events.ts';

const rememberedMessages = 500;

/** What the room looks like from here: applies snapshots and events in order, and tells what changed. */
export class RoomModel {
  readonly remotes = new Map<string, RemoteParticipant>();
  readonly lobby = new Map<string, WaitingParticipant>();
  room: RoomInfo | undefined;
  revision = 0;
  readonly #tracks = new Map<string, RemotePublication>();
  readonly #messageIds = new Set<string>();
  readonly #local: LocalParticipant;
  readonly #events: Emitter<RoomEvents>;
  readonly #control: RemoteControl;

  constructor(local: LocalParticipant, events: Emitter<RoomEvents>, control: RemoteControl) {
    this.#local = local;
    this.#events = events;
    this.#control = control;
  }

  track(trackId: string): RemotePublication | undefined {
    return this.#tracks.get(trackId);
  }

  /** In the order of publishing. */
  remoteTracks(): Iterable<RemotePublication> {
    return this.#tracks.values();
  }

  /** Makes this the snapshot, telling the differences as the events that they would have been. */
  applySnapshot(snapshot: RoomSnapshot): void {
    const sameLife = this.room?.incarnation === snapshot.room.incarnation;
    this.revision = snapshot.revision;
    this.room = snapshot.room;
    const present = new Set(snapshot.participants.map((p) => p.participantId));
    const tracks = new Set(snapshot.tracks.map((t) => t.trackId));
    for (const publication of [...this.remoteTracks()])
      if (!tracks.has(publication.trackId))
        this.#unpublished(publication.trackId, publication.participant.participantId);
    for (const id of [...this.remotes.keys()]) if (!present.has(id)) this.#left(id, 'lost');
    for (const info of snapshot.participants)
      if (this.#known(info)) this.#updated(info);
      else this.#joined(info);
    for (const track of snapshot.tracks) this.#track(track);
    this.lobby.clear();
    for (const waiting of snapshot.lobby) this.lobby.set(waiting.participantId, waiting);
    this.#events.emit('lobbyChanged', [...this.lobby.values()]);
    if (!sameLife) this.#events.emit('roomUpdated', snapshot.room.settings);
  }

  apply(revision: number, event: RoomEvent): void {
    if (revision < this.revision) return; // Several events share a revision; an older one is a repetition.
    this.revision = revision;
    switch (event.type) {
      case 'participantJoined':
        return this.#known(event.participant)
          ? this.#updated(event.participant)
          : this.#joined(event.participant);
      case 'participantUpdated':
        return this.#updated(event.participant);
      case 'participantLeft':
        return this.#left(event.participantId, event.reason);
      case 'trackPublished':
      case 'trackUpdated':
        return this.#track(event.track);
      case 'trackUnpublished':
        return this.#unpublished(event.trackId, event.participantId);
      case 'lobbyEntered':
        this.lobby.set(event.waiting.participantId, event.waiting);
        return this.#events.emit('lobbyChanged', [...this.lobby.values()]);
      case 'lobbyLeft':
        this.lobby.delete(event.participantId);
        return this.#events.emit('lobbyChanged', [...this.lobby.values()]);
      case 'dataReceived':
        if (!this.#isNew(event.message.messageId)) return;
        return this.#events.emit('dataReceived', event.message, this.remotes.get(event.message.from));
      case 'roomUpdated':
        this.room = event.room;
        return this.#events.emit('roomUpdated', event.room.settings);
      case 'roomEnded':
        return; // The server closes the session next, with the reason.
    }
  }

  /** A sender that does not know whether a message arrived sends it again under the same id. */
  #isNew(messageId: string): boolean {
    if (this.#messageIds.has(messageId)) return false;
    this.#messageIds.add(messageId);
    if (this.#messageIds.size > rememberedMessages)
      this.#messageIds.delete(this.#messageIds.values().next().value!);
    return true;
  }

  #isLocal(participantId: string): boolean {
    return participantId === this.#local.participantId;
  }

  #known(info: ParticipantInfo): boolean {
    return this.#isLocal(info.participantId) || this.remotes.has(info.participantId);
  }

  #joined(info: ParticipantInfo): void {
    const remote = new RemoteParticipant(info);
    this.remotes.set(info.participantId, remote);
    this.#events.emit('participantJoined', remote);
  }

  #updated(info: ParticipantInfo): void {
    const participant = this.#isLocal(info.participantId)
      ? this.#local
      : this.remotes.get(info.participantId);
    if (!participant) return;
    participant.info = info;
    this.#events.emit('participantUpdated', participant);
  }

  #left(participantId: string, reason: LeaveReason): void {
    const remote = this.remotes.get(participantId);
    if (!remote) return;
    for (const trackId of [...remote.publications.keys()]) this.#unpublished(trackId, participantId);
    this.remotes.delete(participantId);
    this.#events.emit('participantLeft', remote, reason);
  }

  #track(info: Track): void {
    if (this.#isLocal(info.participantId)) return this.#local.publications.get(info.trackId)?.accept(info);
    const remote = this.remotes.get(info.participantId);
    if (!remote) return;
    const known = remote.publications.get(info.trackId);
    if (known) {
      known.info = info;
      return this.#events.emit('trackUpdated', known);
    }
    const publication = new RemotePublication(remote, info, this.#control);
    remote.publications.set(info.trackId, publication);
    this.#tracks.set(info.trackId, publication);
    this.#events.emit('trackPublished', publication);
  }

  #unpublished(trackId: string, participantId: string): void {
    if (this.#isLocal(participantId)) return this.#local.withdrawn(trackId);
    const remote = this.remotes.get(participantId);
    const publication = remote?.publications.get(trackId);
    if (!publication) return;
    remote!.publications.delete(trackId);
    this.#tracks.delete(trackId);
    this.#events.emit('trackUnpublished', publication);
  }
}
