import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { NodeDriver } from '@weir/cluster';
import { Lifetime, PlatformError, withDeadline } from '@weir/core';

const stopMs = 10_000;

/** Media nodes as processes of this machine; they end with the driver. */
export class ProcessDriver extends Lifetime implements NodeDriver, AsyncDisposable {
  readonly #command: (nodeId: string) => { command: string; args: string[]; env?: NodeJS.ProcessEnv };
  readonly #running = new Map<string, ChildProcess>();

  constructor(command: (nodeId: string) => { command: string; args: string[]; env?: NodeJS.ProcessEnv }) {
    super();
    this.#command = command;
  }

  async list(): Promise<string[]> {
    return [...this.#running.keys()];
  }

  async start(nodeId: string): Promise<void> {
    if (this.closed) throw new PlatformError('going-away', 'the driver has ended');
    if (this.#running.has(nodeId)) return;
    const { command, args, env } = this.#command(nodeId);
    const child = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, ...env },
    });
    this.#running.set(nodeId, child);
    child.once('exit', () => this.#running.delete(nodeId));
    const failed = once(child, 'error').then(([error]) => Promise.reject(error));
    try {
      await Promise.race([once(child, 'spawn'), failed]);
    } catch (error) {
      this.#running.delete(nodeId);
      throw new PlatformError('wrong-state', `${command} cannot be started`, { cause: error });
    }
    failed.catch(() => {});
  }

  async stop(nodeId: string): Promise<void> {
    const child = this.#running.get(nodeId);
    if (!child) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await withDeadline(exited, stopMs, `the end of ${nodeId}`).catch(() => child.kill('SIGKILL'));
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await Promise.all([...this.#running.keys()].map((nodeId) => this.stop(nodeId)));
  }
}
