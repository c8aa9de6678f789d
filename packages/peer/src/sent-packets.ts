/** What is needed to build a packet again: the media itself stays in its file. */
export type SentPacket = {
  sequenceNumber: number;
  timestamp: number;
  frameIndex: number;
  fragmentIndex: number;
  pictureId: number;
};

/** The last packets of a stream, by sequence number: what a NACK may still ask for. */
export class SentPackets {
  readonly #mask: number;
  readonly #sequenceNumbers: Int32Array;
  readonly #timestamps: Uint32Array;
  readonly #frames: Uint32Array;
  readonly #fragments: Uint16Array;
  readonly #pictureIds: Uint16Array;
  readonly #resentAtMs: Float64Array;
  readonly #found: SentPacket = {
    sequenceNumber: 0,
    timestamp: 0,
    frameIndex: 0,
    fragmentIndex: 0,
    pictureId: 0,
  };

  /** `capacity` is a power of two. */
  constructor(capacity = 1024) {
    this.#mask = capacity - 1;
    this.#sequenceNumbers = new Int32Array(capacity).fill(-1);
    this.#timestamps = new Uint32Array(capacity);
    this.#frames = new Uint32Array(capacity);
    this.#fragments = new Uint16Array(capacity);
    this.#pictureIds = new Uint16Array(capacity);
    this.#resentAtMs = new Float64Array(capacity).fill(Number.NEGATIVE_INFINITY);
  }

  add(packet: SentPacket): void {
    const slot = packet.sequenceNumber & this.#mask;
    this.#sequenceNumbers[slot] = packet.sequenceNumber;
    this.#timestamps[slot] = packet.timestamp;
    this.#frames[slot] = packet.frameIndex;
    this.#fragments[slot] = packet.fragmentIndex;
    this.#pictureIds[slot] = packet.pictureId;
    this.#resentAtMs[slot] = Number.NEGATIVE_INFINITY;
  }

  /**
   * The packet to send again, or undefined when it is no longer known or was sent again less than `minGapMs` ago. Valid
   * until the next call.
   */
  takeForResending(sequenceNumber: number, nowMs: number, minGapMs: number): SentPacket | undefined {
    const slot = sequenceNumber & this.#mask;
    if (this.#sequenceNumbers[slot] !== sequenceNumber) return undefined;
    if (nowMs - this.#resentAtMs[slot]! < minGapMs) return undefined;
    this.#resentAtMs[slot] = nowMs;
    const found = this.#found;
    found.sequenceNumber = sequenceNumber;
    found.timestamp = this.#timestamps[slot]!;
    found.frameIndex = this.#frames[slot]!;
    found.fragmentIndex = this.#fragments[slot]!;
    found.pictureId = this.#pictureIds[slot]!;
    return found;
  }
}
