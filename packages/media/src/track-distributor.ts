import { type Clock, Lifetime, type Logger, PlatformError } from '@weir/core';
import type {
  Handlers,
  MediaPipes,
  Method,
  NoticeHandlers,
  ParsedParams,
  PipeEdge,
  Result,
  RoomId,
  TrackId,
} from '@weir/protocol';
import { EdgePublication } from './edge-publication.ts';
import { toPlatformError } from './engine-words.ts';
import type { MediaRoom } from './media-room.ts';
import type { ListenAddress } from './media-worker.ts';
import { OutgoingPipe } from './outgoing-pipe.ts';
import { type NodePlace, PipeTree, type TreeLimits } from './pipe-tree.ts';
import type { Publication } from './publication.ts';

/** A connection of another media node, as it is told. */
export type EdgeListener = NoticeHandlers<PipeEdge>;

type Work<M extends Method<MediaPipes>> = (
  params: ParsedParams<MediaPipes, M>,
  listener: EdgeListener,
) => Promise<Result<MediaPipes, M>> | Result<MediaPipes, M>;

export type TrackDistributorOptions = {
  self: NodePlace;
  tree: TreeLimits;
  listen: ListenAddress;
  room: (roomId: RoomId) => MediaRoom | undefined;
  clock: Clock;
  logger: Logger;
};

/** Pipes go on for so long without a connection to the node that they go to. */
const orphanMs = 10_000;

/** Another media node that gets tracks from here. Closes when it is gone for long. */
class Edge extends Lifetime {
  readonly place: NodePlace;
  readonly instance: string;
  /** Undefined while its connection is broken. */
  listener: EdgeListener | undefined;
  readonly pipes = new Map<string, OutgoingPipe>();
  cancelOrphaned: (() => void) | undefined;

  constructor(place: NodePlace, instance: string) {
    super();
    this.place = place;
    this.instance = instance;
    this.onClose(() => this.cancelOrphaned?.());
  }
}

/** Gives the tracks of this node to other nodes, and says who hangs under whom for those that are produced here. */
export class TrackDistributor extends Lifetime {
  readonly #options: TrackDistributorOptions;
  readonly #edges = new Map<string, Edge>();
  readonly #byListener = new Map<EdgeListener, Edge>();
  readonly #trees = new Map<Publication, PipeTree>();

  constructor(options: TrackDistributorOptions) {
    super();
    this.#options = options;
  }

