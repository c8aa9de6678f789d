import type { Grants, Participant as ParticipantInfo, Source } from '@weir/protocol';
import type { Publication, RemotePublication } from './publication.ts';

/** Somebody in the room. */
export abstract class Participant<P extends Publication = Publication> {
  info: ParticipantInfo;
  /** By track id, in the order of publishing. */
  readonly publications: Map<string, P> = new Map();
  abstract readonly isLocal: boolean;

  constructor(info: ParticipantInfo) {
    this.info = info;
  }

  get participantId(): string {
    return this.info.participantId;
  }
  get identity(): string {
    return this.info.identity;
  }
  /** The name to show: the display name, or the identity where there is none. */
  get displayName(): string {
    return this.info.displayName || this.info.identity;
  }
  get metadata(): string {
    return this.info.metadata;
  }
  get attributes(): Record<string, string> {
    return this.info.attributes;
  }
  get grants(): Grants {
    return this.info.grants;
  }
  get status(): 'connected' | 'reconnecting' {
    return this.info.status;
  }

  /** The first publication of this source. */
  publication(source: Source): P | undefined {
    for (const publication of this.publications.values())
      if (publication.source === source) return publication;
    return undefined;
  }
}

export class RemoteParticipant extends Participant<RemotePublication> {
  readonly isLocal = false;
}
