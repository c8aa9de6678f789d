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
/** The front camera draws source 50, the back camera 51, a shared screen 150. */
const devices = { cameras: ['front', 'back'], microphones: ['headset', 'desk'], source: 50, fps: 15 };

async function pair(room: string): Promise<[alice: Person, bob: Person]> {
  return Promise.all([people.join('alice', { room, devices }), people.join('bob', { room })]);
}

/** Until bob's picture of alice's source moves and says that it is `tag`. */
async function shows(bob: Person, alice: Person, tag: number, source: 'camera' | 'screen' = 'camera') {
  await eventually(async () => {
    const code = await bob.page.evaluate((source) => seat.code('alice', source), source);
    const account = () => bob.account(alice, source);
    return code?.source === tag || `bob's picture says ${code?.source}, not ${tag}: ${await account()}`;
  }, slow);
  await eventually(() => bob.sees(alice, source), slow);
}

const own = (alice: Person, source: 'camera' | 'microphone' | 'screen') =>
  alice.page.evaluate((source) => {
    const publication = seat.room.local.publication(source);
    return {
      trackId: publication?.trackId,
      muted: publication?.muted,
      capture: publication?.mediaTrack?.readyState,
      hint: publication?.mediaTrack?.contentHint,
    };
  }, source);

describe('[A1] the camera', () => {
  test('is switched in the same publication', async () => {
    const [alice, bob] = await pair('switch');
    await alice.page.evaluate(() => seat.room.local.setCamera(true, { deviceId: 'front' }));
    const { trackId } = await own(alice, 'camera');
    await shows(bob, alice, 50);
    await alice.page.evaluate(async () => {
      const publication = seat.room.local.publication('camera')!;
      const before = publication.mediaTrack!;
      await publication.replaceTrack(await weirDevices.camera({ deviceId: 'back' }));
      before.stop();
    });
    await shows(bob, alice, 51);
    expect((await own(alice, 'camera')).trackId).toBe(trackId);
    expect(await bob.page.evaluate(() => seat.publication('alice')!.trackId)).toBe(trackId);
    expect((await bob.log()).filter((line) => line.startsWith('trackPublished'))).toHaveLength(1);
    await Promise.all([alice.close(), bob.close()]);
  });

  test('off lets the device go and is seen as muted; on brings it back under the same id', async () => {
    const [alice, bob] = await pair('off-on');
    await alice.page.evaluate(() => seat.room.local.setCamera(true));
    const { trackId } = await own(alice, 'camera');
    await shows(bob, alice, 50);
    const mutedAtBob = () => bob.page.evaluate(() => seat.publication('alice')?.muted);
    expect(await mutedAtBob()).toBe(false);

    await alice.page.evaluate(() => seat.room.local.setCamera(false));
    expect(await own(alice, 'camera')).toMatchObject({ trackId, muted: true, capture: 'ended' });
    await eventually(async () => (await mutedAtBob()) === true || 'bob does not know');
    await eventually(async () => /stands still/.test(String(await bob.sees(alice))) || 'still moving');

    // A double click: it is on, once.
    await alice.page.evaluate(() =>
      Promise.all([seat.room.local.setCamera(true), seat.room.local.setCamera(true)]),
    );
    expect(await own(alice, 'camera')).toMatchObject({ trackId, muted: false, capture: 'live' });
    await shows(bob, alice, 50);
    expect(await mutedAtBob()).toBe(false);
    expect(await alice.page.evaluate(() => seat.room.local.publications.size)).toBe(1);
    await Promise.all([alice.close(), bob.close()]);
  });

  test('unplugged, also after a switch to it: it is muted for all, and another one takes over', async () => {
    const [alice, bob] = await pair('unplugged');
    await alice.page.evaluate(async () => {
      await seat.room.local.setCamera(true, { deviceId: 'back' });
      const front = await weirDevices.camera({ deviceId: 'front' });
      await seat.room.local.publication('camera')!.replaceTrack(front);
      Object.assign(globalThis, { changes: 0 });
      weirDevices.onChange(() => Object.assign(globalThis, { changes: 1 }));
    });
    await shows(bob, alice, 50);
    const { trackId } = await own(alice, 'camera');
    await alice.page.evaluate(() => weirTest.unplugDevice('front'));
    await eventually(async () => (await own(alice, 'camera')).muted || 'alice believes to be seen');
    await eventually(
      async () => (await bob.page.evaluate(() => seat.publication('alice')?.muted)) || 'bob does not know',
    );
    expect(await alice.page.evaluate(() => (globalThis as { changes?: number }).changes)).toBe(1);
    const cameras = await alice.page.evaluate(async () =>
      (await weirDevices.list()).cameras.map(({ deviceId }) => deviceId),
    );
    expect(cameras).toEqual(['back']);
    await alice.page.evaluate(() => seat.room.local.setCamera(true));
    await shows(bob, alice, 51);
    expect((await own(alice, 'camera')).trackId).toBe(trackId);
    await Promise.all([alice.close(), bob.close()]);
  });
});

