import { Lifetime, sleep } from '@weir/core';
import type { AudioSlot, MediaSession } from '@weir/protocol';
import type { ClientMedia } from './client-media.ts';
import { Standby } from './standby.ts';

/** Who looks for another one lost it with many others, who have more urgent needs. */
const calm = { leastMs: 1_000, mostMs: 3_000 };

/** Where the room has standbys, its participant has one: another when it is gone, or when its node is the one in use. */
export class StandbyKeeper extends Lifetime {
  readonly #client: ClientMedia;
  #standby: Standby | undefined;
  #hadOne = false;
  /** Aborts what looks for one. */
  #keeping: Lifetime | undefined;
  /** The media session in use. */
  #beside: MediaSession | undefined;

  constructor(client: ClientMedia) {
    super();
    this.#client = client;
  }

  get media(): MediaSession | undefined {
    return this.#standby?.media;
  }

  /** The client's media is there now: absent, where it was. */
  keep(beside = this.#beside): void {
    this.#beside = beside;
    if (!beside || this.closed || !this.#client.seat.wantsStandby) return this.#renounce();
    const { mediaSessionId, nodeId } = this.#standby?.media ?? {};
    if (nodeId === beside.nodeId) this.drop(mediaSessionId !== beside.mediaSessionId);
    else if (this.#standby && !this.#standby.closed) return this.#tell(this.#standby.media);
    this.#keeping?.close();
    this.#keeping = this.own(new Lifetime());
    void this.#find(beside.nodeId, this.#keeping);
  }

  /** `end`: its media session is not needed any more. */
  drop(end = true): void {
    this.#keeping?.close();
    const standby = this.#standby;
    this.#standby = undefined;
    if (!standby) return;
    if (!end) return standby.close();
    standby.end();
    this.#tell(null);
  }

  /** The seat goes to the standby's node; undefined when there is none that works. */
  async take(gone: string): Promise<{ media: MediaSession; audioSlots: AudioSlot[] } | undefined> {
    const standby = this.#standby;
    if (!standby || standby.closed || standby.media.nodeId === gone) return undefined;
    const { nodeId, mediaSessionId } = standby.media;
    const { seat, rooms, links, logger } = this.#client;
    try {
      const [session, { alive, send, receive, audioSlots = [] }] = await Promise.all([
        rooms.rehome(seat.roomId, seat.participantId, gone, async ({ home = gone }) => ({
          nodeId,
          home: home === gone ? nodeId : home,
        })),
        links.calls(nodeId).then((calls) => calls['session.adopt']({ mediaSessionId })),
      ]);
      seat.session = session;
      const suits = (send || !seat.directions.send) && (receive || !seat.directions.receive);
      if (!alive || !suits || session.mediaNodeId !== nodeId) return undefined;
      return { media: standby.media, audioSlots };
    } catch (error) {
      logger.warn({ err: error, participantId: seat.participantId }, 'the standby could not be used');
      return undefined;
    }
  }

  async #find(beside: string, keeping: Lifetime): Promise<void> {
    if (this.#hadOne)
      await sleep(calm.leastMs + Math.random() * (calm.mostMs - calm.leastMs), keeping.signal);
    const standby = await Standby.open(this.#client, beside, keeping.signal);
    if (!standby) return;
    if (keeping.closed) return standby.end();
    this.#standby = this.own(standby);
    this.#hadOne = true;
    standby.onClose((reason) => {
      if (this.#standby !== standby) return;
      this.#standby = undefined;
      if (reason === 'lost') this.keep();
    });
    this.#tell(standby.media);
  }

  /** The log is not to name it any more, either. */
  #renounce(): void {
    const had = this.#standby !== undefined;
    this.drop();
    const { rooms, seat } = this.#client;
    if (had && !this.closed) rooms.standAlone(seat.roomId, seat.participantId).catch(() => {}); // Or with the next change.
  }

  #tell(media: MediaSession | null): void {
    if (this.closed) return;
    const iceServers = media ? { iceServers: this.#client.seat.iceServers() } : {};
    this.#client.peer.notify('media.standby', { media, ...iceServers });
  }
}
