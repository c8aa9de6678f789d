import { type Clock, Lifetime, systemClock } from '@weir/core';

/** What is asked of an engine's transport. */
export type MeasuredTransport = { getStats(): Promise<{ sendBitrate: number }[]> };

const lookEveryMs = 1_000;
/** Each is a message to a worker: of many transports some wait for their turn. */
const looksAtOnce = 32;

/** What goes out over all transports of a worker, to clients and to other nodes. */
export class EgressMeter extends Lifetime {
  readonly #clock: Clock;
  /** Who was asked longest ago comes first. */
  readonly #ratesBps = new Map<MeasuredTransport, number>();

  #cancel?: () => void;

  constructor(clock: Clock = systemClock) {
    super();
    this.#clock = clock;
    this.#lookLater();
    this.onClose(() => this.#cancel?.());
  }

  get bps(): number {
    let sum = 0;
    for (const bps of this.#ratesBps.values()) sum += bps;
    return sum;
  }

  /** Counts it until `lifetime` closes. */
  add(transport: MeasuredTransport, lifetime: Lifetime): void {
    this.#ratesBps.set(transport, 0);
    lifetime.onClose(() => this.#ratesBps.delete(transport));
  }

  #lookLater(): void {
    this.#cancel = this.#clock.after(lookEveryMs, () => {
      void this.#look().finally(() => !this.closed && this.#lookLater());
    });
  }

  async #look(): Promise<void> {
    const some = [...this.#ratesBps.keys()].slice(0, looksAtOnce);
    await Promise.all(
      some.map(async (transport) => {
        const stats = await transport.getStats().catch(() => []); // It closes, or its worker died.
        if (!this.#ratesBps.delete(transport)) return;
        this.#ratesBps.set(
          transport,
          stats.reduce((sum, { sendBitrate }) => sum + sendBitrate, 0),
        );
      }),
    );
  }
}
