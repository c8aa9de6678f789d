import { PlatformError } from '@weir/core';
import type { Grants, LeaveReason, Participant, ParticipantId, Track } from '@weir/protocol';
import { type Decide, type Decision, expecting, notThere, roomFull } from './decision.ts';
import type { Placed } from './placement.ts';
import type { RoomChange } from './room-log.ts';
import type { RoomReader } from './room-view.ts';
import { provesSeat, type Session } from './session.ts';

// The rules of taking, keeping and giving up a place in a room. `now` in ms since the epoch.

export type SeatClaims = {
  identity: string;
  displayName: string;
  metadata: string;
  grants: Grants;
  /** When the token was signed, ms since the epoch: one from before a removal no longer admits. Absent: just now. */
  issuedAt?: number;
  /** Where its media should be, or `pinned`: must be. */
  region?: string;
  pinned?: boolean;
  /** Becomes the admin of a room that nobody is in or about to enter; those in the lobby do not count. */
  opensRoom?: boolean;
};

export type NewSeat = SeatClaims & { participantId: ParticipantId; secretHash: string; mediaNodeId: string };

/** A seat for one client, to be claimed before long. */
export function placeSeat(
  { issuedAt, opensRoom = false, ...seat }: NewSeat,
  now: number,
  placed: { home: string; homeBefore: string | undefined },
): Decide<void> {
  return (reader) => {
    const { identity, participantId } = seat;
    const { maxParticipants } = reader.room!.settings;
    if ((reader.barredSince(identity) ?? Number.NEGATIVE_INFINITY) >= (issuedAt ?? now))
      throw new PlatformError('removed', `a moderator removed ${identity}; a token issued since then admits`);
    const others = [...reader.participants].filter((p) => p.identity !== identity);
    if (others.length >= maxParticipants) throw roomFull(reader.room!.roomId, maxParticipants);
    const hosts = opensRoom && (reader.host === identity || isVacant(reader));
    const { nodeId, home } = settle(reader, { ...placed, nodeId: seat.mediaNodeId, pinned: seat.pinned });
    const session: Session = {
      ...seat,
      mediaNodeId: nodeId,
      grants: hosts ? { ...seat.grants, admin: true } : seat.grants,
      state: 'placed',
      createdAt: now,
      signalingNode: '',
      attachments: 0,
      awaySince: now,
    };
    const change: RoomChange = {
      expect: [{ key: 'room', is: 'present' }],
      set: {
        [`session:${participantId}`]: session,
        ...(hosts ? { host: identity } : {}),
        ...(home === reader.home ? {} : { home }),
      },
    };
    // Its version keeps two who come at the same time from both opening the room, or taking it to two places.
    const once = opensRoom ? expecting(reader, 'host', change) : change;
    return { change: expecting(reader, 'home', once), result: undefined };
  };
}

/** Nobody is in it or about to be. Those in the lobby do not count: without a moderator they would wait for ever. */
function isVacant(reader: RoomReader): boolean {
  return ![...reader.sessions].some(({ state }) => state !== 'waiting');
}

/** Attaches a socket; an older one loses the seat. A first claim enters the room or its lobby. */
export function attach(
  participantId: ParticipantId,
  secret: string,
  signalingNode: string,
  now: number,
): Decide<Session> {
  return (reader) => {
    const session = reader.session(participantId);
    // The same answer for a wrong secret, so that seats cannot be probed.
    if (!session || !provesSeat(session, secret))
      throw new PlatformError('session-unknown', 'no such session, or it ended');
    const attached: Session = {
      ...settled(session),
      signalingNode,
      attachments: session.attachments + 1,
      awaySince: null,
    };
    if (session.state === 'placed')
      return mustWait(reader, session) ? wait(reader, attached, now) : enterNow(reader, attached, now);
    if (session.state === 'admitted') return enterNow(reader, attached, now);
    const change: RoomChange = { set: { [`session:${participantId}`]: attached } };
    const participant = reader.participant(participantId);
    if (participant && participant.status !== 'connected')
      show(change, { ...participant, status: 'connected' });
    return { change: expecting(reader, `session:${participantId}`, change), result: attached };
  };
}

