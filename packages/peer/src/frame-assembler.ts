import { keyFrameStart } from './payload-kind.ts';

/** A frame of which every packet has come, as has all that it builds on since the last key frame. */
export type AssembledFrame = { timestamp: number; keyFrame: boolean; packets: number; bytes: number };

const windowPackets = 1024;
const held = 0x80;
const marked = 0x40;

/**
 * Puts a stream's packets in order and counts the frames that a decoder could show; it keeps no payload. After a loss it
 * waits for a key frame, when the codec shows them.
 */
export class FrameAssembler {
  readonly #showsKeyFrames: boolean;
  readonly #onFrame: (frame: AssembledFrame) => void;
  readonly #flags = new Uint8Array(windowPackets);
  readonly #timestamps = new Uint32Array(windowPackets);
  readonly #sizes = new Uint16Array(windowPackets);
  #held = 0;
  #next = -1;
  #highest = -1;
  #waiting = true;
  readonly #frame: AssembledFrame = { timestamp: -1, keyFrame: false, packets: 0, bytes: 0 };
  /** Frames given up for a lost packet, or for the want of a key frame. */
  dropped = 0;
  #droppedTimestamp = -1;

  constructor(showsKeyFrames: boolean, onFrame: (frame: AssembledFrame) => void) {
    this.#showsKeyFrames = showsKeyFrames;
    this.#waiting = showsKeyFrames;
    this.#onFrame = onFrame;
  }

  /** True while nothing can be decoded until a key frame comes. */
  get waitsForKeyFrame(): boolean {
    return this.#waiting;
  }

  /** The extended sequence number up to which all is in order. */
  get next(): number {
    return this.#next;
  }

  /** `kind` are the bits of payload-kind. Packets from before `next` are ignored. */
  add(sequence: number, timestamp: number, marker: boolean, kind: number, bytes: number): void {
    if (this.#next < 0) this.#next = sequence;
    if (sequence < this.#next) return;
    if (sequence >= this.#next + windowPackets) this.skipTo(sequence - windowPackets + 1);
    if (sequence > this.#highest) this.#highest = sequence;
    if (sequence === this.#next) {
      this.#take(timestamp, marker, kind, bytes);
      this.#next += 1;
      if (this.#held > 0) this.#drain();
      return;
    }
    const slot = sequence % windowPackets;
    if ((this.#flags[slot]! & held) !== 0) return; // A duplicate.
    this.#flags[slot] = held | (marker ? marked : 0) | kind;
    this.#timestamps[slot] = timestamp;
    this.#sizes[slot] = bytes;
    this.#held += 1;
  }

  /** Gives up what is missing before `sequence`. */
  skipTo(sequence: number): void {
    for (; this.#next < sequence; this.#next++) {
      if (!this.#takeHeld()) this.#lose();
    }
    this.#drain();
  }

  #drain(): void {
    while (this.#held > 0 && this.#takeHeld()) this.#next += 1;
  }

  #takeHeld(): boolean {
    const slot = this.#next % windowPackets;
    const flags = this.#flags[slot]!;
    if ((flags & held) === 0) return false;
    this.#flags[slot] = 0;
    this.#held -= 1;
    this.#take(this.#timestamps[slot]!, (flags & marked) !== 0, flags & 0x3f, this.#sizes[slot]!);
    return true;
  }

  #lose(): void {
    if (this.#frame.packets > 0) this.#drop(this.#frame.timestamp);
    this.#frame.packets = 0;
    this.#waiting = true;
  }

  #drop(timestamp: number): void {
    if (timestamp === this.#droppedTimestamp) return;
    this.#droppedTimestamp = timestamp;
    this.dropped += 1;
  }

  #take(timestamp: number, marker: boolean, kind: number, bytes: number): void {
    const frame = this.#frame;
    if (this.#waiting) {
      const begins = this.#showsKeyFrames ? (kind & keyFrameStart) !== 0 : timestamp !== frame.timestamp; // The first frame boundary after a loss has to do.
      if (!begins) {
        this.#drop(timestamp);
        return;
      }
      this.#waiting = false;
      frame.packets = 0;
    }
    if (frame.packets > 0 && timestamp !== frame.timestamp) this.#finish(); // Its end had no marker.
    if (frame.packets === 0) {
      frame.timestamp = timestamp;
      frame.keyFrame = false;
      frame.bytes = 0;
    }
    if ((kind & keyFrameStart) !== 0) frame.keyFrame = true;
    frame.packets += 1;
    frame.bytes += bytes;
    if (marker) this.#finish();
  }

  #finish(): void {
    this.#onFrame(this.#frame);
    this.#frame.packets = 0;
  }
}
