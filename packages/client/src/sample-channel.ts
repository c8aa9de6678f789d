import { PlatformError } from '@weir/core';
import { limits } from '@weir/protocol/limits';
import type { DataProduction } from './media-engine.ts';

const headerBytes = 8;

/** What may wait: a few readings taken at the same time, not a queue. */
const freeBacklogBytes = 1_024;

/**
 * Lossy messages of bounded age (vitals, cursors, positions): unordered, not retransmitted, and dropped here when what
 * was sent before is still waiting: a newer sample is worth more than an old one that arrives late.
 */
export class SampleChannel {
  readonly name: string;
  readonly maxAgeMs: number;
  readonly stats = { sent: 0, dropped: 0 };
  #production: DataProduction | undefined;
  readonly #onClose: () => Promise<void>;

  constructor(name: string, maxAgeMs: number, onClose: () => Promise<void>) {
    this.name = name;
    this.maxAgeMs = maxAgeMs;
    this.#onClose = onClose;
  }

  /** Set when media is set up, and again after it was set up anew. */
  use(production: DataProduction | undefined): void {
    this.#production = production;
  }

  /**
   * True when it was handed to the network; false when it was dropped: it is older than `maxAgeMs`, what went before it
   * still waits, or there is no connection now. `capturedAt` in ms since the epoch.
   */
  send(payload: Uint8Array | string, options: { capturedAt?: number } = {}): boolean {
    const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
    if (bytes.byteLength > limits.lossyPayloadBytes)
      throw new PlatformError(
        'payload-too-large',
        `${bytes.byteLength} bytes; at most ${limits.lossyPayloadBytes}`,
      );
    const now = Date.now();
    const capturedAt = options.capturedAt ?? now;
    const backlogBytes = this.#production?.backlogBytes ?? Number.POSITIVE_INFINITY;
    if (now - capturedAt > this.maxAgeMs || backlogBytes > freeBacklogBytes) {
      this.stats.dropped += 1;
      return false;
    }
    const message = new Uint8Array(headerBytes + bytes.byteLength);
    new DataView(message.buffer).setFloat64(0, capturedAt);
    message.set(bytes, headerBytes);
    this.#production!.send(message);
    this.stats.sent += 1;
    return true;
  }

  close(): Promise<void> {
    this.#production?.close();
    this.#production = undefined;
    return this.#onClose();
  }
}

/** The payload and its capture time, or undefined when it is no sample of ours. */
export function unpackSample(message: Uint8Array): { payload: Uint8Array; capturedAt: number } | undefined {
  if (message.byteLength < headerBytes) return undefined;
  const capturedAt = new DataView(message.buffer, message.byteOffset).getFloat64(0);
  return Number.isFinite(capturedAt) ? { payload: message.subarray(headerBytes), capturedAt } : undefined;
}
