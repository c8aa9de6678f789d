import { cpus, setPriority } from 'node:os';
import { Lifetime, type Logger, sleep, withDeadline } from '@weir/core';
import { createWorker } from 'mediasoup';
import type { WebRtcServer, Worker } from 'mediasoup/types';
import { EgressMeter } from './egress-meter.ts';

export type ListenAddress = { ip: string; announcedAddress?: string };

export const defaultWorkerCount = cpus().length;

/** All streams of a worker pass one socket: the kernel's default of 208 KiB overflows within a burst of key frames. */
export const socketBufferBytes = 4 * 1024 * 1024;
const stopSignals = ['SIGINT', 'SIGTERM'] as const;
/** `nice`: pictures that are due go before joins, requests and databases on the same machine. */
const workerPriority = -10;
const startTimeoutMs = 10_000;
const watchEveryMs = 1_000;
const hungAfterLooks = 4;

/** What runs on a worker now. */
export type Tally = {
  sessions: number;
  routers: number;
  producers: number;
  consumers: number;
  pipes: number;
};

/** One engine process with one port for all its clients. Closes with `lost` when the process dies, or hangs. */
export class MediaWorker extends Lifetime {
  readonly #worker: Worker;
  readonly #tally: Tally = { sessions: 0, routers: 0, producers: 0, consumers: 0, pipes: 0 };
  readonly webRtcServer: WebRtcServer;
  readonly port: number;
  readonly egress = this.own(new EgressMeter());
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  #busy = 0;
  #lagMs = 0;
  #askedAt: number | undefined;

  /** Rejects when the process does not start or the port is taken. */
  static async start(options: {
    listen: ListenAddress[];
    port: number;
    logger: Logger;
  }): Promise<MediaWorker> {
    const worker = await withDeadline(startProcess(), startTimeoutMs, 'start of an engine worker');
    prefer(worker.pid, options.logger);
    try {
      const listenInfos = options.listen.flatMap((address) =>
        (['udp', 'tcp'] as const).map((protocol) => ({
          ...address,
          protocol,
          port: options.port,
          sendBufferSize: socketBufferBytes,
          recvBufferSize: socketBufferBytes,
        })),
      );
      const server = await withDeadline(
        worker.createWebRtcServer({ listenInfos }),
        startTimeoutMs,
        `opening port ${options.port}`,
      );
      return new MediaWorker(worker, server, options);
    } catch (error) {
      worker.close();
      throw error;
    }
  }

  private constructor(worker: Worker, webRtcServer: WebRtcServer, options: { port: number; logger: Logger }) {
    super();
    this.#worker = worker;
    this.webRtcServer = webRtcServer;
    this.port = options.port;
    this.ended = new Promise((resolve) => worker.once('subprocessclose', resolve));
    worker.once('died', (error) => {
      options.logger.error({ err: error, pid: worker.pid }, 'an engine worker died');
      this.close('lost');
    });
    this.onClose(() => worker.close());
    this.#watch(options.logger).catch((error) =>
      options.logger.error({ err: error }, 'a worker watch failed'),
    );
  }

  get pid(): number {
    return this.#worker.pid;
  }

  get tally(): Readonly<Tally> {
    return this.#tally;
  }

  /** Streams that this worker carries, counting a session as one: what new sessions are weighed by. */
  get load(): number {
    const { sessions, producers, consumers, pipes } = this.#tally;
    return sessions + producers + consumers + pipes;
  }

  /** Share of its core that it used in the last second, 0 to 1. */
  get busy(): number {
    return this.#busy;
  }

  /** How long it takes, or takes already, to answer: what it tells waits as long to be read. */
  get lagMs(): number {
    return this.#askedAt === undefined
      ? this.#lagMs
      : Math.max(this.#lagMs, performance.now() - this.#askedAt);
  }

  /** Counts `thing` in the tally until it closes. */
  count(name: keyof Tally, thing: Lifetime): void {
    this.#tally[name]++;
    thing.onClose(() => this.#tally[name]--);
  }

  createRouter(options: Parameters<Worker['createRouter']>[0]): ReturnType<Worker['createRouter']> {
    return this.#worker.createRouter(options);
  }

  /**
   * Asks for the CPU use each second. A process that does not answer is stuck, and killed so that it counts as dead. Looks
   * are counted, not time: after a standstill of our own one look is late, however long it was.
   */
  async #watch(logger: Logger): Promise<void> {
    let seenAt = performance.now();
    let seenCpuMs = 0;
    let unanswered = 0;
    while (unanswered < hungAfterLooks) {
      await sleep(watchEveryMs, this.signal);
      if (this.closed) return;
      unanswered++;
      const askedAt = performance.now();
      this.#askedAt ??= askedAt;
      this.#worker.getResourceUsage().then(
        (use) => {
          const now = performance.now();
          this.#lagMs = now - askedAt;
          this.#askedAt = undefined;
          const cpuMs = use.ru_utime + use.ru_stime;
          this.#busy = Math.min(1, (cpuMs - seenCpuMs) / Math.max(1, now - seenAt));
          seenCpuMs = cpuMs;
          seenAt = now;
          unanswered = 0;
        },
        () => {}, // It died: `died` says so.
      );
    }
    logger.error({ pid: this.pid }, 'an engine worker hangs: killing it');
    try {
      process.kill(this.pid, 'SIGKILL');
    } finally {
      this.close('lost');
    }
  }
}

function prefer(pid: number, logger: Logger): void {
  try {
    setPriority(pid, workerPriority);
  } catch (error) {
    logger.debug(
      { err: error, pid },
      'an engine worker runs at the priority of all: CAP_SYS_NICE is missing',
    );
  }
}

/**
 * The engine listens for SIGINT and SIGTERM and would end all media at once. When media ends is for the service to say,
 * which drains first; should this process just die, its workers see their pipe close and exit.
 */
function startProcess(): Promise<Worker> {
  const before = stopSignals.map((signal) => new Set(process.listeners(signal)));
  const worker = createWorker({ logLevel: 'warn', logTags: ['ice', 'dtls', 'sctp'] });
  for (const [i, signal] of stopSignals.entries())
    for (const listener of process.listeners(signal))
      if (!before[i]!.has(listener)) process.removeListener(signal, listener);
  return worker;
}
