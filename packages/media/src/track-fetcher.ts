import { type Clock, Lifetime, type Logger, PlatformError, withDeadline } from '@weir/core';
import type { ParticipantId, PipeOffer, RoomId, Source, Track, TrackId } from '@weir/protocol';
import { EdgePublication } from './edge-publication.ts';
import { toPlatformError } from './engine-words.ts';
import type { MediaRoom } from './media-room.ts';
import type { ListenAddress, MediaWorker } from './media-worker.ts';
import { PipeEnd } from './pipe-end.ts';
import type { PipeLink, PipeLinks } from './pipe-links.ts';
import type { Publication } from './publication.ts';
import type { RoomRouter } from './room-router.ts';

/** Where a track is produced. */
export type TrackPlace = {
  nodeId: string;
  participantId: ParticipantId;
  kind: Track['kind'];
  source: Source;
};

/** What the room's log says, at least up to that epoch of the track; undefined: there is no such track. */
export type LocateTrack = (
  roomId: RoomId,
  trackId: TrackId,
  epoch: number,
) => Promise<TrackPlace | undefined>;

export type TrackFetcherOptions = {
  nodeId: string;
  locate: LocateTrack;
  listen: ListenAddress;
  links: PipeLinks;
  lingerMs?: number | undefined;
  clock: Clock;
  logger: Logger;
};

const fetchTimeoutMs = 5_000;
/** The origin waits by itself before it tells the publisher. */
const lessAfterMs = 1_500;
/** Edges that it was told to ask and that gave nothing. */
const attempts = 4;

/** Gets tracks that are produced on other media nodes. */
export class TrackFetcher extends Lifetime {
  readonly #options: TrackFetcherOptions;

  constructor(options: TrackFetcherOptions) {
    super();
    this.#options = options;
    this.own(options.links);
  }

  /** The track as it is on this node from now on. Rejects with `track-not-found`, or `media-lost`. */
  async fetch(room: MediaRoom, trackId: TrackId, worker: MediaWorker, epoch = 0): Promise<Publication> {
    const { nodeId, locate, links } = this.#options;
    const place = await locate(room.roomId, trackId, epoch);
    if (!place || place.nodeId === nodeId)
      throw new PlatformError('track-not-found', `no track ${trackId} in the room`);
    const origin = await links.to(place.nodeId);
    const fetched = this.#lay(room, trackId, place, origin, worker);
    return withDeadline(fetched, fetchTimeoutMs, `track ${trackId} from ${place.nodeId}`, this.signal);
  }

  async #lay(
    room: MediaRoom,
    trackId: TrackId,
    place: TrackPlace,
    origin: PipeLink,
    worker: MediaWorker,
  ): Promise<Publication> {
    const release = room.hold(worker); // Who asked may go before the others who are here for the track.
    let end: PipeEnd | undefined;
    try {
      const router = await room.routerOn(worker);
      end = await PipeEnd.open(router, place.kind, this.#options.listen);
      const { link, pipe } = await this.#ask(room.roomId, trackId, origin, end);
      if (link !== origin) end.onClose(() => this.#leave(origin, room.roomId, trackId));
      const edge = await this.#receive(room, trackId, place, { link, pipe, end, router });
      edge.onClose(release);
      return this.#enter(room, edge);
    } catch (error) {
      end?.close('failed');
      release();
      throw toPlatformError(error, `track ${trackId} from ${place.nodeId}`);
    }
  }

  /** From the origin, or from the edge that it names. */
  async #ask(
    roomId: RoomId,
    trackId: TrackId,
    origin: PipeLink,
    end: PipeEnd,
  ): Promise<{ link: PipeLink; pipe: PipeOffer }> {
    const wanted = { roomId, trackId, end: end.describe() };
    const avoid: string[] = [];
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const answer = await origin.ask('pipe.open', { ...wanted, avoid });
      if ('pipe' in answer) return { link: origin, pipe: answer.pipe };
      try {
        const link = await this.#options.links.to(answer.under);
        const given = await link.ask('pipe.open', { ...wanted, hung: true });
        if ('pipe' in given) return { link, pipe: given.pipe };
      } catch (error) {
        this.#options.logger.debug({ err: error, trackId, under: answer.under }, 'an edge gave no track');
      }
      avoid.push(answer.under);
    }
    this.#leave(origin, roomId, trackId);
    throw new PlatformError('media-lost', `no node gave track ${trackId}`);
  }

  async #receive(
    room: MediaRoom,
    trackId: TrackId,
    { kind, participantId, source }: TrackPlace,
    { link, pipe, end, router }: { link: PipeLink; pipe: PipeOffer; end: PipeEnd; router: RoomRouter },
  ): Promise<EdgePublication> {
    const { pipeId } = pipe;
    const { clock, lingerMs, logger } = this.#options;
    link.keep(pipeId, end);
    const edge = await EdgePublication.receive(pipe, end, router, kind, {
      trackId,
      participantId,
      source,
      clock,
      lingerMs,
      lessAfterMs,
      onDemand: (maxSpatialLayer) => {
        link
          .ask('pipe.demand', { pipeId, maxSpatialLayer })
          .catch((error) => logger.debug({ err: error, trackId }, 'a demand was not told'));
      },
    });
    room.own(edge);
    return router.own(edge);
  }

  /** Its publisher may have come to this node meanwhile. */
  #enter(room: MediaRoom, edge: EdgePublication): Publication {
    const here = room.publication(edge.trackId);
    if (here && here.epoch >= edge.epoch) {
      edge.close();
      return here;
    }
    room.add(edge);
    edge.origin.listenTo(edge);
    return edge;
  }

  #leave(origin: PipeLink, roomId: RoomId, trackId: TrackId): void {
    if (!origin.closed) origin.ask('pipe.leave', { roomId, trackId }).catch(() => {}); // It is gone.
  }
}
