import { describe, expect, test } from 'vitest';
import { type StageScene, stageFrame, stageTiles, visiblePlaces } from './stage-plan.ts';

const laptop = { width: 1350, height: 690 };
const phone = { width: 374, height: 600 };
const crowd = (count: number) => ['you', ...Array.from({ length: count - 1 }, (_, i) => `p${i + 1}`)];
const scene = (people: number, changes: Partial<StageScene> = {}): StageScene => ({
  box: laptop,
  layout: 'auto',
  self: 'auto',
  local: 'you',
  people: crowd(people),
  screens: [],
  page: 0,
  ...changes,
});
/** As the component does it, for people who stand in the order of joining. */
const tilesOf = (at: StageScene) => {
  const frame = stageFrame(at);
  const arranged = at.people.filter((id) => id !== frame.main && !(frame.corner && id === at.local));
  return { frame, tiles: stageTiles(frame, arranged, at.local) };
};

describe('the layout by the situation', () => {
  test.each<[string, StageScene, string, string | undefined]>([
    ['alone', scene(1), 'grid', undefined],
    ['two', scene(2), 'grid', undefined],
    ['many', scene(12), 'grid', undefined],
    ['a shared screen', scene(3, { screens: ['s1'] }), 'sidebar', 's1'],
    ['the newest of two screens', scene(3, { screens: ['s1', 's2'] }), 'sidebar', 's2'],
    ['a pinned person', scene(3, { pinned: 'p2' }), 'sidebar', 'p2'],
    ['a pin counts more than a screen', scene(3, { pinned: 'p2', screens: ['s1'] }), 'sidebar', 'p2'],
    ['who was pinned has left', scene(3, { pinned: 'gone' }), 'grid', undefined],
    ['who was pinned is absent', scene(3, { pinned: 'p2', absent: new Set(['p2']) }), 'grid', undefined],
    ['a grid by choice, with a screen', scene(3, { layout: 'grid', screens: ['s1'] }), 'grid', undefined],
    ['a grid by choice, with a pin', scene(3, { layout: 'grid', pinned: 'p1' }), 'sidebar', 'p1'],
    ['speaker', scene(5, { layout: 'speaker', speaker: 'p3' }), 'speaker', 'p3'],
    ['speaker, while nobody spoke', scene(5, { layout: 'speaker' }), 'speaker', 'p1'],
    ['speaker, alone', scene(1, { layout: 'speaker' }), 'grid', undefined],
  ])('%s', (_, at, layout, main) => {
    expect(stageFrame(at)).toMatchObject({ layout, main });
  });
});

describe('yourself', () => {
  test.each<[string, StageScene, boolean]>([
    ['alone: among the others', scene(1), false],
    ['one other: in the corner', scene(2), true],
    ['more others: a tile', scene(3), false],
    ['a corner by choice', scene(9, { self: 'corner' }), true],
    ['a tile by choice', scene(2, { self: 'tile' }), false],
    ['beside a large picture: in the strip', scene(3, { self: 'corner', pinned: 'p1' }), false],
  ])('%s', (_, at, corner) => {
    expect(stageFrame(at).corner !== undefined).toBe(corner);
  });

  test('stay a tile while the third of you is absent', () => {
    const at = scene(3, { absent: new Set(['p2']) });
    expect(stageFrame(at)).toMatchObject({ corner: undefined, pages: 1 });
  });

  test('in the corner leaves the whole stage to the other', () => {
    const { tiles } = tilesOf(scene(2));
    expect(tiles.get('p1')!.height).toBe(laptop.height);
    expect(tiles.get('you')!.width).toBeLessThan(300);
  });
});

describe('pages', () => {
  test('who does not fit is on another one, and everybody is on exactly one', () => {
    const seen: string[] = [];
    const { pages } = stageFrame(scene(60, { box: phone }));
    expect(pages).toBeGreaterThan(1);
    for (let page = 0; page < pages; page++)
      seen.push(...tilesOf(scene(60, { box: phone, page })).tiles.keys());
    expect(seen.sort()).toEqual(crowd(60).sort());
  });

  test('one that is no longer there becomes the last', () => {
    const frame = stageFrame(scene(60, { box: phone, page: 99 }));
    expect(frame.page).toBe(frame.pages - 1);
  });

  test('tiles are where they were on the page before', () => {
    const first = [...tilesOf(scene(57, { box: phone })).tiles.values()];
    const last = [...tilesOf(scene(57, { box: phone, page: 99 })).tiles.values()];
    expect(last.length).toBeLessThan(first.length);
    expect(last).toEqual(first.slice(0, last.length));
  });

  test('begin with the shared screens that are not large', () => {
    const at = scene(60, { box: phone, layout: 'grid', screens: ['s1'] });
    const { frame, tiles } = tilesOf(at);
    expect([...tiles.keys()].slice(0, 2)).toEqual(['s1', 'you']);
    expect(visiblePlaces(frame)).toEqual({ start: 0, end: frame.capacity - 1 });
  });
});

test('a strip holds the others, apart from the large one', () => {
  for (const layout of ['speaker', 'sidebar'] as const) {
    const { frame, tiles } = tilesOf(scene(5, { layout, speaker: 'p2' }));
    expect([...tiles.keys()]).toEqual(['p2', 'you', 'p1', 'p3', 'p4']);
    const main = tiles.get('p2')!;
    for (const [key, tile] of tiles)
      if (key !== 'p2') expect(tile.width * tile.height * 2).toBeLessThan(main.width * main.height);
    expect(frame.pages).toBe(1);
  }
});
