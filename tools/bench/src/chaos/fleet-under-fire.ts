import { childrenOf, Fleet, type FleetNode } from '@weir/cli/testing';
import { sleep } from '@weir/core';
import { freePort, type TcpProxy, tcpProxy } from '@weir/testing';
import type { Doors } from '../measure/peers.ts';
import type { Crowd } from './crowd.ts';
import type { Blow } from './schedule.ts';

const restartAfterMs = 1_500;

/** Two fronts, three media nodes behind proxies of their control ports, a Redis and a Postgres, all of them real. */
export class FleetUnderFire implements AsyncDisposable {
  readonly fronts = ['front-1', 'front-2'];
  readonly media = ['media-1', 'media-2', 'media-3'];
  readonly #stack: AsyncDisposableStack;
  readonly #fleet: Fleet;
  readonly #nodes = new Map<string, FleetNode>();
  readonly #options = new Map<string, string[]>();
  readonly #proxies = new Map<string, TcpProxy>();

  static async start(say: (line: string) => void): Promise<FleetUnderFire> {
    await using stack = new AsyncDisposableStack();
    const fleet = stack.use(await Fleet.start());
    const it = new FleetUnderFire(fleet, stack.move());
    try {
      for (const nodeId of [...it.fronts, ...it.media]) {
        await it.#start(nodeId);
        say(`  ${nodeId} works`);
      }
      return it;
    } catch (error) {
      await it[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(fleet: Fleet, stack: AsyncDisposableStack) {
    this.#fleet = fleet;
    this.#stack = stack;
  }

  /** Where people join: each front. */
  async doors(): Promise<Doors[]> {
    return Promise.all(
      this.fronts.map(async (nodeId) => {
        const { urls, apiKey } = await this.#fleet.place(this.#nodes.get(nodeId)!);
        return { url: urls.local, apiKey };
      }),
    );
  }

  /** Deals a blow, and resolves when what it did is undone. */
  async deal(blow: Blow, crowd: Crowd): Promise<void> {
    switch (blow.kind) {
      case 'kill':
        await this.#nodes.get(blow.node)!.kill();
        await sleep(restartAfterMs);
        return this.#restart(blow.node);
      case 'pause': {
        const node = this.#nodes.get(blow.node)!;
        await node.freeze();
        await sleep(blow.ms);
        return node.thaw();
      }
      case 'kill-worker': {
        const [worker] = await childrenOf(this.#nodes.get(blow.node)!.process.pid!);
        if (worker) process.kill(worker, 'SIGKILL');
        return;
      }
      case 'cut-control': {
        const proxy = this.#proxies.get(blow.node)!;
        proxy.blackout(blow.ms);
        return void (await sleep(blow.ms));
      }
      case 'slow-control': {
        const proxy = this.#proxies.get(blow.node)!;
        proxy.set({ up: { delayMs: blow.delayMs }, down: { delayMs: blow.delayMs } });
        await sleep(blow.ms);
        return proxy.set({ up: { delayMs: undefined }, down: { delayMs: undefined } });
      }
      case 'drain': {
        const director = await this.#fleet.director(...this.fronts.map((nodeId) => this.#nodes.get(nodeId)!));
        await director.drain(blow.node, Math.round(blow.ms / 1_000));
        await sleep(blow.ms + 1_000);
        return void (await director.undrain(blow.node));
      }
      case 'loss':
        crowd.lose(blow.percent / 100);
        await sleep(blow.ms);
        return crowd.lose(0);
      case 'store-pause':
        await this.#fleet.redis.pause();
        await sleep(blow.ms);
        return this.#fleet.redis.resume();
      case 'database-down':
        await this.#fleet.postgres.halt();
        await sleep(blow.ms);
        return this.#fleet.postgres.start();
    }
  }

  async #start(nodeId: string): Promise<void> {
    if (this.fronts.includes(nodeId)) {
      this.#nodes.set(nodeId, await this.#fleet.serve(nodeId, 'director,signaling'));
      return;
    }
    const port = await freePort();
    const proxy = this.#stack.adopt(
      await tcpProxy({ target: { host: '127.0.0.1', port }, seed: nodeId }),
      (it) => it.close(),
    );
    this.#proxies.set(nodeId, proxy);
    const control = ['--control-port', `${port}`, '--control-url', `ws://127.0.0.1:${proxy.port}`];
    this.#options.set(nodeId, control);
    this.#nodes.set(nodeId, await this.#fleet.serve(nodeId, 'media', control));
  }

  async #restart(nodeId: string): Promise<void> {
    const { url } = this.#nodes.get(nodeId)!;
    const roles = this.fronts.includes(nodeId) ? 'director,signaling' : 'media';
    const at = Number(new URL(url).port);
    this.#nodes.set(nodeId, await this.#fleet.serve(nodeId, roles, this.#options.get(nodeId) ?? [], at));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