describe('[B8] [SG50] a device that is taken away', () => {
  const state = (person: Person, source: 'camera' | 'microphone') =>
    person.page.evaluate((source) => {
      const { muted, interrupted } = seat.publication('alice', source) ?? {};
      return { muted, interrupted };
    }, source);
  const away = { muted: true, interrupted: true };
  const back = { muted: false, interrupted: false };
  const untilBobKnows = (bob: Person, source: 'camera' | 'microphone', wanted: typeof away) =>
    eventually(async () => {
      const now = JSON.stringify(await state(bob, source));
      return now === JSON.stringify(wanted) || `bob believes ${now}`;
    }, slow);

  test('is told, comes back by itself in the same publication, and a mute of one’s own stays', async () => {
    const [alice, bob] = await pair('taken-away');
    const interruption = () => alice.page.evaluate(() => seat.room.local.publication('camera')?.interruption);
    await alice.page.evaluate(async () => {
      await seat.room.local.setCamera(true, { deviceId: 'back' });
      await seat.room.local.setMicrophone(true, { deviceId: 'headset' });
    });
    const { trackId } = await own(alice, 'camera');
    await shows(bob, alice, 51);

    // Another app takes the camera, and gives it back.
    await alice.page.evaluate(() => weirTest.pauseDevice('back', true));
    await untilBobKnows(bob, 'camera', away);
    expect(await interruption()).toBe('device-paused');
    await alice.page.evaluate(() => weirTest.pauseDevice('back', false));
    await untilBobKnows(bob, 'camera', back);
    await shows(bob, alice, 51);

    // The cable: no other camera looks on instead. The microphone has a stand-in.
    await alice.page.evaluate(() => {
      weirTest.unplugDevice('back');
      weirTest.unplugDevice('headset');
    });
    await untilBobKnows(bob, 'camera', away);
    expect(await interruption()).toBe('device-lost');
    await eventually(async () => (await bob.hears(alice)) > -65 || 'bob hears nothing', slow);
    await untilBobKnows(bob, 'microphone', back);
    const inUse = await alice.page.evaluate(
      () => seat.room.local.publication('microphone')?.mediaTrack?.getSettings().deviceId,
    );
    expect(inUse).toBe('desk');
    await alice.page.evaluate(() => weirTest.plugDevice('back'));
    await shows(bob, alice, 51);
    expect(await state(bob, 'camera')).toEqual(back);
    expect((await own(alice, 'camera')).trackId).toBe(trackId);
    expect(await interruption()).toBeUndefined();

    // Who switched it off meanwhile finds it off.
    await alice.page.evaluate(() => weirTest.unplugDevice('back'));
    await untilBobKnows(bob, 'camera', away);
    await alice.page.evaluate(async () => {
      await seat.room.local.setCamera(false);
      weirTest.plugDevice('back');
    });
    await untilBobKnows(bob, 'camera', { muted: true, interrupted: false });
    expect((await own(alice, 'camera')).capture).toBe('ended');
    await Promise.all([alice.close(), bob.close()]);
  });
});

