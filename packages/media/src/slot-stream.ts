import { hasMarker, sequenceNumber, timestamp, withHeader } from './rtp-header.ts';

export type SlotStreamOptions = {
  ssrc: number;
  payloadType: number;
  clockRate: number;
  /** What the first packet gets; random unless given (RFC 3550 §5.1). */
  firstSequenceNumber?: number;
  firstTimestamp?: number;
};

/** A talk spurt of one source: where it began there and here. */
type Spurt = {
  /** Extended by the wrap-arounds since: the highest so far, and the first. */
  highest: number;
  readonly first: number;
  readonly firstTimestamp: number;
  readonly outSequence: number;
  readonly outTimestamp: number;
};

const randomBelow = (end: number) => Math.floor(Math.random() * end);
const shortestFrameMs = 20;

/**
 * One RTP stream made of spurts of many: sequence numbers without a gap between them, timestamps that go on as the clock
 * did, a marker where a spurt begins. Losses within a source stay visible as what they are. Pure: time comes as an argument.
 */
export class SlotStream {
  readonly #options: SlotStreamOptions;
  #spurt: Spurt | undefined;
  /** The next sequence number, and the timestamp of the newest packet, … */
  #nextSequence: number;
  #newestTimestamp: number;
  /** … which left at this time; undefined: none has. */
  #newestMs: number | undefined;

  constructor(options: SlotStreamOptions) {
    this.#options = options;
    this.#nextSequence = options.firstSequenceNumber ?? randomBelow(0x8000);
    this.#newestTimestamp = options.firstTimestamp ?? randomBelow(0x1_0000_0000);
  }

  /** The next packet is another source's, or the same one's after it was not listened to. */
  begin(): void {
    this.#spurt = undefined;
  }

  /** The packet as part of this stream; undefined for one from before the spurt. */
  next(packet: Buffer, nowMs: number): Buffer | undefined {
    const starts = this.#spurt === undefined;
    const spurt = this.#spurt ?? this.#start(packet, nowMs);
    const source = spurt.highest + signed16(sequenceNumber(packet) - spurt.highest);
    if (source < spurt.first) return undefined;
    const out = {
      sequenceNumber: (spurt.outSequence + source - spurt.first) & 0xffff,
      timestamp: (spurt.outTimestamp + timestamp(packet) - spurt.firstTimestamp) >>> 0,
    };
    if (starts || source > spurt.highest) {
      spurt.highest = source;
      this.#nextSequence = (out.sequenceNumber + 1) & 0xffff;
      this.#newestTimestamp = out.timestamp;
      this.#newestMs = nowMs;
    }
    const { ssrc, payloadType } = this.#options;
    return withHeader(packet, { ...out, ssrc, payloadType, marker: starts || hasMarker(packet) });
  }

  #start(packet: Buffer, nowMs: number): Spurt {
    const sequence = sequenceNumber(packet);
    const passedMs = this.#newestMs === undefined ? 0 : Math.max(shortestFrameMs, nowMs - this.#newestMs);
    const passed = Math.round((passedMs * this.#options.clockRate) / 1000);
    this.#spurt = {
      highest: sequence,
      first: sequence,
      firstTimestamp: timestamp(packet),
      outSequence: this.#nextSequence,
      outTimestamp: (this.#newestTimestamp + passed) >>> 0,
    };
    return this.#spurt;
  }
}

/** The difference of two 16-bit numbers, -32768 to 32767. */
function signed16(difference: number): number {
  return (difference << 16) >> 16;
}
