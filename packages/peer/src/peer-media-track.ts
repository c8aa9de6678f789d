import { setMaxListeners } from 'node:events';
import type { MediaFile } from './media-file.ts';
import type { RtpReceiver } from './rtp-receiver.ts';

/** What stands behind a track: files to send, or a stream being received. */
type Media = { layers: readonly MediaFile[]; audioLevelDbov?: number } | { receiver: RtpReceiver };

/** As much of a MediaStreamTrack as the client's engine and publications look at. */
class PeerMediaTrack extends EventTarget {
  readonly id: string = crypto.randomUUID();
  readonly kind: 'audio' | 'video';
  readonly label = '';
  readonly muted = false;
  readonly media: Media;
  enabled = true;
  contentHint = '';
  readyState: MediaStreamTrackState = 'live';

  constructor(kind: 'audio' | 'video', media: Media) {
    super();
    setMaxListeners(0, this); // A crowd may send the same track.
    this.kind = kind;
    this.media = media;
  }

  getSettings(): MediaTrackSettings {
    if (!('layers' in this.media) || this.kind === 'audio') return {};
    const { width, height, frameDurationMs } = this.media.layers.at(-1)!;
    return { width, height, frameRate: 1000 / frameDurationMs };
  }

  stop(): void {
    this.readyState = 'ended';
  }
}

/**
 * A track to publish from prepared media: one file, or one for each simulcast layer, smallest first. Sound says of itself
 * that it is as loud as told, -30 dBov unless given.
 */
export function preparedTrack(
  layers: readonly MediaFile[],
  options: { audioLevelDbov?: number } = {},
): MediaStreamTrack {
  return new PeerMediaTrack(layers[0]!.kind, { layers, ...options }) as unknown as MediaStreamTrack;
}

export function receivedTrack(receiver: RtpReceiver): MediaStreamTrack {
  return new PeerMediaTrack(receiver.kind, { receiver }) as unknown as MediaStreamTrack;
}

/** The files behind a track made by `preparedTrack`. */
export function layersOf(track: MediaStreamTrack): readonly MediaFile[] | undefined {
  const media = track instanceof PeerMediaTrack ? track.media : undefined;
  return media && 'layers' in media ? media.layers : undefined;
}

/** How loud a track made by `preparedTrack` says that it is. */
export function audioLevelOf(track: MediaStreamTrack): number | undefined {
  const media = track instanceof PeerMediaTrack ? track.media : undefined;
  return media && 'layers' in media ? media.audioLevelDbov : undefined;
}

/** The stream behind a track that a peer received: its statistics, its frames. */
export function receiverOf(track: MediaStreamTrack): RtpReceiver | undefined {
  const media = track instanceof PeerMediaTrack ? track.media : undefined;
  return media && 'receiver' in media ? media.receiver : undefined;
}
