export type Rect = { x: number; y: number; width: number; height: number };
export type Size = { width: number; height: number };

const widest = 16 / 9;
/** Cameras are wide: in a wide box little is cut off, in a tall one a face is enough. */
const narrowest = { wideBox: 4 / 3, tallBox: 4 / 5 };
/** A smaller tile says nothing: the rest is told as a number. */
const smallestTile = 92;

/**
 * Tiles for `count` pictures in a box: the number of columns that makes them largest, up to 16:9, the last row centred.
 */
export function fitGrid(count: number, box: Size, gap: number): Rect[] {
  if (count === 0 || box.width <= 0 || box.height <= 0) return [];
  const least = box.width >= box.height ? narrowest.wideBox : narrowest.tallBox;
  let best = { columns: 1, tile: { width: 0, height: 0 }, score: -1 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const cell = {
      width: (box.width - gap * (columns - 1)) / columns,
      height: (box.height - gap * (rows - 1)) / rows,
    };
    const tile = fitTile(cell, least);
    // Of two grids of nearly the same size the one with fewer holes is calmer.
    const score = tile.width * tile.height * (1 - (0.1 * (rows * columns - count)) / count);
    if (score > best.score) best = { columns, tile, score };
  }
  return placeRows(count, best.columns, best.tile, box, gap);
}

function fitTile({ width, height }: Size, least: number): Size {
  if (width <= 0 || height <= 0) return { width: 0, height: 0 };
  return { width: Math.min(width, height * widest), height: Math.min(height, width / least) };
}

function placeRows(count: number, columns: number, tile: Size, box: Size, gap: number): Rect[] {
  const rows = Math.ceil(count / columns);
  const top = (box.height - rows * tile.height - (rows - 1) * gap) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, count - row * columns);
    const left = (box.width - inRow * tile.width - (inRow - 1) * gap) / 2;
    return {
      x: Math.round(left + (index % columns) * (tile.width + gap)),
      y: Math.round(top + row * (tile.height + gap)),
      width: Math.floor(tile.width),
      height: Math.floor(tile.height),
    };
  });
}

/** How many tiles a box has room for, at most `most`. */
export function gridCapacity(box: Size, gap: number, most: number): number {
  const fit = (length: number) => Math.max(1, Math.floor((length + gap) / (smallestTile + gap)));
  return Math.min(most, fit(box.width) * fit(box.height));
}

export type SpotlightBoxes = { main: Rect; strip: Rect };

/** One large picture, and beside it (wide box) or below it (tall box) a strip for the others. */
export function spotlightBoxes(box: Size, others: number, gap: number): SpotlightBoxes {
  const nothing = { x: 0, y: 0, width: 0, height: 0 };
  if (others === 0) return { main: { x: 0, y: 0, ...box }, strip: nothing };
  if (box.width >= box.height) {
    const strip = Math.round(Math.min(Math.max(box.width * 0.2, 128), 480));
    const width = box.width - strip - gap;
    return {
      main: { x: 0, y: 0, width, height: box.height },
      strip: { x: width + gap, y: 0, width: strip, height: box.height },
    };
  }
  // A screen is wide: more height would stay black.
  const height = Math.round(Math.min(Math.max(box.width * 0.75, box.height * 0.4), box.height * 0.72));
  const strip = box.height - height - gap;
  return {
    main: { x: 0, y: 0, width: box.width, height },
    strip: { x: 0, y: height + gap, width: box.width, height: strip },
  };
}
