import type { DrainWatch, Placement, Rooms } from '@weir/cluster';
import { backoffMs, type CloseReason, Lifetime, type Logger, PlatformError, sleep } from '@weir/core';
import type { MediaSession, ParticipantId, RoomId, RtpCapabilities } from '@weir/protocol';
import type { MediaLinks } from './media-links.ts';

export type StandbyOptions = {
  rooms: Rooms;
  placement: Placement;
  links: MediaLinks;
  drains: DrainWatch;
  roomId: RoomId;
  participantId: ParticipantId;
  /** The node that it stands by for. */
  mediaNodeId: string;
  rtpCapabilities: RtpCapabilities;
  directions: { send: boolean; receive: boolean };
  logger: Logger;
};

const retry = { firstMs: 300, maxMs: 3_000 };

/** A participant's transports on a second node. Closes with `lost` when they are gone, and with them what was told of them. */
export class Standby extends Lifetime {
  readonly media: MediaSession;
  readonly #links: MediaLinks;

  /** Tries until there is a node for it; undefined when `signal` aborts before. */
  static async open(options: StandbyOptions, signal: AbortSignal): Promise<Standby | undefined> {
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        return await Standby.#try(options);
      } catch (error) {
        const { participantId } = options;
        options.logger.debug({ err: error, participantId, attempt }, 'no standby yet');
        await sleep(backoffMs(attempt, retry), signal);
      }
    }
    return undefined;
  }

  static async #try(options: StandbyOptions): Promise<Standby> {
    const { rooms, placement, links, roomId, participantId, mediaNodeId } = options;
    const session = await rooms.standBy(roomId, participantId, (wish) =>
      placement.choose(`${roomId} (standby)`, { ...wish, avoid: mediaNodeId }),
    );
    const nodeId = session.standbyNodeId;
    if (nodeId === undefined) throw new PlatformError('no-media-node', 'no second media node');
    const calls = await links.calls(nodeId);
    const { media } = await calls['session.open']({
      roomId,
      participantId,
      rtpCapabilities: options.rtpCapabilities,
      ...options.directions,
      trackIds: [],
      audioSlots: false,
    });
    return new Standby(media, options);
  }

  private constructor(media: MediaSession, { roomId, links, drains }: StandbyOptions) {
    super();
    this.media = media;
    this.#links = links;
    const { nodeId, mediaSessionId } = media;
    const notices = links.notices({ nodeId, roomId, mediaSessionId }, this.signal);
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
