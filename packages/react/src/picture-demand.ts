import type { RemotePublication, Room } from '@weir/client';

type Wanted = { paused: boolean; maxSpatialLayer: number };
type Entry = { heights: Map<object, number>; told?: Wanted };

const settleMs = 250;
const known = new WeakMap<Room, PictureDemand>();

/**
 * Asks for no more of a picture than is shown: the layer for its largest tile, nothing when no tile shows it. A
 * publication that no tile ever showed is left alone.
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
    let entry = this.#entries.get(publication);
    if (!entry) {
      if (height === 0) return; // Unpublished before its tile went.
      entry = { heights: new Map() };
      this.#entries.set(publication, entry);
    }
    if (height > 0) entry.heights.set(viewer, height);
    else entry.heights.delete(viewer);
    // Tiles come and go in one layout: only the outcome is worth a message.
    this.#timer ??= setTimeout(() => this.#tell(), settleMs);
  }

  #tell(): void {
    this.#timer = undefined;
    for (const [publication, entry] of this.#entries) {
      const wanted = wantedLayer(publication.info, [...entry.heights.values()]);
      if (entry.told?.paused === wanted.paused && entry.told.maxSpatialLayer === wanted.maxSpatialLayer)
        continue;
      entry.told = wanted;
      publication.setPreferences(wanted).catch(() => {
        if (entry.told === wanted) delete entry.told; // Told again with the next change.
      });
    }
  }
}

/** The smallest layer that does for the largest of these heights, in device pixels. */
export function wantedLayer(
  { spatialLayers, height }: { spatialLayers: number; height?: number | undefined },
  shown: readonly number[],
): Wanted {
  const top = spatialLayers - 1;
  if (shown.length === 0) return { paused: true, maxSpatialLayer: 0 };
  const needed = Math.max(...shown);
  for (let layer = 0; layer < top; layer++)
    // A fifth too few pixels is not seen in a moving picture.
    if (((height ?? 720) / 2 ** (top - layer)) * 1.2 >= needed)
      return { paused: false, maxSpatialLayer: layer };
  return { paused: false, maxSpatialLayer: top };
}
