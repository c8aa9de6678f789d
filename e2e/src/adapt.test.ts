import { canMakeNamespaces, chromiumPath, createNetwork, eventually, type Network } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { People, type Person } from './people.ts';
import { chromiumTabs } from './tabs.ts';
import { startTestPlatform, type TestPlatform } from './test-platform.ts';

const slow = { timeoutMs: 60_000 };

/** Alice sends; bob is behind a line of his own, carol is not. */
describe.skipIf(!(await canMakeNamespaces()))(
  '[B3] [B4] a viewer on a line of its own',
  { timeout: 180_000 },
  () => {
    let network: Network<'server' | 'viewer'>;
    let platform: TestPlatform;
    let here: People;
    let there: People;
    let alice: Person;
    let bob: Person;
    let carol: Person;

    beforeAll(async () => {
      network = await createNetwork({ hosts: { server: { main: true }, viewer: { rateBps: 2e6 } } });
      const address = network.address('server');
      platform = await startTestPlatform({ workers: 1, host: '0.0.0.0', announce: [address] });
      here = await People.of(platform);
      const executablePath = await network.executable('viewer', await chromiumPath());
      there = await People.of(platform, await chromiumTabs({ executablePath }));
      [alice, carol] = await Promise.all([here.join('alice'), here.join('carol')]);
      await alice.page.evaluate(() => seat.publishTone({ rests: true }));
      await alice.page.evaluate(() => seat.publishCamera({ width: 1280, height: 720, fps: 10 }));
      bob = await there.join('bob', { url: platform.urls.local.replace('localhost', address) });
    }, 180_000);
    afterAll(async () => {
      await there?.[Symbol.asyncDispose]();
      await here?.[Symbol.asyncDispose]();
      await platform?.[Symbol.asyncDispose]();
      await network?.[Symbol.asyncDispose]();
    });

    const sees = (who: Person, lines: (lines: number) => boolean) =>
      eventually(async () => {
        const seen = await who.page.evaluate(() => seat.lines('alice'));
        return lines(seen) || `${who.identity} sees ${seen} lines`;
      }, slow);
    const facts = (who: Person) =>
      who.page.evaluate(() => {
        const { layer, limitedBy } = seat.publication('alice')!;
        const { downlink, status } = seat.room;
        return { flows: layer !== undefined, limitedBy, downlink, status, lines: seat.lines('alice') };
      });
    const becomes = (who: Person, expected: object) =>
      eventually(async () => {
        const now = await facts(who);
        try {
          expect(now).toMatchObject(expected);
          return true;
        } catch {
          return JSON.stringify(now);
        }
      }, slow);
    /** The heights that alice encodes now. */
    const encoded = () =>
      alice.page.evaluate(async () => {
        const frames = async () =>
          (await seat.outbound('video')).map(({ framesEncoded, frameHeight }) => ({
            frames: Number(framesEncoded ?? 0),
            lines: Number(frameHeight ?? 0),
          }));
        const before = await frames();
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        const after = await frames();
        return after.filter(({ frames }, i) => frames > (before[i]?.frames ?? 0)).map(({ lines }) => lines);
      });

    test('wide enough for the whole picture: it comes', async () => {
      await sees(bob, (lines) => lines === 720);
    });

    test('[SG42] too narrow for one of two viewers: that one gets a smaller picture and is told why, the other the whole', async () => {
      await network.setRate('viewer', { down: 400e3 });
      await sees(bob, (lines) => lines > 0 && lines < 720);
      await becomes(bob, { flows: true, limitedBy: 'bandwidth', downlink: 'limited' });
      await sees(carol, (lines) => lines === 720);
    });

    test('[SG42] [SG52] at 60 kbit/s the call goes on as sound, and the picture comes back by itself', async () => {
      await network.setRate('viewer', { down: 60e3 });
      await becomes(bob, {
        flows: false,
        limitedBy: 'bandwidth',
        downlink: 'audio-only',
        status: 'connected',
      });
      await eventually(async () => (await bob.hears(alice)) > -60 || 'bob hears nothing', slow);
      await network.setRate('viewer', 4e6);
      await eventually(() => bob.sees(alice), { timeoutMs: 100_000 });
      await bob.page.evaluate(() => seat.room.leave());
      await bob.close();
    });

    test('[SG43] what nobody wants is not encoded, and is again as soon as somebody does', async () => {
      const prefer = (preferences: object) =>
        carol.page.evaluate((wanted) => seat.publication('alice')!.setPreferences(wanted), preferences);
      const encodes = (expected: number[]) =>
        eventually(async () => {
          const heights = await encoded();
          return JSON.stringify(heights) === JSON.stringify(expected) || `alice encodes ${heights}`;
        }, slow);
      await prefer({ maxSpatialLayer: 0 });
      await encodes([180]);
      await prefer({ maxSpatialLayer: 2 });
      await sees(carol, (lines) => lines === 720);
      await prefer({ paused: true });
      await encodes([]);
      await prefer({ paused: false });
      await eventually(() => carol.sees(alice), slow);
    });
  },
);