function mustWait(reader: RoomReader, { grants }: Session): boolean {
  return reader.room!.settings.lobby && !grants.admin && !grants.bypassLobby && !grants.hidden;
}

function wait(reader: RoomReader, session: Session, now: number): Decision<Session> {
  const { participantId, identity, displayName } = session;
  const waiting = { participantId, identity, displayName, since: now };
  const held: Session = { ...session, state: 'waiting' };
  const change: RoomChange = {
    set: { [`session:${participantId}`]: held, [`lobby:${participantId}`]: waiting },
    events: [{ type: 'lobbyEntered', waiting }],
  };
  return { change: expecting(reader, `session:${participantId}`, change), result: held };
}

/** The seat's media node is gone: it goes to another, unless it has gone already. */
export function rehome(
  participantId: ParticipantId,
  gone: string,
  placed: Placed & { homeBefore: string | undefined },
): Decide<Session> {
  return (reader) => {
    const session = reader.session(participantId);
    if (!session) throw notThere(participantId);
    if (session.mediaNodeId !== gone) return { result: session };
    const pinned = session.pinned || reader.room?.settings.region;
    const { nodeId, home } = settle(reader, { ...placed, pinned: Boolean(pinned) });
    const key = `session:${participantId}`;
    const { standbyNodeId, ...before } = settled(session);
    const kept = standbyNodeId === undefined || standbyNodeId === nodeId ? {} : { standbyNodeId };
    const moved: Session = { ...before, ...kept, mediaNodeId: nodeId };
    const change: RoomChange = { set: { [key]: moved, ...(home === reader.home ? {} : { home }) } };
    return { change: expecting(reader, 'home', expecting(reader, key, change)), result: moved };
  };
}

/** Without a move that was under way: what was begun elsewhere is given up there. */
function settled({ nextMediaNodeId: _, ...session }: Session): Session {
  return session;
}

/** The seat is to go to another node, and has its media on both until `finishMove`. */
export function beginMove(
  participantId: ParticipantId,
  from: string,
  placed: Placed & { homeBefore: string | undefined },
): Decide<Session> {
  return (reader) => {
    const session = reader.session(participantId);
    if (!session) throw notThere(participantId);
    if (session.mediaNodeId !== from)
      throw new PlatformError('conflict', `${participantId} is not on ${from} any more`);
    const pinned = Boolean(session.pinned || reader.room?.settings.region);
    const { nodeId, home } = settle(reader, { ...placed, pinned });
    const key = `session:${participantId}`;
    const moving: Session = { ...session, nextMediaNodeId: nodeId };
    const change: RoomChange = { set: { [key]: moving, ...(home === reader.home ? {} : { home }) } };
    return { change: expecting(reader, 'home', expecting(reader, key, change)), result: moving };
  };
}

/** A track as it is produced on the node that its owner moves to. */
export type MovedTrack = Pick<Track, 'trackId' | 'epoch' | 'codec' | 'spatialLayers'>;

