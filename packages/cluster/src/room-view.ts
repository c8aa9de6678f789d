import { Lifetime, sleep, TokenBucket } from '@weir/core';
import type {
  Participant,
  ParticipantId,
  RoomEvent,
  RoomId,
  RoomInfo,
  RoomSnapshot,
  Source,
  Track,
  TrackId,
  WaitingParticipant,
} from '@weir/protocol';
import type { Json, RoomRecord, RoomState } from './room-log.ts';
import type { Session } from './session.ts';

/** Who looks: what they may see depends on it. */
export type Viewer = { readonly participantId: ParticipantId; readonly admin: boolean };

type Entry = { value: Json; version: number };

/** A room's entries by what they are, so that those of one kind are found without looking through a big room. */
class EntryGroups {
  readonly #groups = new Map<string, Map<string, Entry>>();

  constructor(entries: RoomState['entries']) {
    for (const [key, entry] of entries) this.set(key, entry);
  }

  /** Of a kind, which is what stands before the colon. */
  of(prefix: string): Iterable<Entry> {
    return this.#groups.get(prefix)?.values() ?? [];
  }

  set(key: string, entry: Entry): void {
    const prefix = prefixOf(key);
    const group = this.#groups.get(prefix);
    if (group) group.set(key, entry);
    else this.#groups.set(prefix, new Map([[key, entry]]));
  }

  delete(key: string): void {
    this.#groups.get(prefixOf(key))?.delete(key);
  }
}

function prefixOf(key: string): string {
  return key.slice(0, key.indexOf(':') + 1);
}

/** Typed reading of a room's entries. */
export class RoomReader {
  readonly state: RoomState;
  #groups: EntryGroups | undefined;

  /** `groups`: where somebody keeps them up. */
  constructor(state: RoomState, groups?: EntryGroups) {
    this.state = state;
    this.#groups = groups;
  }

  #get<T>(key: string): T | undefined {
    return this.state.entries.get(key)?.value as T | undefined;
  }

  *#all<T>(prefix: string): Iterable<T> {
    this.#groups ??= new EntryGroups(this.state.entries);
    for (const { value } of this.#groups.of(prefix)) yield value as T;
  }

  version(key: string): number {
    return this.state.entries.get(key)?.version ?? 0;
  }

  get room(): RoomInfo | undefined {
    return this.#get('room');
  }
  session(id: ParticipantId): Session | undefined {
    return this.#get(`session:${id}`);
  }
  participant(id: ParticipantId): Participant | undefined {
    return this.#get(`participant:${id}`);
  }
  track(id: TrackId): Track | undefined {
    return this.#get(`track:${id}`);
  }
  waiting(id: ParticipantId): WaitingParticipant | undefined {
    return this.#get(`lobby:${id}`);
  }
  get sessions(): Iterable<Session> {
    return this.#all('session:');
  }
  get participants(): Iterable<Participant> {
    return this.#all('participant:');
  }
  get tracks(): Iterable<Track> {
    return this.#all('track:');
  }
  get lobby(): Iterable<WaitingParticipant> {
    return this.#all('lobby:');
  }
  /** The media node where those who come first meet; undefined before the first seat. */
  get home(): string | undefined {
    return this.#get('home');
  }
  /** Who opened the room as its guest host; undefined in rooms that were set up. */
  get host(): string | undefined {
    return this.#get('host');
  }
  /** When a moderator last removed this identity, ms since the epoch. */
  barredSince(identity: string): number | undefined {
    return this.#get(`barred:${identity}`);
  }
  /** The sources of this identity that a moderator muted, whatever track they are published in. */
  locked(identity: string): readonly Source[] {
    return this.#get(`locked:${identity}`) ?? [];
  }
  tracksOf(id: ParticipantId): Track[] {
    return [...this.tracks].filter((track) => track.participantId === id);
  }

  /** The room as `viewer` may see it: no hidden participants but themselves, the lobby for admins. */
  snapshot(viewer: Viewer): RoomSnapshot {
    return {
      revision: this.state.revision,
      room: this.room!,
      participants: [...this.participants]
        .filter((p) => !p.grants.hidden || p.participantId === viewer.participantId)
        .sort((a, b) => a.joinedAt - b.joinedAt),
      tracks: [...this.tracks],
      lobby: viewer.admin ? [...this.lobby] : [],
    };
  }
}

