export type Rect = { x: number; y: number; width: number; height: number };
export type Size = { width: number; height: number };

const widest = 16 / 9;
/** Cameras are wide: in a wide box little is cut off, in a tall one a face is enough. */
const narrowest = { wideBox: 4 / 3, tallBox: 4 / 5, alone: 2 / 3 };
/** A smaller tile says nothing: the rest is on another page. */
const smallestTile = { width: 120, height: 88 };

/**
 * Tiles for `count` pictures in a box: the number of columns that makes them largest, up to 16:9, the last row centred.
 */
export function fitGrid(count: number, box: Size, gap: number): Rect[] {
  if (count === 0 || box.width <= 0 || box.height <= 0) return [];
  const tall = count === 1 ? narrowest.alone : narrowest.tallBox;
  const least = box.width >= box.height ? narrowest.wideBox : tall;
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
  const fit = (length: number, least: number) => Math.max(1, Math.floor((length + gap) / (least + gap)));
  return Math.min(most, fit(box.width, smallestTile.width) * fit(box.height, smallestTile.height));
}

export type SpotlightBoxes = { main: Rect; strip: Rect };

const nothing: Rect = { x: 0, y: 0, width: 0, height: 0 };

/** One large picture, and beside it (wide box) or below it (tall box) a strip for the others. */
export function sidebarBoxes(box: Size, others: number, gap: number): SpotlightBoxes {
  if (others === 0) return { main: { x: 0, y: 0, ...box }, strip: nothing };
  if (box.width < box.height) return stackedBoxes(box, gap);
  const strip = Math.round(Math.min(Math.max(box.width * 0.2, 128), 640));
  const width = box.width - strip - gap;
  return {
    main: { x: 0, y: 0, width, height: box.height },
    strip: { x: width + gap, y: 0, width: strip, height: box.height },
  };
}

/** One large picture below a single row of the others; in a tall box above them, as a hand reaches them there. */
export function speakerBoxes(box: Size, others: number, gap: number): SpotlightBoxes {
  if (others === 0) return { main: { x: 0, y: 0, ...box }, strip: nothing };
  if (box.width < box.height) return stackedBoxes(box, gap);
  const strip = Math.round(Math.min(Math.max(box.height * 0.18, smallestTile.height), 320));
  return {
    main: { x: 0, y: strip + gap, width: box.width, height: box.height - strip - gap },
    strip: { x: 0, y: 0, width: box.width, height: strip },
  };
}

function stackedBoxes(box: Size, gap: number): SpotlightBoxes {
  // A screen is wide: more height would stay black.
  const height = Math.round(Math.min(Math.max(box.width * 0.75, box.height * 0.4), box.height * 0.72));
  return {
    main: { x: 0, y: 0, width: box.width, height },
    strip: { x: 0, y: height + gap, width: box.width, height: box.height - height - gap },
  };
}

/** Yourself in a corner, over the others. */
export function cornerBox(box: Size, gap: number): Rect {
  const width = Math.round(Math.min(Math.max(box.width * 0.18, 112), 400));
  const height = Math.round(box.width < box.height ? (width * 4) / 3 : (width * 9) / 16);
  return { x: box.width - width - gap, y: box.height - height - gap, width, height };
}
