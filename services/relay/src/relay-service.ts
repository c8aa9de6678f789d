import {
  type ClusterStore,
  DrainWatch,
  type NodeFacts,
  NodeLease,
  nodeFacts,
  type RelayStatus,
  relayKey,
} from '@weir/cluster';
import { Lifetime, type Logger } from '@weir/core';
import { type CompleteRelayConfig, complete, type RelayConfig, relayUrls } from './relay-config.ts';
import { RelayLoad } from './relay-load.ts';
import { StatusFeed } from './status-feed.ts';
import { TurnServer } from './turn-server.ts';

/** A relay at work: a coturn that is kept running, known to the fleet with its load. */
export class RelayService extends Lifetime implements AsyncDisposable {
  readonly load: RelayLoad;
  /** Where coturn tells of its allocations. */
  readonly feed: { port: number };
  readonly #config: CompleteRelayConfig;
  readonly #server: TurnServer;
  #lease: NodeLease | undefined;

  constructor(config: CompleteRelayConfig, server: TurnServer, feed: StatusFeed, load: RelayLoad) {
    super();
    this.#config = config;
    this.#server = this.own(server);
    this.own(feed);
    this.feed = { port: feed.address.port };
    this.load = load;
  }

  /** Makes it known. */
  async join(store: ClusterStore, logger: Logger): Promise<void> {
    const key = relayKey(this.#config.nodeId);
    const drains = this.own(await DrainWatch.start(store.leases, logger));
    const status = () => ({ ...nodeFacts(drains, this.#config.nodeId), ...this.status });
    this.#lease = await NodeLease.take(store.leases, key, { status, logger });
    this.#lease.onClose((reason) => {
      if (reason === 'failed') this.close('failed'); // Another process is this relay now.
    });
  }

  get status(): Omit<RelayStatus, keyof NodeFacts> {
    return {
      urls: relayUrls(this.#config),
      region: this.#config.region,
      working: this.#server.working,
      allocations: this.load.allocations,
      allocationsAtMost: this.#config.allocationsAtMost,
      bitrateBps: this.load.bitrateBps,
    };
  }

  /** Of the coturn that runs now. */
  get pid(): number | undefined {
    return this.#server.pid;
  }

  /** Leaves the fleet and ends what it relays. */
  async stop(): Promise<void> {
    await this.#lease?.release();
    this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Starts everything, or nothing. */
export async function startRelay(options: {
  config: RelayConfig;
  store: ClusterStore;
  logger: Logger;
}): Promise<RelayService> {
  const config = complete(options.config);
  const logger = options.logger.child({ nodeId: config.nodeId });
  using started = new DisposableStack();
  const load = new RelayLoad();
  const feed = started.use(await StatusFeed.listen((channel, message) => load.take(channel, message)));
  const onEnd = () => load.reset();
  const server = started.use(await TurnServer.start(config, { feed: feed.address, logger, onEnd }));
  const relay = started.use(new RelayService(config, server, feed, load));
  await relay.join(options.store, logger);
  started.move();
  return relay;
}
