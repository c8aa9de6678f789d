import { expect, onTestFinished, test, vi } from 'vitest';
import type { RemotePublication } from './publication.ts';
import { StarvationWatch } from './starvation-watch.ts';

/** Video of which so much has come, and of the rest more each time that it is looked at. */
function picture(trackId: string, source: 'camera' | 'screen') {
  const counts = { pictures: 1, video: 1_000, all: 1_000 };
  const connectionStats = async () => {
    counts.all += 100;
    return new Map([['all', { id: 'all', type: 'transport', bytesReceived: counts.all }]]);
  };
  /** Empty before anything of it has come, as in Chromium. */
  const stats = async () => {
    if (counts.video === 0) return new Map();
    return new Map([
      ['in', { id: 'in', type: 'inbound-rtp', bytesReceived: counts.video, framesReceived: counts.pictures }],
      ...(await connectionStats()),
    ] as [string, object][]);
  };
  const layer = { spatial: 0, temporal: 0 };
  const facts = { trackId, source, kind: 'video', muted: false, starved: false };
  const told: { layer?: typeof layer; limit?: string } = { layer };
  return { ...facts, ...told, counts, stats, reception: { stats, connectionStats } };
}

/** A camera and a screen that are watched, and what is told of them: `happened` since it was asked last. */
function watched() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const [camera, screen] = [picture('camera', 'camera'), picture('screen', 'screen')];
  const told: string[] = [];
  const watch = new StarvationWatch(() => [camera, screen] as unknown as RemotePublication[], {
    starved: (trackIds) => told.push(trackIds.join()),
    changed: ({ trackId, starved }) => told.push(`${trackId} ${starved}`),
  });
  onTestFinished(() => watch.close());
  /** What is told within so many seconds, in which this comes again and again. */
  const during = async (seconds: number, comes: () => void = () => {}) => {
    const timer = setInterval(comes, 300);
    await vi.advanceTimersByTimeAsync(seconds * 1_000);
    clearInterval(timer);
    return told.splice(0);
  };
  return { camera, screen, during };
}

test('says of which nothing arrives, here at once and each second to the server, and takes it back when some comes', async () => {
  const { camera, during } = watched();
  expect(await during(2)).toEqual([]);
  // A screen may well stand still.
  expect(await during(2)).toEqual(['camera true', 'camera,screen', 'camera,screen']);
  expect(await during(2, () => (camera.counts.pictures += 1))).toEqual(['camera false']);
});

test('a few packets are no picture, but a part of a page of text', async () => {
  const { camera, screen, during } = watched();
  expect(await during(4, () => (camera.counts.video += 500))).toContain('camera true');
  expect(await during(2, () => (screen.counts.video += 500))).toEqual(['camera false']);
});

test('what the server says of them may be as late as they are; what is not sent is not missed', async () => {
  const { camera, screen, during } = watched();
  for (const one of [camera, screen]) delete one.layer;
  expect(await during(4)).toContain('camera true');
  for (const one of [camera, screen]) one.limit = 'publisher';
  expect(await during(1)).toEqual(['camera false']);
  // Not one packet of them ever came.
  for (const one of [camera, screen]) {
    one.limit = undefined;
    Object.assign(one.counts, { video: 0, pictures: 0 });
  }
  expect(await during(5)).toEqual([]);
  expect(await during(1)).toContain('camera true');
});
