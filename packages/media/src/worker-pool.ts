import { backoffMs, Lifetime, type Logger, PlatformError, sleep } from '@weir/core';
import { freePort } from './free-port.ts';
import { type ListenAddress, MediaWorker } from './media-worker.ts';

export type WorkerPoolOptions = {
  count: number;
  listen: ListenAddress[];
  firstPort: number;
  spreadAbove: number;
  logger: Logger;
};

const restartBackoff = { firstMs: 250, maxMs: 10_000 };
/** A worker that lived so long did not die of what it was started with. */
const healthyAfterMs = 30_000;
const portAttempts = 10;

/** A number of workers that is kept: one that dies is followed by another on the same port. */
export class WorkerPool extends Lifetime {
  readonly #options: WorkerPoolOptions;
  readonly #slots: (MediaWorker | undefined)[];
  /** How often in a row a slot's worker died young. */
  readonly #earlyDeaths: number[];

  /** Rejects when not every worker comes up. */
  static async start(options: WorkerPoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options);
    try {
      await Promise.all(Array.from({ length: options.count }, (_, slot) => pool.#fill(slot)));
      return pool;
    } catch (error) {
      pool.close('failed');
      throw error;
    }
  }

  private constructor(options: WorkerPoolOptions) {
    super();
    this.#options = options;
    this.#slots = new Array(options.count).fill(undefined);
    this.#earlyDeaths = new Array(options.count).fill(0);
  }

  /** The workers that live now. */
  get workers(): MediaWorker[] {
    return this.#slots.filter((worker) => worker !== undefined);
  }

  /**
   * The worker for a new session: the least loaded one of those that have its room, unless that is clearly busier than the
   * least loaded of all. Splitting a room costs a pipe for each track, so it is not done for small differences.
   */
  choose(withRoom: (worker: MediaWorker) => boolean): MediaWorker {
    const byLoad = this.workers.sort((a, b) => a.load - b.load);
    const idlest = byLoad[0];
    if (!idlest) throw new PlatformError('media-lost', 'no engine worker is up; one is being started');
    const known = byLoad.find(withRoom);
    if (!known) return idlest;
    const clearlyBusier = known.load - idlest.load > Math.max(this.#options.spreadAbove, idlest.load / 2);
    return clearlyBusier ? idlest : known;
  }

  async #fill(slot: number, port?: number): Promise<void> {
    const { listen, firstPort, logger } = this.#options;
    const worker =
      port === undefined && firstPort === 0
        ? await this.#startOnFreePort()
        : await MediaWorker.start({ listen, port: port ?? firstPort + slot, logger });
    this.own(worker);
    this.#slots[slot] = worker;
    const startedAt = performance.now();
    worker.onClose(() => {
      this.#slots[slot] = undefined;
      if (this.closed) return;
      const healthy = performance.now() - startedAt >= healthyAfterMs;
      this.#earlyDeaths[slot] = healthy ? 0 : this.#earlyDeaths[slot]! + 1;
      void this.#refill(slot, worker.port);
    });
  }

  async #startOnFreePort(): Promise<MediaWorker> {
    const { listen, logger } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const port = await freePort(listen[0]!.ip);
      try {
        return await MediaWorker.start({ listen, port, logger });
      } catch (error) {
        if (attempt === portAttempts) throw error; // Otherwise: taken in between.
      }
    }
  }

  /** The first time at once, then later and later. */
  async #refill(slot: number, port: number): Promise<void> {
    for (let failures = this.#earlyDeaths[slot]!; ; failures++) {
      if (failures > 1) await sleep(backoffMs(failures - 1, restartBackoff), this.signal);
      if (this.closed) return;
      try {
        return await this.#fill(slot, port);
      } catch (error) {
        this.#options.logger.error({ err: error, port }, 'an engine worker did not start again');
      }
    }
  }
}
