import { Lifetime, type Logger, sleep, withDeadline } from '@weir/core';
import type { Leases } from './leases.ts';
import { type Living, type RelayStatus, relays } from './nodes.ts';
import { chooseRelays, type RelayChoice } from './relay-choice.ts';

const lookEveryMs = 1_000;
const lookTimeoutMs = 3_000;

/** The relays that live, as of a second ago; while the store is away those that lived before. */
export class RelayPool extends Lifetime {
  readonly #leases: Leases;
  readonly #region: string;
  readonly #logger: Logger;
  #alive: Living<RelayStatus>[] = [];

  /** Resolves when it has looked once, or the store did not answer. */
  static async start(
    leases: Leases,
    { region, logger }: { region: string; logger: Logger },
  ): Promise<RelayPool> {
    const pool = new RelayPool(leases, region, logger);
    await pool.#look();
    void pool.#watch();
    return pool;
  }

  private constructor(leases: Leases, region: string, logger: Logger) {
    super();
    this.#leases = leases;
    this.#region = region;
    this.#logger = logger;
  }

  get alive(): readonly Living<RelayStatus>[] {
    return this.#alive;
  }

  /** For one client of that region, else of this one; see `chooseRelays`. */
  choose({
    region = this.#region,
    ...choice
  }: Omit<RelayChoice, 'region'> & { region?: string | undefined }): { nodeId: string; urls: string[] }[] {
    return chooseRelays(this.#alive, { ...choice, region });
  }

  async #watch(): Promise<void> {
    while (!this.closed) {
      await sleep(lookEveryMs, this.signal);
      if (!this.closed) await this.#look();
    }
  }

  async #look(): Promise<void> {
    try {
      this.#alive = await withDeadline(
        relays(this.#leases),
        lookTimeoutMs,
        'the list of relays',
        this.signal,
      );
    } catch (error) {
      if (!this.closed) this.#logger.debug({ err: error }, 'the list of relays cannot be read');
    }
  }
}
