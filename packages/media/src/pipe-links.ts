import { Lifetime, type Logger, newId, PlatformError, Turns, withDeadline } from '@weir/core';
import type { Calls, MediaPipes, Method, NoticeHandlers, Params, PipeEdge, Result } from '@weir/protocol';
import type { NodePlace } from './pipe-tree.ts';

/** A connection to another media node; its end means that the node is out of reach, not that its pipes ended. */
export type PipeConnection = { calls: Calls<MediaPipes>; lifetime: Lifetime };

/** Reaches another media node. Rejects when it does not live, or cannot be reached. */
export type OpenPipes = (nodeId: string, listener: NoticeHandlers<PipeEdge>) => Promise<PipeConnection>;

/** A node that does not answer by then gives no pictures either. */
const connectTimeoutMs = 1_500;
/** As many as are worked on at a time. */
const requestsAtOnce = 100;

/** What this node asks of one other node, and the pipes that it has from there. Closes when the other node is gone. */
export class PipeLink extends Lifetime {
  readonly nodeId: string;
  readonly #open: OpenPipes;
  readonly #self: NodePlace & { instance: string };
  readonly #logger: Logger;
  readonly #turns = new Turns(requestsAtOnce);
  readonly #pipes = new Map<string, Lifetime>();
  /** Of pipes whose offers are still on their way through this process. */
  readonly #endedEarly = new Set<string>();
  #connection: Promise<PipeConnection>;

  constructor(
    nodeId: string,
    open: OpenPipes,
    options: { self: NodePlace & { instance: string }; logger: Logger },
  ) {
    super();
    this.nodeId = nodeId;
    this.#open = open;
    this.#self = options.self;
    this.#logger = options.logger;
    this.#connection = this.#connect();
    this.onClose(() => {
      for (const pipe of [...this.#pipes.values()]) pipe.close('lost');
    });
  }

  /** Resolves when the other node has answered. */
  async ready(): Promise<this> {
    await this.#connection;
    return this;
  }

  /** Rejects with what the other node answers, or `media-lost` when it is gone. */
  ask<M extends Method<MediaPipes>>(
    method: M,
    params: Params<MediaPipes, M>,
  ): Promise<Result<MediaPipes, M>> {
    return this.#turns.take(async () => {
      const { calls } = await this.#connection;
      return calls[method](params);
    });
  }

  /** `pipe` is the end of it here: it closes when the other node says so, and the other node is told when it closes. */
  keep(pipeId: string, pipe: Lifetime): void {
    if (this.closed || this.#endedEarly.delete(pipeId)) return pipe.close('lost');
    this.#pipes.set(pipeId, pipe);
    pipe.onClose(() => {
      if (this.#pipes.delete(pipeId) && !this.closed) this.ask('pipe.close', { pipeId }).catch(() => {}); // It is gone.
    });
  }

  async #connect(): Promise<PipeConnection> {
    try {
      const opening = this.#open(this.nodeId, { 'pipe.closed': ({ pipeId }) => this.#ended(pipeId) });
      opening.then(
        ({ lifetime }) => this.own(lifetime), // Also one that comes too late.
        () => {},
      );
      const connection = await withDeadline(
        opening,
        connectTimeoutMs,
        `reaching ${this.nodeId}`,
        this.signal,
      );
      const pipeIds = [...this.#pipes.keys()];
      const { alive } = await connection.calls['edge.attach']({ ...this.#self, pipeIds });
      const living = new Set(alive);
      for (const pipeId of pipeIds) if (!living.has(pipeId)) this.#ended(pipeId);
      connection.lifetime.onClose(() => this.#again(), this.signal);
      return connection;
    } catch (error) {
      this.close('lost');
      throw new PlatformError('media-lost', `media node ${this.nodeId} cannot be reached`, { cause: error });
    }
  }

  /** The connection broke. Where the other node lives on, so do the pipes. */
  #again(): void {
    if (this.closed) return;
    this.#connection = this.#connect();
    this.#connection.catch((error) =>
      this.#logger.info(
        { err: error, pipes: this.#pipes.size },
        'a media node that tracks came from is gone',
      ),
    );
  }

  #ended(pipeId: string): void {
    const pipe = this.#pipes.get(pipeId);
    this.#pipes.delete(pipeId); // First: the other node knows.
    if (pipe) return pipe.close('lost');
    if (this.#endedEarly.size < requestsAtOnce) this.#endedEarly.add(pipeId);
  }
}

/** One link to each media node that this one gets tracks from. */
export class PipeLinks extends Lifetime {
  readonly #open: OpenPipes;
  readonly #self: NodePlace & { instance: string };
  readonly #logger: Logger;
  readonly #links = new Map<string, PipeLink>();

  constructor(self: NodePlace, open: OpenPipes, logger: Logger) {
    super();
    this.#open = open;
    this.#self = { ...self, instance: newId('run') };
    this.#logger = logger;
  }

  /** Rejects with `media-lost` when the node cannot be reached. */
  async to(nodeId: string): Promise<PipeLink> {
    let link = this.#links.get(nodeId);
    if (!link) {
      link = this.own(new PipeLink(nodeId, this.#open, { self: this.#self, logger: this.#logger }));
      const made = link;
      this.#links.set(nodeId, made);
      made.onClose(() => {
        if (this.#links.get(nodeId) === made) this.#links.delete(nodeId);
      });
    }
    return link.ready();
  }
}
