import { extendSequence, writeUint16, writeUint32 } from './rtp-packet.ts';

const windowPackets = 1024;
const ticksPerMs = 4; // Deltas count 250 µs, …
const ticksPerReference = 256; // … the reference time 64 ms.
const notReceived = 0;
const smallDelta = 1;
const largeDelta = 2;

/** Arrival times of all packets of a transport, for the server's bandwidth estimation (transport-wide-cc-01 §3.1). */
export class ArrivalFeedback {
  readonly #senderSsrc: number;
  readonly #sequences = new Float64Array(windowPackets).fill(-1);
  readonly #ticks = new Float64Array(windowPackets);
  #highest = -1;
  /** The first not told yet. */
  #begin = -1;
  #count = 0;

  constructor(senderSsrc: number) {
    this.#senderSsrc = senderSsrc;
  }

  /** True when `take` has something to tell. */
  get pending(): boolean {
    return this.#highest >= this.#begin && this.#begin >= 0;
  }

  received(sequenceNumber: number, nowMs: number): void {
    const sequence =
      this.#highest < 0 ? sequenceNumber + 0x1_0000 : extendSequence(sequenceNumber, this.#highest);
    if (sequence <= this.#highest - windowPackets) return;
    if (sequence > this.#highest) this.#highest = sequence;
    // A late packet is told after all, together with what followed it.
    if (this.#begin < 0 || sequence < this.#begin) this.#begin = sequence;
    this.#begin = Math.max(this.#begin, this.#highest - windowPackets + 1);
    const slot = sequence % windowPackets;
    this.#sequences[slot] = sequence;
    this.#ticks[slot] = Math.round(nowMs * ticksPerMs);
  }

  /** The feedback packet for what came since the last one. */
  take(mediaSsrc: number): Buffer | undefined {
    if (!this.pending) return undefined;
    const symbols: number[] = [];
    const deltas: number[] = [];
    let reference = -1;
    let before = 0;
    let sequence = this.#begin;
    for (; sequence <= this.#highest; sequence++) {
      const slot = sequence % windowPackets;
      if (this.#sequences[slot] !== sequence) {
        symbols.push(notReceived);
        continue;
      }
      const ticks = this.#ticks[slot]!;
      if (reference < 0) {
        reference = Math.floor(ticks / ticksPerReference);
        before = reference * ticksPerReference;
      }
      const delta = ticks - before;
      if (delta < -0x8000 || delta > 0x7fff) break; // Too far apart for one packet: the next one tells the rest.
      symbols.push(delta >= 0 && delta <= 0xff ? smallDelta : largeDelta);
      deltas.push(delta);
      before = ticks;
    }
    const first = this.#begin;
    this.#begin = sequence;
    if (deltas.length === 0) return undefined;
    const body = [...chunks(symbols), ...encodeDeltas(deltas)];
    const bytes = Buffer.alloc(Math.ceil((20 + body.length) / 4) * 4);
    bytes[0] = 0x80 | 15;
    bytes[1] = 205;
    writeUint16(bytes, 2, bytes.length / 4 - 1);
    writeUint32(bytes, 4, this.#senderSsrc);
    writeUint32(bytes, 8, mediaSsrc);
    writeUint16(bytes, 12, first & 0xffff);
    writeUint16(bytes, 14, symbols.length);
    writeUint32(bytes, 16, (reference << 8) | (this.#count & 0xff));
    bytes.set(body, 20);
    this.#count += 1;
    return bytes;
  }
}

/** Run-length chunks for long runs, vectors of seven two-bit symbols for the rest. */
function chunks(symbols: readonly number[]): number[] {
  const bytes: number[] = [];
  for (let at = 0; at < symbols.length; ) {
    const symbol = symbols[at]!;
    let run = 1;
    while (run < 0x1fff && symbols[at + run] === symbol) run += 1;
    let chunk: number;
    if (run >= 7 || at + run === symbols.length) {
      chunk = (symbol << 13) | run;
      at += run;
    } else {
      chunk = 0xc000;
      for (let i = 0; i < 7; i++) chunk |= (symbols[at + i] ?? notReceived) << (12 - 2 * i);
      at += 7;
    }
    bytes.push(chunk >>> 8, chunk & 0xff);
  }
  return bytes;
}

function encodeDeltas(deltas: readonly number[]): number[] {
  return deltas.flatMap((delta) =>
    delta >= 0 && delta <= 0xff ? [delta] : [(delta >> 8) & 0xff, delta & 0xff],
  );
}
