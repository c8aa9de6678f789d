import type { PublishOptions, VideoCodec } from '@weir/client';
import { eventually } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { People, type Person } from './people.ts';
import { startTestPlatform, type TestPlatform } from './test-platform.ts';

let platform: TestPlatform;
let people: People;
beforeAll(async () => {
  platform = await startTestPlatform();
  people = await People.of(platform);
});
afterAll(async () => {
  await people?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

const slow = { timeoutMs: 20_000 };

/** Two people, alone in a room of their own. */
async function pair(room: string): Promise<[alice: Person, bob: Person]> {
  return [await people.join('alice', { room }), await people.join('bob', { room })];
}

/** What bob gets of alice's camera, once it moves and says that it is source `tag`. */
async function received(bob: Person, alice: Person, tag: number) {
  await eventually(() => bob.sees(alice), slow);
  const first = await eventually(() => bob.page.evaluate(() => seat.code('alice')), slow);
  await eventually(async () => {
    const next = await bob.page.evaluate(() => seat.code('alice'));
    return (next && next.frame > first.frame) || `picture ${next?.frame} after ${first.frame}`;
  }, slow);
  expect(first.source).toBe(tag);
  return bob.page.evaluate(() => seat.inbound('alice'));
}

function linesAt(bob: Person, maxSpatialLayer: number, lines: number): Promise<unknown> {
  return eventually(async () => {
    await bob.page.evaluate(
      (maxSpatialLayer) => seat.publication('alice')!.setPreferences({ maxSpatialLayer }),
      maxSpatialLayer,
    );
    const shown = await bob.page.evaluate(() => seat.lines('alice'));
    return shown === lines || `${shown} lines, not ${lines}`;
  }, slow);
}

describe('[B1] video codecs', () => {
  const large = { width: 1280, height: 720, fps: 12 };
  const small = { width: 640, height: 360, fps: 15 };
  const cases: { codec: VideoCodec; picture: typeof large; lines: number[] }[] = [
    { codec: 'VP8', picture: large, lines: [180, 360, 720] },
    { codec: 'H264', picture: large, lines: [180, 360, 720] },
    { codec: 'VP9', picture: large, lines: [180, 360, 720] },
    { codec: 'AV1', picture: small, lines: [180, 360] },
  ];

  test.each(cases)('$codec in layers: each receiver gets the size that it asks for', async (scene) => {
    const { codec, picture, lines } = scene;
    const tag = 10 + cases.indexOf(scene);
    const [alice, bob] = await pair(`layers-${codec}`);
    await alice.page.evaluate((options) => seat.publishCamera(options), { codec, tag, ...picture });
    const rtp = await received(bob, alice, tag);
    expect(rtp.mimeType).toBe(`video/${codec}`);
    for (const layer of [0, lines.length - 1, ...lines.keys()]) await linesAt(bob, layer, lines[layer]!);
    await eventually(() => bob.sees(alice), slow);
    await Promise.all([alice.close(), bob.close()]);
  });
});
