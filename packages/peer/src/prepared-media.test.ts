import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir } from '@weir/testing';
import { expect, test, vi } from 'vitest';
import { maxPayloadBytes } from './packetizer.ts';
import { prepareMedia, prepareSimulcast } from './prepared-media.ts';

const small = { width: 160, height: 90, fps: 15, bitrateBps: 100_000, seconds: 2, keyFrameEvery: 10 };

test.each(['VP8', 'H264'] as const)('%s: a frame for each picture, key frames where asked', async (codec) => {
  const media = await prepareMedia({ codec, ...small });
  expect(media.frames).toHaveLength(30);
  expect(media.frames.flatMap(({ keyFrame }, i) => (keyFrame ? [i] : []))).toEqual([0, 10, 20]);
  expect([0, 1, 10, 11, 21].map((i) => media.keyFrameAtOrAfter[i])).toEqual([0, 10, 10, 20, 0]);
  expect(media.frameDurationMs).toBeCloseTo(66.67, 1);
  for (const { fragments } of media.frames) {
    expect(fragments.length).toBeGreaterThan(0);
    for (const { head, body } of fragments)
      expect(head.length + body.length).toBeLessThanOrEqual(maxPayloadBytes);
  }
});

test.each([undefined, 60])('opus: a frame each 20 ms, or as long as asked for: %s', async (frameMs) => {
  const media = await prepareMedia({
    codec: 'opus',
    bitrateBps: 32_000,
    seconds: 2,
    ...(frameMs ? { frameMs } : {}),
  });
  const frames = 2_000 / (frameMs ?? 20);
  expect(media.frames.length).toBeGreaterThanOrEqual(Math.floor(frames));
  expect(media.frames.length).toBeLessThanOrEqual(frames + 2);
  expect(media).toMatchObject({ kind: 'audio', clockRate: 48_000, frameDurationMs: frameMs ?? 20 });
});

test('encoded once a machine and read once a process', async () => {
  await using cache = await tempDir();
  vi.stubEnv('XDG_CACHE_HOME', cache.path);
  const description = { codec: 'VP8', ...small, bitrateBps: 99_000 } as const;
  const [first, second] = await Promise.all([prepareMedia(description), prepareMedia({ ...description })]);
  expect(second).toBe(first);
  expect(await readdir(join(cache.path, 'weir', 'media'))).toEqual([
    expect.stringMatching(/^VP8-[0-9a-f]+\.ivf$/),
  ]);
  vi.unstubAllEnvs();
});

test('simulcast: three sizes of one picture', async () => {
  const layers = await prepareSimulcast({ codec: 'VP8', ...small, width: 320, height: 180 });
  expect(layers.map(({ width, height }) => [width, height])).toEqual([
    [80, 46],
    [160, 90],
    [320, 180],
  ]);
  expect(new Set(layers.map(({ frames }) => frames.length))).toEqual(new Set([30]));
});

test('what ffmpeg cannot do is an error and is tried again', async () => {
  const impossible = { codec: 'VP8', ...small, width: -2 } as const;
  await expect(prepareMedia(impossible)).rejects.toMatchObject({ code: 'internal' });
  await expect(prepareMedia(impossible)).rejects.toMatchObject({ code: 'internal' });
});
