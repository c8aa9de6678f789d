import { backoffMs, type CloseReason, Lifetime, PlatformError, sleep } from '@weir/core';
import type { MediaSession } from '@weir/protocol';
import type { ClientMedia } from './client-media.ts';
import type { MediaLinks } from './media-links.ts';

const retry = { firstMs: 300, maxMs: 3_000 };

/** A participant's transports on a second node. Closes with `lost` when they are gone, and with them what was told of them. */
export class Standby extends Lifetime {
  readonly media: MediaSession;
  readonly #links: MediaLinks;

  /** Tries until there is a node for it beside that one; undefined when `signal` aborts before. */
  static async open(client: ClientMedia, beside: string, signal: AbortSignal): Promise<Standby | undefined> {
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        return await Standby.#try(client, beside);
      } catch (error) {
        const { participantId } = client.seat;
        client.logger.debug({ err: error, participantId, attempt }, 'no standby yet');
        await sleep(backoffMs(attempt, retry), signal);
      }
    }
    return undefined;
  }

  static async #try(client: ClientMedia, beside: string): Promise<Standby> {
    const { rooms, placement, links, rtpCapabilities } = client;
    const { roomId, participantId, directions } = client.seat;
    const session = await rooms.standBy(roomId, participantId, (wish) =>
      placement.choose(`${roomId} (standby)`, { ...wish, avoid: beside }),
    );
    const nodeId = session.standbyNodeId;
    if (nodeId === undefined) throw new PlatformError('no-media-node', 'no second media node');
    const calls = await links.calls(nodeId);
    const { media } = await calls['session.open']({
      roomId,
      participantId,
      rtpCapabilities,
      ...directions,
      trackIds: [],
      audioSlots: false,
    });
    return new Standby(media, client);
  }

  private constructor(media: MediaSession, { seat, links, drains }: ClientMedia) {
    super();
    this.media = media;
    this.#links = links;
    const { nodeId, mediaSessionId } = media;
    const notices = links.notices({ nodeId, roomId: seat.roomId, mediaSessionId }, this.signal);
    notices.on('session.lost', () => this.close('lost'));
    notices.on('linkLost', (lost) => {
      if (lost === nodeId) this.close('lost');
    });
    drains.events.on(
      'changed',
      (drained) => drained === nodeId && drains.of(nodeId) && this.#leave(),
      this.signal,
    );
  }

  /** Gives the transports up. */
  end(): void {
    if (!this.closed) this.#leave('requested');
  }

  #leave(reason: CloseReason = 'lost'): void {
    this.close(reason);
    const { nodeId, mediaSessionId } = this.media;
    this.#links
      .calls(nodeId)
      .then((calls) => calls['session.close']({ mediaSessionId }))
      .catch(() => {}); // It is gone there, or goes with the participant.
  }
}
