import type { MovedTrack } from '@weir/cluster';
import { Lifetime, PlatformError } from '@weir/core';
import type { AudioSlot, Calls, MediaNodeContract, MediaSession, Result, Track } from '@weir/protocol';
import type { ClientMedia } from './client-media.ts';

/** A client that sets its media up on another node, while it still has it on the one before. Closes when it is over. */
export class MediaMove extends Lifetime {
  readonly media: MediaSession;
  readonly calls: Calls<MediaNodeContract>;
  /** That the room has there. */
  readonly audioSlots: AudioSlot[];
  readonly #tracks = new Map<string, MovedTrack>();
  readonly #done = Promise.withResolvers<void>();

  /** A media session on that node, beside the one that there is. */
  static async open(client: ClientMedia, nodeId: string): Promise<MediaMove> {
    const { seat, links, rtpCapabilities } = client;
    const { roomId, participantId, directions } = seat;
    const calls = await links.calls(nodeId);
    const opened = await calls['session.open']({ roomId, participantId, rtpCapabilities, ...directions });
    return new MediaMove(opened, calls, client);
  }

  private constructor(
    { media, audioSlots = [] }: Result<MediaNodeContract, 'session.open'>,
    calls: Calls<MediaNodeContract>,
    client: ClientMedia,
  ) {
    super();
    this.media = media;
    this.calls = calls;
    this.audioSlots = client.playsSlots ? audioSlots : [];
    this.#done.promise.catch(() => {}); // Whoever moves may have given up before.
    this.onClose(() => this.#done.reject(new PlatformError('media-lost', 'the move to another node failed')));
    this.#heed(client);
  }

  /** What happens to a media session that is not the client's only one yet. */
  #heed({ seat, links, peer, playsSlots }: ClientMedia): void {
    const { nodeId, mediaSessionId } = this.media;
    const notices = links.notices({ nodeId, roomId: seat.roomId, mediaSessionId }, this.signal);
    notices.on('subscription.closed', ({ subscriptionId, trackId }) =>
      peer.notify('subscription.closed', { subscriptionId, trackId }),
    );
    notices.on('subscription.layers', ({ mediaSessionId: _, ...layers }) =>
      peer.notify('subscription.layers', layers),
    );
    notices.on('room.audioSlots', ({ slots }) => {
      if (playsSlots) peer.notify('room.audioSlots', { slots });
    });
    notices.on('session.lost', () => this.close('lost'));
    notices.on('linkLost', (lost) => lost === nodeId && this.close('lost'));
  }

  /** It is not wanted after all. */
  async abandon(): Promise<void> {
    this.close();
    await this.calls['session.close']({ mediaSessionId: this.media.mediaSessionId });
  }

  /** Resolves when the client has said that all flows there; rejects when it closes before. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** What is produced there, and in no log yet. */
  get tracks(): MovedTrack[] {
    return [...this.#tracks.values()];
  }

  produced(track: Track): Track {
    const { trackId, epoch, codec, spatialLayers } = track;
    this.#tracks.set(trackId, { trackId, epoch, codec, spatialLayers });
    return track;
  }

  finished(): void {
    this.#done.resolve();
  }
}