  /** The contract's requests, for whoever has attached with that listener. */
  readonly handlers: Handlers<MediaPipes, EdgeListener> = {
    'edge.attach': this.#answer('edge.attach', (params, listener) => this.#attach(params, listener)),
    'pipe.open': this.#answer('pipe.open', (params, listener) => this.#open(params, this.#edge(listener))),
    'pipe.close': this.#answer('pipe.close', ({ pipeId }, listener) => {
      this.#close(this.#edge(listener), pipeId);
      return {};
    }),
    'pipe.leave': this.#answer('pipe.leave', ({ roomId, trackId }, listener) => {
      const { nodeId } = this.#edge(listener).place;
      const publication = this.#options.room(roomId)?.publication(trackId);
      if (publication) this.#trees.get(publication)?.remove(nodeId);
      return {};
    }),
    'pipe.demand': this.#answer('pipe.demand', async ({ pipeId, maxSpatialLayer }, listener) => {
      await this.#edge(listener).pipes.get(pipeId)?.demand(maxSpatialLayer);
      return {};
    }),
    'pipe.list': this.#answer('pipe.list', async () => ({ pipes: await this.#list() })),
  };

  /** The connection broke: its node has some time to come back. */
  forget(listener: EdgeListener): void {
    const edge = this.#byListener.get(listener);
    this.#byListener.delete(listener);
    if (edge?.listener !== listener) return;
    edge.listener = undefined;
    edge.cancelOrphaned = this.#options.clock.after(orphanMs, () => edge.close('lost'));
  }

  #attach(
    { nodeId, region, instance, pipeIds }: ParsedParams<MediaPipes, 'edge.attach'>,
    listener: EdgeListener,
  ): Result<MediaPipes, 'edge.attach'> {
    const before = this.#edges.get(nodeId);
    if (before && before.instance !== instance) before.close('lost'); // It was started anew and has nothing of it.
    const edge = before && !before.closed ? before : this.#newEdge({ nodeId, region }, instance);
    edge.cancelOrphaned?.();
    if (edge.listener) this.#byListener.delete(edge.listener);
    edge.listener = listener;
    this.#byListener.set(listener, edge);
    const alive = pipeIds.filter((pipeId) => edge.pipes.has(pipeId));
    for (const pipeId of edge.pipes.keys()) if (!alive.includes(pipeId)) this.#close(edge, pipeId);
    return { alive };
  }

  #newEdge(place: NodePlace, instance: string): Edge {
    const edge = this.own(new Edge(place, instance));
    this.#edges.set(place.nodeId, edge);
    edge.onClose(() => {
      if (this.#edges.get(place.nodeId) === edge) this.#edges.delete(place.nodeId);
      for (const pipe of [...edge.pipes.values()]) pipe.close('lost');
      for (const tree of this.#trees.values()) tree.remove(place.nodeId);
    });
    return edge;
  }

  async #open(
    { roomId, trackId, end, hung, avoid }: ParsedParams<MediaPipes, 'pipe.open'>,
    edge: Edge,
  ): Promise<Result<MediaPipes, 'pipe.open'>> {
    const publication = await this.#publication(roomId, trackId, hung);
    if (!hung) {
      const under = this.#hang(publication, edge, avoid);
      if (under !== this.#options.self.nodeId) return { under };
    }
    // Whoever asks again has lost what came before.
    for (const [pipeId, pipe] of edge.pipes) if (pipe.publication === publication) this.#end(edge, pipeId);
    const pipe = await OutgoingPipe.open(roomId, publication, {
      far: end,
      listen: this.#options.listen,
    }).catch((error) => {
      this.#trees.get(publication)?.remove(edge.place.nodeId);
      throw error;
    });
    if (edge.closed) pipe.close('lost');
    edge.pipes.set(pipe.id, pipe);
    const release = hung ? this.#options.room(roomId)?.keep() : undefined;
    pipe.onClose(() => {
      release?.();
      if (!edge.pipes.delete(pipe.id)) return;
      if (!publication.closed && !hung) this.#trees.get(publication)?.remove(edge.place.nodeId);
      edge.listener?.['pipe.closed']({ pipeId: pipe.id });
    });
    if (pipe.closed) throw new PlatformError('track-not-found', `track ${trackId} closed meanwhile`);
    return { pipe: pipe.describe() };
  }

  /** As an edge has it when it `hung` there, perhaps in a moment; else as it is produced here. */
  async #publication(roomId: RoomId, trackId: TrackId, hung: boolean): Promise<Publication> {
    const room = this.#options.room(roomId);
    const publication = await (hung ? room?.awaited(trackId) : room?.expected(trackId));
    if (!publication || publication.closed || publication instanceof EdgePublication !== hung)
      throw new PlatformError('track-not-found', `no track ${trackId} on ${this.#options.self.nodeId}`);
    return publication;
  }

  /** Under which node this edge is to be. */
  #hang(publication: Publication, edge: Edge, avoid: string[]): string {
    const { self, tree: limits } = this.#options;
    let tree = this.#trees.get(publication);
    if (!tree) {
      tree = new PipeTree(self, limits);
      this.#trees.set(publication, tree);
      publication.onClose(() => this.#trees.delete(publication));
    }
    const usable = (nodeId: string) =>
      !avoid.includes(nodeId) && this.#edges.get(nodeId)?.listener !== undefined;
    let under = tree.add(edge.place, usable);
    if (under === undefined) {
      for (const other of [...this.#edges.values()]) if (!other.listener) other.close('lost'); // They take up places.
      under = tree.add(edge.place, usable);
    }
    if (under === undefined)
      throw new PlatformError(
        'limit-reached',
        `track ${publication.trackId} is on ${tree.size} nodes: no place for another`,
      );
    return under;
  }

  /** The other node let go of it. */
  #close(edge: Edge, pipeId: string): void {
    const publication = edge.pipes.get(pipeId)?.publication;
    this.#end(edge, pipeId);
    if (publication) this.#trees.get(publication)?.remove(edge.place.nodeId);
  }

  #end(edge: Edge, pipeId: string): void {
    const pipe = edge.pipes.get(pipeId);
    edge.pipes.delete(pipeId); // First: there is nobody to tell.
    pipe?.close();
  }

  async #list(): Promise<Result<MediaPipes, 'pipe.list'>['pipes']> {
    const all = [...this.#edges.values()].flatMap(({ place, pipes }) =>
      [...pipes.values()].map(async (pipe) => ({
        pipeId: pipe.id,
        roomId: pipe.roomId,
        trackId: pipe.publication.trackId,
        to: place.nodeId,
        ...(await pipe.traffic()),
      })),
    );
    const settled = await Promise.allSettled(all);
    return settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : [])); // Others closed meanwhile.
  }

  #edge(listener: EdgeListener): Edge {
    const edge = this.#byListener.get(listener);
    if (!edge) throw new PlatformError('wrong-state', 'attach first');
    return edge;
  }

  #answer<M extends Method<MediaPipes>>(method: M, work: Work<M>) {
    return async (params: ParsedParams<MediaPipes, M>, listener: EdgeListener) => {
      try {
        if (this.closed) throw new PlatformError('going-away', `${this.#options.self.nodeId} has stopped`);
        return await work(params, listener);
      } catch (error) {
        throw toPlatformError(error, method);
      }
    };
  }
}