/** From now on it is where it moves to, with these tracks, in one step. Throws `conflict` when something else has come. */
export function finishMove(participantId: ParticipantId, to: string, tracks: MovedTrack[]): Decide<Session> {
  return (reader) => {
    const session = reader.session(participantId);
    if (!session) throw notThere(participantId);
    if (session.nextMediaNodeId !== to)
      throw new PlatformError('conflict', `${participantId} does not move to ${to} any more`);
    const key = `session:${participantId}`;
    const { standbyNodeId, ...before } = settled(session);
    const kept = standbyNodeId === undefined || standbyNodeId === to ? {} : { standbyNodeId };
    const moved: Session = { ...before, ...kept, mediaNodeId: to };
    let change: RoomChange = { set: { [key]: moved }, events: [] };
    for (const { trackId, epoch, ...produced } of tracks) {
      const earlier = reader.track(trackId);
      if (!earlier) continue; // It was unpublished meanwhile, on both nodes.
      if (earlier.participantId !== participantId || earlier.epoch !== epoch - 1)
        throw new PlatformError('conflict', `track ${trackId} was produced anew meanwhile`);
      const track: Track = { ...earlier, ...produced, epoch };
      change.set![`track:${trackId}`] = track;
      change.events!.push({ type: 'trackUpdated', track });
      change = expecting(reader, `track:${trackId}`, change);
    }
    return { change: expecting(reader, key, change), result: moved };
  };
}

/** The seat has a second node from now on, or none. Nothing happens when that node has become its first. */
export function standBy(participantId: ParticipantId, nodeId: string | undefined): Decide<Session> {
  return (reader) => {
    const session = reader.session(participantId);
    if (!session) throw notThere(participantId);
    if (session.standbyNodeId === nodeId || session.mediaNodeId === nodeId) return { result: session };
    const { standbyNodeId: _, ...rest } = session;
    const stands: Session = nodeId === undefined ? rest : { ...rest, standbyNodeId: nodeId };
    const key = `session:${participantId}`;
    return { change: expecting(reader, key, { set: { [key]: stands } }), result: stands };
  };
}

/** Who chose by a home that has moved since goes where somebody faster took it: the room stays together. */
function settle(
  { home }: RoomReader,
  {
    homeBefore,
    pinned,
    ...placed
  }: Placed & { homeBefore: string | undefined; pinned?: boolean | undefined },
): Placed {
  if (pinned) return { nodeId: placed.nodeId, home: home ?? placed.home }; // The home may be in another region.
  return home === undefined || home === homeBefore ? placed : { nodeId: home, home };
}

/** From the lobby into the room, once admitted. */
export function enter(participantId: ParticipantId, now: number): Decide<Session> {
  return (reader) => {
    const session = reader.session(participantId);
    if (!session) throw new PlatformError('lobby-refused', 'the seat is gone');
    if (session.state === 'joined') return { result: session };
    if (session.state !== 'admitted') throw new PlatformError('wrong-state', 'not admitted yet');
    return enterNow(reader, session, now);
  };
}

function enterNow(reader: RoomReader, session: Session, now: number): Decision<Session> {
  const { participantId, identity, displayName, metadata, grants } = session;
  const joined: Session = { ...session, state: 'joined' };
  const participant: Participant = {
    participantId,
    identity,
    displayName,
    metadata,
    attributes: {},
    grants,
    joinedAt: now,
    status: 'connected',
  };
  const change: RoomChange = {
    expect: [],
    atMost: { prefix: 'participant:', count: reader.room!.settings.maxParticipants },
    set: {
      [`session:${participantId}`]: joined,
      [`participant:${participantId}`]: participant,
      [`identity:${identity}`]: participantId, // Its version keeps two of one identity from entering at the same time.
    },
    delete: [],
    events: [],
  };
  // The same identity twice is one person who came back another way: the newer one stays.
  for (const other of reader.sessions)
    if (other.identity === identity && other.participantId !== participantId && other.state !== 'placed')
      giveUp(reader, other.participantId, 'replaced', change);
  change.events!.push({ type: 'participantJoined', participant });
  const expected = expecting(
    reader,
    `identity:${identity}`,
    expecting(reader, `session:${participantId}`, change),
  );
  return { change: expected, result: joined };
}

