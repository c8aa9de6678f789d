import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { PlatformError, withDeadline } from '@weir/core';

/** What a child process can be asked. */
// biome-ignore lint/suspicious/noExplicitAny: the parameters are each handler's own.
export type Handlers = Record<string, (params: any) => unknown>;
type Question = { id: number; method: string; params: unknown };
type Answer = { id: number; result?: unknown; error?: string };

const stopMs = 10_000;
/** For what would have a machine of its own, and must not be held up by what is measured. */
export const elsewhere = { nice: -10 };

/** A module of ours in a process of its own, for what must not disturb or be disturbed. It ends when this does. */
export class Child<H extends Handlers> implements AsyncDisposable {
  readonly #process: ReturnType<typeof fork>;
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  #asked = 0;

  /**
   * `nice`: 1 to 19 gives way to what is measured, and below 0 goes before it (where that is allowed): as what would run on a machine
   * of its own.
   */
  constructor(module: URL, { execArgv = [], nice = 0 }: { execArgv?: string[]; nice?: number } = {}) {
    this.#process = fork(module, { execArgv: [...process.execArgv, ...execArgv], serialization: 'advanced' });
    if (nice !== 0) giveNice(this.pid, nice);
    this.#process.on('message', ({ id, result, error }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new PlatformError('internal', error));
    });
    this.#process.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new PlatformError('internal', `${module.pathname} ended with ${signal ?? code}`));
      this.#waiting.clear();
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  call<M extends keyof H & string>(
    method: M,
    params: Parameters<H[M]>[0],
    timeoutMs = 60_000,
  ): Promise<Awaited<ReturnType<H[M]>>> {
    const answer = new Promise<Awaited<ReturnType<H[M]>>>((resolve, reject) => {
      if (!this.#process.connected) return reject(new PlatformError('internal', `${method}: it has ended`));
      const id = ++this.#asked;
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.#process.send({ id, method, params } satisfies Question);
    });
    return withDeadline(answer, timeoutMs, method);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    if (this.#process.connected) this.#process.disconnect();
    await withDeadline(ended, stopMs, 'end of a child process').catch(() => this.#process.kill('SIGKILL'));
  }
}

function giveNice(pid: number, nice: number): void {
  try {
    setPriority(pid, nice);
  } catch (error) {
    if (nice > 0) throw error; // Below 0 only root may go.
  }
}

/** The child's side: answers its parent, and ends with it. `stop` has its chance first. */
export function serveParent(handlers: Handlers, stop: () => Promise<void> = async () => {}): void {
  process.on('message', async ({ id, method, params }: Question) => {
    const answer: Answer = { id };
    try {
      answer.result = await handlers[method]?.(params);
    } catch (error) {
      answer.error = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    if (process.connected) process.send?.(answer);
  });
  const end = () => void stop().finally(() => process.exit());
  process.on('disconnect', end);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {}); // The parent decides.
}