describe('[A1] the screen', () => {
  test('is shared beside the camera with its hint, and gone for all when sharing ends', async () => {
    const [alice, bob] = await pair('screen');
    await alice.page.evaluate(async () => {
      await seat.room.local.setCamera(true);
      await seat.room.local.setScreenShare(true, { contentHint: 'text' });
    });
    expect((await own(alice, 'screen')).hint).toBe('text');
    await shows(bob, alice, 150, 'screen');
    await shows(bob, alice, 50);
    const hasLines = (lines: number) =>
      eventually(async () => {
        const now = await bob.page.evaluate(() => seat.lines('alice', 'screen'));
        return now === lines || `${now} lines`;
      }, slow);
    await hasLines(720);
    // For narrow lines, and for very narrow ones.
    const layer = (maxSpatialLayer: number) =>
      bob.page.evaluate(
        (maxSpatialLayer) => seat.publication('alice', 'screen')!.setPreferences({ maxSpatialLayer }),
        maxSpatialLayer,
      );
    for (const [wanted, lines] of [
      [1, 720],
      [0, 360],
    ] as const) {
      await layer(wanted);
      await eventually(
        async () =>
          (await bob.page.evaluate(() => seat.publication('alice', 'screen')?.layer?.spatial)) === wanted ||
          'not yet',
        slow,
      );
      await shows(bob, alice, 150, 'screen');
      await hasLines(lines);
    }
    await layer(2);
    const gone = async () =>
      /publishes no screen/.test(String(await bob.sees(alice, 'screen'))) || 'bob still has it';

    await alice.page.evaluate(() => seat.room.local.setScreenShare(false));
    await eventually(gone);
    expect((await own(alice, 'screen')).trackId).toBeUndefined();
    await eventually(() => bob.sees(alice), slow);

    await alice.page.evaluate(() => seat.room.local.setScreenShare(true));
    await shows(bob, alice, 150, 'screen');
    await alice.page.evaluate(() => {
      const track = seat.room.local.publication('screen')!.mediaTrack!;
      track.stop();
      track.dispatchEvent(new Event('ended')); // As when it is stopped in the browser's own bar.
    });
    await eventually(gone);
    await Promise.all([alice.close(), bob.close()]);
  });
});

describe('[A1] a device that cannot be had', () => {
  test.each([
    ['NotAllowedError', 'device-permission-denied'],
    ['NotReadableError', 'device-in-use'],
    ['NotFoundError', 'device-not-found'],
  ])('%s is %s, and nothing is published', async (refusal, code) => {
    const alice = await people.join('alice', { room: `refused-${code}`, devices });
    const attempts = () =>
      alice.page.evaluate(async () => {
        const { local } = seat.room;
        return {
          camera: await seat.outcome(() => local.setCamera(true)),
          microphone: await seat.outcome(() => local.setMicrophone(true)),
          screen: await seat.outcome(() => local.setScreenShare(true)),
        };
      });
    await alice.page.evaluate((name) => weirTest.refuseDevices(name), refusal);
    expect(await attempts()).toEqual({ camera: code, microphone: code, screen: code });
    expect(await alice.page.evaluate(() => seat.room.local.publications.size)).toBe(0);
    await alice.page.evaluate(() => weirTest.refuseDevices(undefined));
    expect(await attempts()).toEqual({ camera: 'ok', microphone: 'ok', screen: 'ok' });
    await alice.close();
  });

  test('one that is not there is device-not-found', async () => {
    const alice = await people.join('alice', { room: 'unknown-device', devices });
    const outcome = await alice.page.evaluate(() =>
      seat.outcome(() => seat.room.local.setCamera(true, { deviceId: 'sold' })),
    );
    expect(outcome).toBe('device-not-found');
    await alice.close();
  });
});
