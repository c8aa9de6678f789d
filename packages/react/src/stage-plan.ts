import {
  cornerBox,
  fitGrid,
  gridCapacity,
  type Rect,
  type Size,
  sidebarBoxes,
  speakerBoxes,
} from './stage-layout.ts';

/** `auto`: by the situation. */
export const stageLayouts = ['auto', 'grid', 'speaker', 'sidebar'] as const;
export type StageLayout = (typeof stageLayouts)[number];
/** Where you see yourself; `auto`: in a corner while there are two of you, else among the others. */
export type SelfView = 'auto' | 'tile' | 'corner';

export type StageScene = {
  box: Size;
  layout: StageLayout;
  self: SelfView;
  /** A participant or a shared screen that is to be large, by its key. */
  pinned?: string | undefined;
  /** Who speaks, or spoke last; never you. */
  speaker?: string | undefined;
  local: string;
  /** Everybody, you included. */
  people: readonly string[];
  /** Who of them is not shown now. */
  absent?: ReadonlySet<string>;
  /** The others' shared screens, oldest first. */
  screens: readonly string[];
  page: number;
};

export type StageFrame = {
  layout: Exclude<StageLayout, 'auto'>;
  main: string | undefined;
  mainRect: Rect | undefined;
  /** Where the tiles are. */
  strip: Rect;
  /** Where you are, when in a corner. */
  corner: Rect | undefined;
  /** The smaller tiles' keys before those of people. */
  screens: readonly string[];
  page: number;
  pages: number;
  capacity: number;
};

/** Pixels between tiles, and at the edges of a corner. */
export const stageGap = 8;
/** More at a time are for a wall, not for a call. */
const mostTiles = 49;
/** Below the tiles, for leafing through pages. */
const pagerHeight = 40;

/** What is large, where the others are, and how many pages of them there are. */
export function stageFrame(whole: StageScene): StageFrame {
  const scene = { ...whole, people: whole.people.filter((id) => !whole.absent?.has(id)) };
  const { box, people } = scene;
  const layout = layoutNow(scene);
  const main = layout === 'grid' ? undefined : mainKey(scene);
  const inCorner = layout === 'grid' && selfInCorner(whole); // Who is absent comes back: you stay where you are.
  const screens = scene.screens.filter((key) => key !== main);
  const count =
    people.length +
    screens.length -
    (main !== undefined && people.includes(main) ? 1 : 0) -
    (inCorner ? 1 : 0);
  const boxes = main
    ? (layout === 'speaker' ? speakerBoxes : sidebarBoxes)(box, count, stageGap)
    : { main: undefined, strip: { x: 0, y: 0, ...box } };
  const fits = (height: number) => gridCapacity({ width: boxes.strip.width, height }, stageGap, mostTiles);
  const onOnePage = fits(boxes.strip.height);
  const paged = count > onOnePage;
  const strip = paged ? { ...boxes.strip, height: boxes.strip.height - pagerHeight } : boxes.strip;
  const capacity = paged ? fits(strip.height) : onOnePage;
  const pages = Math.max(1, Math.ceil(count / capacity));
  return {
    layout,
    main,
    mainRect: boxes.main,
    strip,
    corner: inCorner ? cornerBox(box, stageGap) : undefined,
    screens,
    page: Math.min(scene.page, pages - 1),
    pages,
    capacity,
  };
}

/** Which places of the arrangement are on the page that is looked at. */
export function visiblePlaces({ page, capacity, screens }: StageFrame): { start: number; end: number } {
  return {
    start: Math.max(0, page * capacity - screens.length),
    end: Math.max(0, (page + 1) * capacity - screens.length),
  };
}

/** The tiles to show, by key. `arranged`: the people who are neither large nor in the corner. */
export function stageTiles(frame: StageFrame, arranged: readonly string[], local: string): Map<string, Rect> {
  const { page, capacity, strip, main, mainRect, corner } = frame;
  const keys = [...frame.screens, ...arranged].slice(page * capacity, (page + 1) * capacity);
  // The last page has as many cells as the others: leafing through moves nothing.
  const cells = fitGrid(frame.pages > 1 ? capacity : keys.length, strip, stageGap);
  const tiles = new Map<string, Rect>();
  if (main && mainRect) tiles.set(main, mainRect);
  for (const [index, key] of keys.entries()) {
    const cell = cells[index];
    if (cell) tiles.set(key, { ...cell, x: cell.x + strip.x, y: cell.y + strip.y });
  }
  if (corner) tiles.set(local, corner);
  return tiles;
}

function layoutNow(scene: StageScene): Exclude<StageLayout, 'auto'> {
  const { layout, people, screens } = scene;
  if (people.length + screens.length < 2) return 'grid';
  const pinned = isThere(scene, scene.pinned);
  if (layout === 'auto') return pinned || screens.length > 0 ? 'sidebar' : 'grid';
  return layout === 'grid' && pinned ? 'sidebar' : layout;
}

function mainKey(scene: StageScene): string | undefined {
  const { pinned, screens, speaker, people, local } = scene;
  if (isThere(scene, pinned)) return pinned;
  return screens.at(-1) ?? (isThere(scene, speaker) ? speaker : people.find((id) => id !== local));
}

function isThere({ people, screens }: StageScene, key: string | undefined): boolean {
  return key !== undefined && (people.includes(key) || screens.includes(key));
}

function selfInCorner({ self, people, screens }: StageScene): boolean {
  const others = people.length - 1 + screens.length;
  return others > 0 && (self === 'corner' || (self === 'auto' && others === 1));
}
