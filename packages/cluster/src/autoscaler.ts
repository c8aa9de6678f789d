import {
  type Clock,
  Lifetime,
  type Logger,
  newId,
  PlatformError,
  systemClock,
  withDeadline,
} from '@weir/core';
import { desiredNodes, freshScale, type ScalePolicy, type ScaleState } from './autoscale.ts';
import { cancelDrain, requestDrain } from './drain.ts';
import type { Leases } from './leases.ts';
import { type ScaledNode, type ScaledRole, scaledNodes } from './scaled-nodes.ts';

/** Starts and stops the machines of nodes, whatever they are. Rejects with a `PlatformError` where it cannot. */
export type NodeDriver = {
  /** The names of those that it has started and not stopped, ready or not. */
  list(): Promise<string[]>;
  /** Resolves when the node is on its way. Of a name that is taken nothing happens. */
  start(nodeId: string): Promise<void>;
  /** Resolves when it ends, or is gone already. */
  stop(nodeId: string): Promise<void>;
};

export type AutoscalerOptions = {
  leases: Leases;
  driver: NodeDriver;
  role: ScaledRole;
  region: string;
  policy: ScalePolicy;
  /** How long those on a node have to leave it before it is stopped. */
  drainMs: number;
  lookEveryMs?: number;
  clock?: Clock;
  logger: Logger;
};

const lookEveryMs = 5_000;
const lookTimeoutMs = 60_000;
/** One that has not come by then does not count as coming: another one is asked for. */
const bootMs = 180_000;

/** Keeps the number of a region's nodes of one role to what their load asks for. Of several such one works at a time. */
export class Autoscaler extends Lifetime {
  readonly #options: AutoscalerOptions;
  readonly #clock: Clock;
  readonly #owner = newId('scaler');
  readonly #askedAt = new Map<string, number>();
  #state: ScaleState = freshScale;
  #cancel?: () => void;

  constructor(options: AutoscalerOptions) {
    super();
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.onClose(() => this.#cancel?.());
    this.#lookLater(0);
  }

  #lookLater(ms: number): void {
    this.#cancel = this.#clock.after(ms, () => {
      const { logger, region } = this.#options;
      void withDeadline(this.#look(), lookTimeoutMs, 'a look at the nodes', this.signal)
        .catch((error) => {
          if (!this.closed) logger.warn({ err: PlatformError.from(error), region }, 'scaling failed');
        })
        .finally(() => !this.closed && this.#lookLater(this.#options.lookEveryMs ?? lookEveryMs));
    });
  }

  async #look(): Promise<void> {
    const { leases, driver, role, region, policy } = this.#options;
    const mine = await leases.acquire(`autoscale:${role}:${region}`, this.#owner, 3 * lookEveryMs);
    if (!mine) return;
    const [alive, driven] = await Promise.all([scaledNodes(leases, role, region), driver.list()]);
    await this.#stopEmpty(alive, driven);
    const working = alive.filter(({ drain }) => !drain);
    const names = new Set(alive.map(({ nodeId }) => nodeId));
    const now = this.#clock.now();
    const coming = driven.filter(
      (nodeId) => !names.has(nodeId) && now - (this.#askedAt.get(nodeId) ?? now) < bootMs,
    );
    const load = working.reduce((sum, node) => sum + node.load, 0);
    const signals = { working: working.length, coming: coming.length, load };
    const { desired, state, reason } = desiredNodes(signals, this.#state, policy, now);
    this.#state = state;
    const more = desired - working.length - coming.length;
    for (let i = 0; i < more; i++) await this.#startOne(reason);
    if (more < 0)
      await this.#drainSome(
        working.filter(({ nodeId }) => driven.includes(nodeId)),
        -more,
        reason,
      );
  }

  async #startOne(reason: string): Promise<void> {
    const { driver, role, region, logger } = this.#options;
    const nodeId = newId(`${region}-${role}`, 40);
    logger.info({ nodeId, reason }, `a ${role} node is started`);
    this.#askedAt.set(nodeId, this.#clock.now());
    await driver.start(nodeId);
  }

  /** Those with the fewest people: they are the soonest empty. */
  async #drainSome(nodes: ScaledNode[], count: number, reason: string): Promise<void> {
    const { leases, role, drainMs, logger } = this.#options;
    const emptiest = nodes.sort((a, b) => a.left - b.left);
    for (const { nodeId } of emptiest.slice(0, count)) {
      logger.info({ nodeId, reason }, `a ${role} node is drained, to be stopped`);
      await requestDrain(leases, nodeId, drainMs, this.#clock);
    }
  }

  async #stopEmpty(alive: ScaledNode[], driven: string[]): Promise<void> {
    const { leases, driver, role, logger } = this.#options;
    for (const { nodeId, drain, left, endsAtDeadline } of alive) {
      if (!drain) continue;
      const isOver = endsAtDeadline && this.#clock.now() >= drain.deadlineAt;
      if ((left > 0 && !isOver) || !driven.includes(nodeId)) continue;
      logger.info({ nodeId }, `a drained ${role} node is stopped`);
      await driver.stop(nodeId);
      await cancelDrain(leases, nodeId);
      this.#askedAt.delete(nodeId);
    }
  }
}
