import {
  type ClusterStore,
  DrainWatch,
  type MediaNodeStatus,
  mediaNode,
  mediaNodeKey,
  NodeLease,
  nodeFacts,
} from '@weir/cluster';
import { Lifetime, type Logger, PlatformError } from '@weir/core';
import { type CascadeConfig, callsTo, MediaNode, type MediaNodeConfig } from '@weir/media';
import { connectPipes, type MediaLink } from '@weir/media/control';
import type { MediaControl, NoticeHandlers } from '@weir/protocol';
import { type ControlConfig, ControlServer } from './control-server.ts';
import { RoomEnforcement } from './room-enforcement.ts';

export type SfuConfig = Omit<MediaNodeConfig, 'logger' | 'clock' | 'cascade'> & {
  /** Default: `local`. */
  region?: string;
  /** New sessions come here while there are fewer. Default: as many as its processors carry. */
  sessionsAtMost?: number;
  /** Where tracks from and to other media nodes go over the private network. Needs `control`. */
  pipes?: Pick<CascadeConfig, 'listen' | 'fanOut'>;
  /** Absent: no signaling node outside of this process. `announcedUrl`: how they reach it, if not by host and port. */
  control?: ControlConfig & { announcedUrl?: string };
};

/** A media node at work: known to the fleet, faithful to the rooms' logs, and asked over links. */
export class SfuService extends Lifetime implements AsyncDisposable {
  readonly node: MediaNode;
  /** Where signaling nodes of other processes reach it. */
  readonly controlUrl: string | null;
  /** Who was not let in at the control port so far, by error code. */
  readonly refused: ReadonlyMap<string, number>;
  readonly #lease: NodeLease;

  constructor(parts: {
    node: MediaNode;
    enforcement: RoomEnforcement;
    lease: NodeLease;
    drains: DrainWatch;
    server: ControlServer | undefined;
    controlUrl: string | null;
  }) {
    super();
    this.node = this.own(parts.node);
    this.own(parts.enforcement);
    this.own(parts.drains);
    if (parts.server) this.own(parts.server);
    this.refused = parts.server?.refused ?? new Map();
    this.controlUrl = parts.controlUrl;
    this.#lease = parts.lease;
    this.#lease.onClose((reason) => {
      if (reason === 'failed') this.close('failed'); // Another process is this node now.
    });
    this.onClose(() => void this.#lease.release());
  }

  /** A link in the same process. What is told comes to `listener` until the link's lifetime closes. */
  open(listener: NoticeHandlers<MediaControl>): MediaLink & Disposable {
    const lifetime = this.own(new Lifetime());
    const calls = callsTo(this.node, listener, lifetime.signal);
    lifetime.onClose(() => this.node.forget(listener));
    return { calls, lifetime, [Symbol.dispose]: () => lifetime.close() };
  }

  /** Leaves the fleet, closes all rooms, and resolves when the engine's processes are gone. */
  async stop(): Promise<void> {
    await this.#lease.release();
    await this.node[Symbol.asyncDispose]();
    this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Starts everything, or nothing. */
export async function startSfu(options: {
  config: SfuConfig;
  store: ClusterStore;
  logger: Logger;
}): Promise<SfuService> {
  const { config, store } = options;
  const { control, pipes, sessionsAtMost, region = 'local', ...media } = config;
  const logger = options.logger.child({ nodeId: config.nodeId });
  await using started = new AsyncDisposableStack();
  const cascade: CascadeConfig | undefined = control &&
    pipes && {
      ...pipes,
      region,
      locate: (roomId, trackId, epoch) => enforcement.locate(roomId, trackId, epoch),
      open: async (nodeId, listener) => {
        const url = (await mediaNode(store.leases, nodeId))?.status.address;
        if (!url) throw new PlatformError('no-media-node', `media node ${nodeId} is not alive`);
        return connectPipes({ url, secret: control.secret }, listener);
      },
    };
  const node = started.use(await MediaNode.start({ ...media, ...(cascade ? { cascade } : {}), logger }));
  const enforcement = started.use(new RoomEnforcement(node, store.rooms, logger));
  const server = control ? started.use(await ControlServer.listen(control, node, logger)) : undefined;
  const controlUrl =
    control && server ? (control.announcedUrl ?? `ws://${control.host}:${server.port}`) : null;
  const drains = started.use(await DrainWatch.start(store.leases, logger));
  const lease = await NodeLease.take(store.leases, mediaNodeKey(config.nodeId), {
    status: (): MediaNodeStatus => ({
      ...nodeFacts(drains, config.nodeId),
      address: controlUrl,
      region,
      ...(sessionsAtMost === undefined ? {} : { sessionsAtMost }),
      ...node.load,
      reach: node.reach,
      ...(node.degraded ? { degraded: node.degraded } : {}),
    }),
    logger,
  });
  started.move();
  return new SfuService({ node, enforcement, lease, drains, server, controlUrl });
}
