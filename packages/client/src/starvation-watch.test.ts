import { expect, onTestFinished, test, vi } from 'vitest';
import type { RemotePublication } from './publication.ts';
import { StarvationWatch } from './starvation-watch.ts';

/** A picture of which so many bytes have come, and of the rest more each time that it is looked at. */
function picture(trackId: string, source: 'camera' | 'screen') {
  const counts = { video: 1_000, all: 1_000 };
  const stats = async () => {
    counts.all += 100;
    return new Map([
      ['in', { type: 'inbound-rtp', bytesReceived: counts.video }],
      ['all', { type: 'transport', bytesReceived: counts.all }],
    ]);
  };
  const layer = { spatial: 0, temporal: 0 };
  const facts = { trackId, source, kind: 'video', layer, muted: false, starved: false };
  return { ...facts, counts, stats, reception: { stats } };
}

test('says of which nothing arrives, here at once and each second to the server, and takes it back when some comes', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const [camera, screen] = [picture('camera', 'camera'), picture('screen', 'screen')];
  const told: string[] = [];
  const watch = new StarvationWatch(() => [camera, screen] as unknown as RemotePublication[], {
    starved: (trackIds) => told.push(trackIds.join()),
    changed: ({ trackId, starved }) => told.push(`${trackId} ${starved}`),
  });
  const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1_000);
  await seconds(2);
  expect(told).toEqual([]);
  await seconds(2);
  // A screen may well stand still.
  expect(told).toEqual(['camera true', 'camera,screen', 'camera,screen']);
  camera.counts.video += 500;
  await seconds(1);
  expect(told.slice(3)).toEqual(['camera false']);
  watch.close();
});
