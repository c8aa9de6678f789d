import { eventually } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { People } from './people.ts';
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

describe('a call between two Chromium pages', () => {
  test('[A1] camera and microphone both ways, whoever came first', async () => {
    const room = 'both-ways';
    const alice = await people.join('alice', { room });
    await alice.page.evaluate(() => Promise.all([seat.publishCamera(), seat.publishTone()]));
    const bob = await people.join('bob', { room });
    await bob.page.evaluate(() => Promise.all([seat.publishCamera(), seat.publishTone()]));
    await eventually(() => bob.sees(alice), slow);
    await eventually(() => alice.sees(bob), slow);
    await eventually(async () => (await bob.hears(alice)) > -65 || 'bob hears no tone', slow);
    await eventually(async () => (await alice.hears(bob)) > -65 || 'alice hears no tone', slow);
    await alice.page.evaluate(() =>
      Promise.all([...seat.room.local.publications.values()].map((publication) => publication.unpublish())),
    );
    const ended = ['camera', 'microphone'].map((source) => ({ type: 'trackUnsubscribed', detail: source }));
    await eventually(async () => {
      const log = await bob.page.evaluate(() => seat.log);
      return ended.every(({ type, detail }) => log.some((it) => it.type === type && it.detail === detail));
    }, slow);
    await Promise.all([alice.close(), bob.close()]);
  });

  test('[B7] messages arrive in order, also to those they are meant for only', async () => {
    const room = 'chat';
    const [alice, bob, carol] = await Promise.all(
      ['alice', 'bob', 'carol'].map((name) => people.join(name, { room })),
    );
    const bobId = await bob!.page.evaluate(() => seat.room.local.participantId);
    await alice!.page.evaluate(async (to) => {
      for (let i = 0; i < 10; i++) await seat.room.sendMessage('chat', `to all ${i}`);
      await seat.room.sendMessage('chat', 'to bob', { to: [to] });
      await seat.room.sendMessage('chat', 'last');
    }, bobId);
    const data = async (person: typeof alice) =>
      (await person!.log()).filter((line) => line.startsWith('data')).map((l) => l.slice(5));
    const all = Array.from({ length: 10 }, (_, i) => `to all ${i}`);
    for (const person of [bob, carol])
      await eventually(async () => (await data(person)).includes('last') || 'not yet');
    expect(await data(carol)).toEqual([...all, 'last']);
    expect(await data(bob)).toEqual([...all, 'to bob', 'last']);
    await Promise.all([alice!.close(), bob!.close(), carol!.close()]);
  });
});

describe('[A4] resume', () => {
  test('a restart of signaling is not noticed: no frame is missed, nobody leaves, what was said arrives', async () => {
    const room = 'restart';
    const alice = await people.join('alice', { room });
    await alice.page.evaluate(() => seat.publishCamera());
    const bob = await people.join('bob', { room });
    await eventually(() => bob.sees(alice), slow);
    const stream = async () => {
      const { ssrc, packetsLost, packetsReceived } = await bob.page.evaluate(() => seat.inbound('alice'));
      return { ssrc, packetsLost, packets: Number(packetsReceived) };
    };
    const before = await stream();
    await platform.restartSignaling();
    await bob.page.evaluate(() => seat.room.sendMessage('chat', 'still here'));
    await eventually(async () => (await alice.log()).includes('data still here') || 'alice has not heard it');
    await eventually(() => bob.sees(alice), slow);
    const after = await stream();
    // The same stream on the same transport, and not a packet of it lost.
    expect(after).toMatchObject({ ssrc: before.ssrc, packetsLost: before.packetsLost });
    expect(after.packets).toBeGreaterThan(before.packets);
    expect(await bob.log()).not.toContainEqual(expect.stringContaining('participantLeft'));
    expect(await bob.log()).not.toContainEqual(expect.stringContaining('mediaReset'));
    await Promise.all([alice.close(), bob.close()]);
  });

  test('a reload keeps the seat: same participant, no leaving, and the picture comes back', async () => {
    const room = 'reload';
    const alice = await people.join('alice', { room, away: true });
    const id = await alice.join();
    await alice.page.evaluate(() => seat.publishCamera());
    const bob = await people.join('bob', { room });
    await eventually(() => bob.sees(alice), slow);
    await alice.load();
    expect(await alice.join()).toBe(id);
    await alice.page.evaluate(() => seat.publishCamera());
    await eventually(() => bob.sees(alice), slow);
    const log = await bob.log();
    expect(log).not.toContainEqual(expect.stringContaining('participantLeft'));
    expect(log).toContain('participantUpdated alice reconnecting');
    expect(log).toContain('participantUpdated alice connected');
    await Promise.all([alice.close(), bob.close()]);
  });

  test('the death of every engine worker costs a freeze, not the call', async () => {
    const room = 'workers';
    const alice = await people.join('alice', { room });
    await alice.page.evaluate(() => seat.publishCamera());
    const bob = await people.join('bob', { room });
    await bob.page.evaluate(() => seat.publishCamera());
    await eventually(() => bob.sees(alice), slow);
    await eventually(() => alice.sees(bob), slow);
    const { workers } = await platform.sfu.node.handlers['node.describe']({}, undefined as never);
    for (const { pid } of workers) process.kill(pid, 'SIGKILL');
    await eventually(
      async () => (await bob.log()).some((line) => line.startsWith('mediaReset')) || 'no reset',
      slow,
    );
    await eventually(() => bob.sees(alice), slow);
    await eventually(() => alice.sees(bob), slow);
    expect(await bob.log()).not.toContainEqual(expect.stringContaining('participantLeft'));
    await Promise.all([alice.close(), bob.close()]);
  });
});
