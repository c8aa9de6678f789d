import { describe, expect, test } from 'vitest';
import {
  cornerBox,
  fitGrid,
  gridCapacity,
  type Rect,
  type Size,
  sidebarBoxes,
  speakerBoxes,
} from './stage-layout.ts';

const gap = 8;
const boxes: [string, Size][] = [
  ['a phone', { width: 374, height: 700 }],
  ['a phone on its side', { width: 820, height: 300 }],
  ['a narrow strip', { width: 128, height: 690 }],
  ['a laptop', { width: 1350, height: 690 }],
  ['a 4K wall', { width: 3820, height: 2060 }],
];

const overlap = (a: Rect, b: Rect) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

describe.each(boxes)('on %s', (_, box) => {
  test.each(Array.from({ length: 49 }, (_, i) => i + 1))('%i tiles are inside, apart and alike', (count) => {
    const tiles = fitGrid(count, box, gap);
    expect(tiles).toHaveLength(count);
    const { width, height } = tiles[0]!;
    for (const [i, tile] of tiles.entries()) {
      expect(tile).toMatchObject({ width, height });
      expect(tile.x).toBeGreaterThanOrEqual(0);
      expect(tile.y).toBeGreaterThanOrEqual(0);
      expect(tile.x + tile.width).toBeLessThanOrEqual(box.width + 1);
      expect(tile.y + tile.height).toBeLessThanOrEqual(box.height + 1);
      for (const other of tiles.slice(i + 1)) expect(overlap(tile, other)).toBe(false);
    }
    expect(width / height).toBeGreaterThan(count === 1 ? 0.65 : 0.78);
    expect(width / height).toBeLessThan(1.85);
  });

  test('a tile never grows when somebody joins', () => {
    let before = Number.POSITIVE_INFINITY;
    for (let count = 1; count <= 49; count++) {
      const { width, height } = fitGrid(count, box, gap)[0]!;
      // The rule against holes may trade a little size, never much.
      expect(width * height).toBeLessThanOrEqual(before * 1.12);
      before = width * height;
    }
  });
});

test.each([
  [1, 1],
  [2, 2],
  [4, 2],
  [5, 3],
  [9, 3],
  [12, 4],
])('%i people on a laptop stand in %i columns', (count, columns) => {
  const tiles = fitGrid(count, { width: 1350, height: 690 }, gap);
  expect(tiles.filter(({ y }) => y === tiles[0]!.y)).toHaveLength(columns);
});

test('two people on a phone stand one above the other', () => {
  const [first, second] = fitGrid(2, { width: 374, height: 700 }, gap);
  expect(first!.x).toBe(second!.x);
  expect(second!.y).toBeGreaterThan(first!.y);
});

test('a last row with holes is centred', () => {
  const tiles = fitGrid(5, { width: 1350, height: 690 }, gap);
  const [left, right] = [tiles[3]!, tiles[4]!];
  expect(Math.abs(left.x - (1350 - right.x - right.width))).toBeLessThanOrEqual(2);
});

test.each([
  [{ width: 0, height: 500 }, 3],
  [{ width: 500, height: 0 }, 3],
  [{ width: 500, height: 500 }, 0],
])('no box or nobody: no tiles', (box, count) => {
  expect(fitGrid(count, box, gap)).toEqual([]);
});

test('the capacity keeps tiles large enough to say something', () => {
  expect(gridCapacity({ width: 374, height: 700 }, gap, 49)).toBe(14);
  expect(gridCapacity({ width: 1350, height: 690 }, gap, 49)).toBe(49);
  expect(gridCapacity({ width: 10, height: 10 }, gap, 49)).toBe(1);
});

describe.each(boxes)('a large picture on %s', (_, box) => {
  test.each([sidebarBoxes, speakerBoxes])('is larger than the strip, which stays inside', (boxesOf) => {
    const { main, strip } = boxesOf(box, 5, gap);
    expect(overlap(main, strip)).toBe(false);
    for (const part of [main, strip]) {
      expect(part.x + part.width).toBeLessThanOrEqual(box.width);
      expect(part.y + part.height).toBeLessThanOrEqual(box.height);
    }
    const taller = box.height > box.width;
    if (!taller) expect(main.width * main.height).toBeGreaterThan(strip.width * strip.height);
    expect(main.width).toBeGreaterThan(0);
    expect(main.height).toBeGreaterThan(0);
  });

  test.each([sidebarBoxes, speakerBoxes])('has the box to itself when there is nobody else', (boxesOf) => {
    expect(boxesOf(box, 0, gap).main).toEqual({ x: 0, y: 0, ...box });
  });

  test('a corner for yourself is inside, and small', () => {
    const corner = cornerBox(box, gap);
    expect(corner.x).toBeGreaterThanOrEqual(0);
    expect(corner.y).toBeGreaterThanOrEqual(0);
    if (box.width > 200) expect(corner.width * corner.height * 4).toBeLessThan(box.width * box.height);
  });
});