/** The socket is gone, unless a newer one was attached: the others are told, the seat is kept. */
export function detach(participantId: ParticipantId, attachments: number, now: number): Decide<void> {
  return (reader) => {
    const session = reader.session(participantId);
    if (!session || session.attachments !== attachments || session.awaySince !== null)
      return { result: undefined };
    const change: RoomChange = { set: { [`session:${participantId}`]: { ...session, awaySince: now } } };
    const participant = reader.participant(participantId);
    if (participant) show(change, { ...participant, status: 'reconnecting' });
    return { change: expecting(reader, `session:${participantId}`, change), result: undefined };
  };
}

/** Gives the seat up; nothing happens when it is gone already. */
export function leave(participantId: ParticipantId, reason: LeaveReason): Decide<void> {
  return (reader) => {
    if (!reader.session(participantId)) return { result: undefined };
    const change: RoomChange = { expect: [], delete: [], events: [] };
    giveUp(reader, participantId, reason, change);
    return { change, result: undefined };
  };
}

/** Like `leave`, unless its client came back meanwhile. */
export function expire(participantId: ParticipantId, attachments: number): Decide<void> {
  return (reader) => {
    const session = reader.session(participantId);
    if (session?.attachments !== attachments || session.awaySince === null) return { result: undefined };
    return leave(participantId, 'lost')(reader);
  };
}

export function admit(participantId: ParticipantId): Decide<void> {
  return (reader) => {
    const session = reader.session(participantId);
    if (session?.state === 'joined' || session?.state === 'admitted') return { result: undefined };
    if (session?.state !== 'waiting') throw notThere(participantId);
    const change: RoomChange = {
      set: { [`session:${participantId}`]: { ...session, state: 'admitted' } },
      delete: [`lobby:${participantId}`],
      events: [{ type: 'lobbyLeft', participantId, outcome: 'admitted' }],
    };
    return { change: expecting(reader, `session:${participantId}`, change), result: undefined };
  };
}

/** Out of the lobby, for good. */
export function refuse(participantId: ParticipantId): Decide<void> {
  return (reader) => {
    if (!reader.waiting(participantId)) throw notThere(participantId);
    return leave(participantId, 'removed')(reader);
  };
}

/** Out of the room, with every seat of that identity; tokens that were issued before no longer admit it. */
export function remove(participantId: ParticipantId, now: number): Decide<void> {
  return (reader) => {
    const removed = reader.session(participantId);
    if (!removed) throw notThere(participantId);
    const change: RoomChange = {
      expect: [],
      set: { [`barred:${removed.identity}`]: now },
      delete: [],
      events: [],
    };
    for (const { identity, participantId: id } of reader.sessions)
      if (identity === removed.identity) giveUp(reader, id, 'removed', change);
    return { change, result: undefined };
  };
}

/** Adds to `change` all that goes with a seat, as it was read. */
function giveUp(
  reader: RoomReader,
  participantId: ParticipantId,
  reason: LeaveReason,
  change: RoomChange,
): void {
  const { expect = [], delete: gone = [], events = [] } = change;
  const asRead = (key: string) => expect.push({ key, is: reader.version(key) });
  expect.push({ key: 'room', is: 'present' });
  asRead(`session:${participantId}`);
  gone.push(`session:${participantId}`);
  if (reader.waiting(participantId)) {
    gone.push(`lobby:${participantId}`);
    events.push({ type: 'lobbyLeft', participantId, outcome: reason === 'removed' ? 'refused' : 'left' });
  }
  if (!reader.participant(participantId)) return;
  asRead(`participant:${participantId}`);
  for (const { trackId } of reader.tracksOf(participantId)) {
    gone.push(`track:${trackId}`);
    events.push({ type: 'trackUnpublished', trackId, participantId });
  }
  gone.push(`participant:${participantId}`);
  if (reason !== 'replaced') gone.push(`identity:${reader.participant(participantId)!.identity}`);
  events.push({ type: 'participantLeft', participantId, reason });
}

function show(change: RoomChange, participant: Participant): void {
  change.set = { ...change.set, [`participant:${participant.participantId}`]: participant };
  change.events = [...(change.events ?? []), { type: 'participantUpdated', participant }];
}
