import { Lifetime, type Logger, TokenBucket } from '@weir/core';
import type { Consumer } from 'mediasoup/types';
import type { AudioSlot } from './audio-slot.ts';
import { listenIn } from './engine-words.ts';
import type { Publication, Subscriber } from './publication.ts';
import { RecentPackets } from './recent-packets.ts';
import { audioLevel, audioLevelUri, isRtp } from './rtp-header.ts';

/** Opus packets are at least 2.5 ms long (RFC 6716 §2.1.4); more of them are an attack. */
const packetRate = { perSecond: 420, burst: 840 };
/** Of a sender that does not tell levels: as if it spoke softly whenever it sends more than comfort noise. */
const untold = { speechBytes: 48, speechDbov: -50, silenceDbov: -127 };

/** A microphone's packets as they come to its router, with their loudness. Closes with the publication. */
export class MicrophoneTap extends Lifetime implements Subscriber {
  readonly wantedLayer = null;
  readonly publication: Publication;
  /** What came while no slot carried it. */
  readonly recent = new RecentPackets();
  /** The slot that carries it. */
  slot: AudioSlot | undefined;
  #consumer: Consumer | undefined;
  #resting = false;

  /** `onPacket` hears all but what comes while it is muted. */
  constructor(
    publication: Publication,
    onPacket: (tap: MicrophoneTap, packet: Buffer, dbov: number) => void,
    logger: Logger,
  ) {
    super();
    this.publication = publication;
    publication.subscribe(this);
    // Most microphones of a class never say a word.
    publication.whenUnmuted(() => {
      this.#open(onPacket, logger).catch((error) => {
        if (!this.closed)
          logger.warn({ err: error, trackId: publication.trackId }, 'a microphone is not heard');
        this.close('failed');
      });
    }, this.signal);
  }

  /** A mute is heard of by whoever made it. */
  review(): void {}

  get resting(): boolean {
    return this.#resting;
  }

  /** Nothing of it is heard while it rests. */
  rest(resting: boolean): void {
    if (this.#resting === resting || this.closed) return;
    this.#resting = resting;
    const change = resting ? this.#consumer?.pause() : this.#consumer?.resume();
    change?.catch(() => {}); // It closed.
  }

  async #open(
    onPacket: (tap: MicrophoneTap, packet: Buffer, dbov: number) => void,
    logger: Logger,
  ): Promise<void> {
    const { origin, produced, trackId } = this.publication;
    const direct = await origin.direct();
    if (this.closed) return;
    const consumer = await listenIn(origin.router, direct, produced);
    this.onClose(() => consumer.close());
    if (this.#resting) await consumer.pause();
    this.#consumer = consumer;
    const { headerExtensions = [] } = consumer.rtpParameters;
    const levelId = headerExtensions.find(({ uri }) => uri === audioLevelUri)?.id ?? 0;
    const rate = new TokenBucket(packetRate);
    consumer.on('rtp', (packet) => {
      if (this.publication.muted || this.closed || !isRtp(packet)) return;
      if (!rate.take()) {
        logger.warn({ trackId }, 'a microphone sends too many packets: it is not heard');
        return this.close('failed');
      }
      onPacket(this, packet, audioLevel(packet, levelId) ?? guessedLevel(packet));
    });
  }
}

function guessedLevel(packet: Buffer): number {
  return packet.length > untold.speechBytes ? untold.speechDbov : untold.silenceDbov;
}
