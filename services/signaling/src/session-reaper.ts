import { type ClusterStore, type Lease, type Rooms, type Session, signalingNodes } from '@weir/cluster';
import { Lifetime, type Logger, sleep } from '@weir/core';
import { limits } from '@weir/protocol';

const sweepMs = { min: 1_000, max: 3_000 };
/** In a big cluster a sweep takes its time; so much of the node's is left for its clients. */
const restShare = 3;
const leaseMs = 5_000;

/**
 * Gives up seats whose clients stayed away too long, and ends rooms that stayed empty or whose time is over. One node of the cluster does it at
 * a time; everything it does is refused by the log if the client came back meanwhile.
 */
export class SessionReaper extends Lifetime {
  readonly #store: ClusterStore;
  readonly #rooms: Rooms;
  readonly #nodeId: string;
  readonly #logger: Logger;
  #lease: Lease | undefined;
  /** When a room was first seen empty, and a session's node first seen gone. */
  readonly #emptySince = new Map<string, number>();
  readonly #orphanSince = new Map<string, number>();

  /** Takes a seat whose client is away off its media node, if that should be empty by now. */
  readonly #leaveDrained: (roomId: string, session: Session) => Promise<void>;

  constructor(
    store: ClusterStore,
    rooms: Rooms,
    nodeId: string,
    logger: Logger,
    leaveDrained: (roomId: string, session: Session) => Promise<void> = async () => {},
  ) {
    super();
    this.#store = store;
    this.#rooms = rooms;
    this.#nodeId = nodeId;
    this.#logger = logger;
    this.#leaveDrained = leaveDrained;
    void this.#run();
  }

  async #run(): Promise<void> {
    while (!this.closed) {
      const beganAt = performance.now();
      try {
        if (await this.#hold()) await this.#sweep();
      } catch (error) {
        this.#logger.warn({ err: error }, 'the sweep of sessions failed, trying again');
      }
      const restMs = restShare * (performance.now() - beganAt);
      await sleep(Math.min(sweepMs.max, Math.max(sweepMs.min, restMs)), this.signal);
    }
    if (this.#lease) await this.#store.leases.release(this.#lease).catch(() => {});
  }

  async #hold(): Promise<boolean> {
    if (this.#lease && (await this.#store.leases.renew(this.#lease, leaseMs))) return true;
    this.#lease = await this.#store.leases.acquire('session-reaper', this.#nodeId, leaseMs);
    return this.#lease !== undefined;
  }

  async #sweep(): Promise<void> {
    const now = Date.now();
    const alive = new Set((await signalingNodes(this.#store.leases)).map(({ nodeId }) => nodeId));
    const rooms = await this.#rooms.list();
    for (const roomId of rooms) {
      if (this.closed) return;
      await this.#sweepRoom(roomId, now, alive).catch((error) =>
        this.#logger.warn({ err: error, roomId }, 'the sweep of a room failed'),
      );
    }
    const living = new Set(rooms);
    for (const roomId of this.#emptySince.keys()) if (!living.has(roomId)) this.#emptySince.delete(roomId);
    for (const [key, since] of this.#orphanSince)
      if (now - since > limits.resumeWindowMs) this.#orphanSince.delete(key);
  }

  async #sweepRoom(roomId: string, now: number, alive: ReadonlySet<string>): Promise<void> {
    const reader = await this.#rooms.glance(roomId);
    if (now >= (reader.room!.endsAt ?? Number.POSITIVE_INFINITY)) return this.#rooms.endRoom(roomId);
    let seats = 0;
    for (const session of reader.sessions) {
      seats += 1;
      const { participantId, attachments, awaySince } = session;
      if (awaySince !== null) {
        const keepMs = session.state === 'placed' ? limits.placementMs : limits.resumeWindowMs;
        if (now - awaySince > keepMs) await this.#rooms.expire(roomId, participantId, attachments);
        else await this.#leaveDrained(roomId, session);
      } else if (!alive.has(session.signalingNode)) {
        // Its signaling node died without telling. Its client is on its way to another one, and may have to wait its turn.
        const key = `${participantId}/${attachments}`;
        const since = this.#orphanSince.get(key) ?? now;
        this.#orphanSince.set(key, since);
        if (now - since >= limits.orphanGraceMs) await this.#rooms.detach(roomId, participantId, attachments);
      }
    }
    if (seats > 0) return void this.#emptySince.delete(roomId);
    const since = this.#emptySince.get(roomId) ?? now;
    this.#emptySince.set(roomId, since);
    if (now - since >= reader.room!.settings.emptyTimeoutSeconds * 1000) await this.#rooms.endIfEmpty(roomId);
  }
}
