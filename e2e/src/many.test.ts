import { Room } from '@weir/client';
import { PeerEngine, preparedTrack, prepareMedia } from '@weir/peer';
import { limits } from '@weir/protocol';
import { eventually } from '@weir/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { People } from './people.ts';
import { startTestPlatform, type TestPlatform } from './test-platform.ts';

const room = 'many';
/** More than one receive transport takes. */
const streams = 112;
const slow = { timeoutMs: 60_000 };

let platform: TestPlatform;
let people: People;
const publishers: Room[] = [];
beforeAll(async () => {
  platform = await startTestPlatform({ workers: 1 });
  people = await People.of(platform);
  const picture = await prepareMedia({
    codec: 'VP8',
    width: 160,
    height: 90,
    fps: 5,
    bitrateBps: 40_000,
    seconds: 4,
    keyFrameEvery: 5,
  });
  for (let left = streams; left > 0; left -= limits.tracksPerParticipant) {
    const token = await people.token(`publisher-${left}`, { room });
    const engine = new PeerEngine({ dataChannels: false });
    const url = platform.urls.local;
    const one = new Room({ url, token, engine, keepSeat: false, autoSubscribe: false });
    publishers.push(one);
    await one.connect();
    for (let i = 0; i < Math.min(left, limits.tracksPerParticipant); i++)
      await one.local.publish(preparedTrack([picture]), { source: 'camera' });
  }
}, 60_000);
afterAll(async () => {
  await Promise.all(publishers.map((one) => one.leave()));
  await people?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

test('[SG45][SG46][SG47] more streams than one connection takes are received over several; one that fails takes only its share with it, and that comes back', async () => {
  const viewer = await people.join('viewer', { room });
  const { page } = viewer;
  const receiving = () => page.evaluate(() => seat.room.debug.receiving);
  const allReceived = async () => {
    const { received, waiting, negotiating, transports } = await receiving();
    if (received !== streams) return `${received} received, ${negotiating} under way, ${waiting} waiting`;
    return transports.length > 1 || 'all over one transport';
  };
  /** Pictures decoded so far, of each receive connection. */
  const decoded = () =>
    page.evaluate(async () => {
      const counts: number[] = [];
      for (const connection of seat.room.debug.receivers) {
        const reports = (await connection.getStats()) as unknown as Map<string, Record<string, number>>;
        counts.push([...reports.values()].filter(({ framesDecoded = 0 }) => framesDecoded > 0).length);
      }
      return counts.reduce((sum, count) => sum + count, 0);
    });
  await eventually(allReceived, slow);
  await eventually(async () => (await decoded()) === streams || `${await decoded()} live`, slow);

  const { transports } = await receiving();
  const [first, second] = transports;
  expect(Math.max(...transports.map(({ tracks }) => tracks))).toBeLessThanOrEqual(100);
  const mediaSession = await page.evaluate(() => seat.room.debug.mediaSessionId);
  await platform.sfu.node.handlers['transport.close'](
    { mediaSessionId: mediaSession!, transportId: second!.transportId },
    undefined as never,
  );
  await eventually(async () => {
    const ids = (await receiving()).transports.map(({ transportId }) => transportId);
    return !ids.includes(second!.transportId) || 'the dead connection is still in use';
  }, slow);
  expect((await receiving()).transports[0]!.transportId).toBe(first!.transportId);
  await eventually(allReceived, slow);
  await eventually(async () => (await decoded()) === streams || `${await decoded()} live`, slow);
  expect(await viewer.log()).not.toContainEqual(expect.stringContaining('mediaReset'));
}, 180_000);
