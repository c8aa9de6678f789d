import { test } from 'vitest';
import { People } from './people.ts';
import { startTestPlatform } from './test-platform.ts';

test('probe', async () => {
  await using platform = await startTestPlatform();
  await using people = await People.of(platform);
  for (const [codec, mode] of [
    ['AV1', 'L2T3_KEY'],
    ['AV1', 'L1T3'],
    ['AV1', 'L2T3'],
  ] as const) {
    const room = `r${codec}${mode}`;
    const alice = await people.join('alice', { room });
    const bob = await people.join('bob', { room });
    try {
      await alice.page.evaluate(
        (o) => {
          (globalThis as any).av1mode = o.mode;
          return seat.publishCamera(o);
        },
        { codec, mode, width: 640, height: 360, fps: 15 } as any,
      );
      for (let i = 0; i < 5; i++) {
        await new Promise((r) => setTimeout(r, 2000));
        const pick = (r: any) =>
          Object.fromEntries(
            Object.entries(r).filter(([k]) =>
              /mime|packetsRec|packetsSent$|framesSent|framesDec|keyFrames|pli|scalab|width|frameheight|^rid/i.test(
                k,
              ),
            ),
          );
        console.log(
          codec,
          mode,
          JSON.stringify({
            out: (await alice.page.evaluate(() => seat.outbound('video'))).map(pick),
            in: pick(await bob.page.evaluate(() => seat.inbound('alice'))),
          }),
        );
        if (i === 3)
          await bob.page.evaluate(() => seat.publication('alice')!.setPreferences({ maxSpatialLayer: 1 }));
        if (i === 1)
          await bob.page.evaluate(() => seat.publication('alice')!.setPreferences({ maxSpatialLayer: 0 }));
      }
    } catch (e) {
      console.log(codec, mode, String(e));
    }
    await alice.close();
    await bob.close();
  }
}, 90000);
