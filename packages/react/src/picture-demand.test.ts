import { type RemotePublication, Room } from '@weir/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PictureDemand, wantedPicture } from './picture-demand.ts';

const p720 = { spatialLayers: 3, height: 720, source: 'camera' as const };
const screen = { spatialLayers: 2, height: 1080, source: 'screen' as const };

test.each([
  ['a thumbnail', p720, [90], { paused: false, maxSpatialLayer: 0 }],
  ['a tile of the size of a layer', p720, [180], { paused: false, maxSpatialLayer: 0 }],
  ['a fifth more than a layer has', p720, [216], { paused: false, maxSpatialLayer: 0 }],
  ['a middle tile', p720, [300], { paused: false, maxSpatialLayer: 1 }],
  ['a large tile', p720, [700], { paused: false, maxSpatialLayer: 2 }],
  ['more than there is', p720, [4_000], { paused: false, maxSpatialLayer: 2 }],
  ['the largest of several', p720, [90, 700], { paused: false, maxSpatialLayer: 2 }],
  ['a shared screen', screen, [600], { paused: false, maxSpatialLayer: 1 }],
  ['a thumbnail of a shared screen', screen, [200], { paused: false, maxSpatialLayer: 0 }],
  ['no tile', p720, [], { paused: true, maxSpatialLayer: 0 }],
  [
    'a picture without layers',
    { spatialLayers: 1, height: 720, source: 'camera' as const },
    [90],
    { paused: false, maxSpatialLayer: 0 },
  ],
  [
    'a picture of unknown height',
    { spatialLayers: 3, source: 'camera' as const },
    [300],
    { paused: false, maxSpatialLayer: 1 },
  ],
])('%s', (_, info, heights, wanted) => {
  const viewers = heights.map((height) => ({ height, rank: 'rest' as const }));
  expect(wantedPicture(info, viewers)).toEqual({ ...wanted, priority: 100 });
});

test('the first of its viewers decides what a picture counts', () => {
  const rest = { height: 100, rank: 'rest' as const };
  const speaker = { height: 100, rank: 'speaker' as const };
  expect(wantedPicture(p720, [rest, speaker]).priority).toBe(200);
  expect(wantedPicture(p720, [speaker, { ...rest, rank: 'pinned' }]).priority).toBe(255);
  expect(wantedPicture(p720, [rest, { height: 0, rank: 'pinned' }]).priority).toBe(100);
});

describe('PictureDemand', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const setup = () => {
    const room = new Room({ token: 'none', url: 'http://localhost', engine: {} as never });
    const setPreferences = vi.fn(() => Promise.resolve());
    const publication = { info: p720, setPreferences } as unknown as RemotePublication;
    return { room, demand: PictureDemand.of(room), publication, setPreferences };
  };
  const settle = () => vi.advanceTimersByTimeAsync(1_000);

  test('asks once for a whole change of the layout, and not again for the same', async () => {
    const { demand, publication, setPreferences } = setup();
    const [first, second] = [{}, {}];
    demand.show(publication, first, 100);
    demand.show(publication, second, 700);
    demand.show(publication, first, 0);
    await settle();
    demand.show(publication, second, 690);
    await settle();
    expect(setPreferences.mock.calls).toEqual([[{ paused: false, maxSpatialLayer: 2, priority: 100 }]]);
  });

  test('pauses what no tile shows any more, and resumes it', async () => {
    const { demand, publication, setPreferences } = setup();
    const tile = {};
    demand.show(publication, tile, 100);
    await settle();
    demand.show(publication, tile, 0);
    await settle();
    demand.show(publication, {}, 100);
    await settle();
    expect(
      setPreferences.mock.calls.map(([wanted]: unknown[]) => (wanted as { paused: boolean }).paused),
    ).toEqual([false, true, false]);
  });

  test('tells when a picture counts more, and not before it was measured', async () => {
    const { demand, publication, setPreferences } = setup();
    const tile = {};
    demand.rank(publication, tile, 'speaker');
    await settle();
    expect(setPreferences).not.toHaveBeenCalled();
    demand.show(publication, tile, 100);
    await settle();
    demand.rank(publication, tile, 'pinned');
    await settle();
    expect(
      setPreferences.mock.calls.map(([wanted]: unknown[]) => (wanted as { priority: number }).priority),
    ).toEqual([200, 255]);
  });

  test('asks again at the next change when the room did not hear it', async () => {
    const { demand, publication, setPreferences } = setup();
    setPreferences.mockRejectedValueOnce(new Error('connection lost'));
    demand.show(publication, {}, 100);
    await settle();
    demand.show(publication, {}, 101);
    await settle();
    expect(setPreferences).toHaveBeenCalledTimes(2);
  });

  test('says nothing of what was unpublished', async () => {
    const { room, demand, publication, setPreferences } = setup();
    const tile = {};
    demand.show(publication, tile, 100);
    room.events.emit('trackUnpublished', publication);
    demand.show(publication, tile, 0);
    await settle();
    expect(setPreferences).not.toHaveBeenCalled();
  });
});
