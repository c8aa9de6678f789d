import type { RemotePublication, Room } from '@weir/client';

/** Whose picture gets bits first when they do not do for all. */
export type PictureRank = 'pinned' | 'speaker' | 'rest';

type Wanted = { paused: boolean; maxSpatialLayer: number; priority: number };
type Viewer = { height: number; rank: PictureRank };
type Entry = { viewers: Map<object, Viewer>; told?: Wanted };

const priorities = { pinned: 255, speaker: 200, rest: 100 } satisfies Record<PictureRank, number>;
const settleMs = 250;
const known = new WeakMap<Room, PictureDemand>();

/**
 * Asks for no more of a picture than is shown: the layer for its largest tile, nothing when no tile shows it; and says
 * whose bits come first. A publication that no tile ever showed is left alone.
 */
export class PictureDemand {
  readonly #entries = new Map<RemotePublication, Entry>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  static of(room: Room): PictureDemand {
    let demand = known.get(room);
    if (!demand) {
      demand = new PictureDemand();
      known.set(room, demand);
      room.events.on('trackUnpublished', (publication) =>
        demand!.#entries.delete(publication as RemotePublication),
      );
    }
    return demand;
  }

  /** `viewer` shows it `height` device pixels high; 0: no longer. */
  show(publication: RemotePublication, viewer: object, height: number): void {
    if (height === 0 && !this.#entries.has(publication)) return; // Unpublished before its tile went.
    this.#viewer(publication, viewer).height = height;
    this.#tellSoon();
  }

  /** How much that viewer's picture matters. */
  rank(publication: RemotePublication, viewer: object, rank: PictureRank): void {
    this.#viewer(publication, viewer).rank = rank;
    this.#tellSoon();
  }

  /** What the server was last told; undefined: nothing yet. */
  told(publication: RemotePublication): Wanted | undefined {
    return this.#entries.get(publication)?.told;
  }

  #viewer(publication: RemotePublication, viewer: object): Viewer {
    let entry = this.#entries.get(publication);
    if (!entry) {
      entry = { viewers: new Map() };
      this.#entries.set(publication, entry);
    }
    let found = entry.viewers.get(viewer);
    if (!found) {
      found = { height: -1, rank: 'rest' }; // Not measured yet.
      entry.viewers.set(viewer, found);
    }
    return found;
  }

  #tellSoon(): void {
    // Tiles come and go in one layout: only the outcome is worth a message.
    this.#timer ??= setTimeout(() => this.#tell(), settleMs);
  }

  #tell(): void {
    this.#timer = undefined;
    for (const [publication, entry] of this.#entries) {
      const viewers = [...entry.viewers.values()];
      if (viewers.some(({ height }) => height < 0)) continue;
      for (const [viewer, { height }] of entry.viewers) if (height === 0) entry.viewers.delete(viewer);
      const wanted = wantedPicture(publication.info, viewers);
      if (entry.told && same(entry.told, wanted)) continue;
      entry.told = wanted;
      publication.setPreferences(wanted).catch(() => {
        if (entry.told === wanted) delete entry.told; // Told again with the next change.
      });
    }
  }
}

function same(a: Wanted, b: Wanted): boolean {
  return a.paused === b.paused && a.maxSpatialLayer === b.maxSpatialLayer && a.priority === b.priority;
}

/** The smallest layer that does for the largest of these viewers (device pixels), at the rank of the first of them. */
export function wantedPicture(
  { spatialLayers, height, source }: Pick<RemotePublication['info'], 'spatialLayers' | 'height' | 'source'>,
  viewers: readonly Viewer[],
): Wanted {
  const top = spatialLayers - 1;
  const shown = viewers.filter((viewer) => viewer.height > 0);
  const priority = Math.max(priorities.rest, ...shown.map(({ rank }) => priorities[rank]));
  if (shown.length === 0) return { paused: true, maxSpatialLayer: 0, priority };
  const needed = Math.max(...shown.map((viewer) => viewer.height));
  // Of a shared screen few pictures come in smaller sizes: they do where it is a thumbnail only.
  const smaller = source === 'screen' ? 4 : 2;
  for (let layer = 0; layer < top; layer++)
    // A fifth too few pixels is not seen in a moving picture.
    if (((height ?? 720) / smaller ** (top - layer)) * 1.2 >= needed)
      return { paused: false, maxSpatialLayer: layer, priority };
  return { paused: false, maxSpatialLayer: top, priority };
}