/** Whether `viewer` may learn of `event`. `hidden`: the participants that nobody else sees. */
export function maySee(viewer: Viewer, event: RoomEvent, hidden: ReadonlySet<ParticipantId>): boolean {
  switch (event.type) {
    case 'participantJoined':
    case 'participantUpdated':
      return !event.participant.grants.hidden || event.participant.participantId === viewer.participantId;
    case 'participantLeft':
      return !hidden.has(event.participantId) || event.participantId === viewer.participantId;
    case 'lobbyEntered':
    case 'lobbyLeft':
      return viewer.admin;
    case 'dataReceived': {
      const { to, from } = event.message;
      return !to || from === viewer.participantId || to.includes(viewer.participantId);
    }
    default:
      return true;
  }
}

/** More events than that are a burst, and so is what follows one closely. */
const calm = { perSecond: 10, burst: 10, lastsMs: 2_000 };

/** A live copy of a room on this node. Closes when the room ends; with `lost` when it can't be kept up without a gap. */
export class RoomView extends Lifetime {
  readonly roomId: RoomId;
  readonly #listeners = new Set<(record: RoomRecord, hidden: ReadonlySet<ParticipantId>) => void>();
  readonly #state: RoomState;
  readonly #groups: EntryGroups;
  readonly reader: RoomReader;
  /** Another set after each change: who was given one keeps it as it was. */
  #hidden: ReadonlySet<ParticipantId>;
  readonly #pace = new TokenBucket(calm);
  #burstUntil = 0;
  #busy = false;

  constructor(roomId: RoomId, state: RoomState) {
    super();
    this.roomId = roomId;
    this.#state = state;
    this.#groups = new EntryGroups(state.entries);
    this.reader = new RoomReader(state, this.#groups);
    this.#hidden = hiddenOf(this.reader);
  }

  get hidden(): ReadonlySet<ParticipantId> {
    return this.#hidden;
  }

  /** As of the last record: so much happens that it is better told together with what follows. */
  get isBusy(): boolean {
    return this.#busy;
  }

  onRecord(
    listener: (record: RoomRecord, hidden: ReadonlySet<ParticipantId>) => void,
    signal: AbortSignal,
  ): void {
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true });
  }

  /** Resolves when the room is known up to `revision`, when it closes, or after `timeoutMs`. */
  async reaches(revision: number, timeoutMs: number): Promise<void> {
    if (this.closed || this.#state.revision >= revision) return;
    const waiting = new AbortController();
    const stop = () => waiting.abort();
    this.onRecord((record) => record.revision >= revision && stop(), waiting.signal);
    this.onClose(stop, waiting.signal);
    await sleep(timeoutMs, waiting.signal);
    stop();
  }

  /** Applies the next record and tells the listeners. Called by whoever follows the log. */
  apply(record: RoomRecord): void {
    if (record.revision <= this.#state.revision) return;
    const hidden = this.#hidden; // Before the change: who leaves with it is still known.
    for (const key of record.delete) {
      this.#state.entries.delete(key);
      this.#groups.delete(key);
    }
    for (const [key, value] of Object.entries(record.set)) {
      const entry = { value: value as Json, version: record.revision };
      this.#state.entries.set(key, entry);
      this.#groups.set(key, entry);
    }
    this.#state.revision = record.revision;
    if (changesHidden(record, hidden)) this.#hidden = hiddenOf(this.reader);
    const now = performance.now();
    if (!record.events.every(() => this.#pace.take(1, now))) this.#burstUntil = now + calm.lastsMs;
    this.#busy = now < this.#burstUntil;
    for (const listener of [...this.#listeners]) listener(record, hidden);
    if (record.end) this.close('requested');
  }
}

function hiddenOf(reader: RoomReader): Set<ParticipantId> {
  const ids = new Set<ParticipantId>();
  for (const { participantId, grants } of reader.participants) if (grants.hidden) ids.add(participantId);
  return ids;
}

/** Most changes concern none of them: a big room is not looked through for each. */
function changesHidden(record: RoomRecord, hidden: ReadonlySet<ParticipantId>): boolean {
  const prefix = 'participant:';
  const was = (key: string) => key.startsWith(prefix) && hidden.has(key.slice(prefix.length));
  const becomes = (key: string) =>
    key.startsWith(prefix) && (record.set[key] as Participant).grants.hidden === true;
  return record.delete.some(was) || Object.keys(record.set).some((key) => was(key) || becomes(key));
}
