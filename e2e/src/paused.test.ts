import { canStartFleet, Fleet, type FleetNode } from '@weir/cli/testing';
import { sleep } from '@weir/core';
import { eventually } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { People, type Person } from './people.ts';

const slow = { timeoutMs: 60_000 };
/** Longer than any lease of a node. */
const pauseMs = 4_000;

describe.skipIf(!canStartFleet)(
  '[A6][A8] processes that stand still, a store that is away, a region that dies',
  () => {
    const stack = new AsyncDisposableStack();
    let fleet: Fleet;
    let fronts: [FleetNode, FleetNode];
    let media: [FleetNode, FleetNode];
    let people: People;
    let alice: Person;
    let bob: Person;

    beforeAll(async () => {
      fleet = stack.use(await Fleet.start());
      const inRegion = (region: string) => ['--region', region];
      const first = await fleet.serve('front-eu', 'director,signaling', inRegion('eu'));
      const [second, ...rest] = await Promise.all([
        fleet.serve('front-us', 'director,signaling', inRegion('us')),
        fleet.serve('media-eu', 'media', inRegion('eu')),
        fleet.serve('media-us', 'media', inRegion('us')),
      ]);
      fronts = [first, second];
      media = rest;
      people = stack.use(await People.of(await fleet.place(first)));
      alice = await people.join('alice');
      bob = await people.join('bob', { url: second.url });
      for (const person of [alice, bob]) await person.page.evaluate(() => seat.publishCamera());
      await eachSeesTheOther();
    }, 180_000);
    afterAll(() => stack.disposeAsync());

    const eachSeesTheOther = async (others = [alice, bob]) => {
      for (const one of others)
        for (const other of others) if (one !== other) await eventually(() => one.sees(other), slow);
    };
    const departures = async (person: Person) =>
      (await person.log()).filter((line) => /participantLeft|trackUnpublished/.test(line));
    const say = (person: Person, text: string) =>
      person.page.evaluate((text) => seat.room.sendMessage('chat', text), text);
    const hears = (person: Person, text: string) =>
      eventually(async () => (await person.log()).some((line) => line.includes(text)) || `no ${text}`, slow);
    const nodeOf = async (identity: string) => (await fleet.mediaNodes('room')).get(identity);

    test('a media node that stood still for longer than its lease finds its people gone, and serves new ones', async () => {
      expect(await nodeOf('alice')).toBe('media-eu');
      await media[0].freeze();
      await eventually(async () => (await nodeOf('alice')) === 'media-us' || 'alice is still there', slow);
      await eachSeesTheOther();
      await sleep(pauseMs);
      await media[0].thaw();
      await eventually(async () => (await fleet.sessionsOn('media-eu')) === 0 || 'it has sessions yet', slow);
      await eachSeesTheOther();
      expect(await nodeOf('alice')).toBe('media-us');
      expect([...(await departures(alice)), ...(await departures(bob))]).toEqual([]);
    });

    test('a signaling node that stood still for longer than its lease harms nobody who went elsewhere', async () => {
      await fronts[0].freeze();
      await say(alice, 'from elsewhere');
      await hears(bob, 'from elsewhere');
      await sleep(pauseMs);
      await fronts[0].thaw();
      const late = await people.join('late', { url: fronts[0].url }); // It takes people again.
      await say(late, 'it is back');
      await hears(alice, 'it is back');
      await eachSeesTheOther();
      expect([...(await departures(alice)), ...(await departures(bob))]).toEqual([]);
      await late.page.evaluate(() => seat.room.leave());
    });

    test('what is changed while the store is away holds when it is back', async () => {
      const dora = await people.join('dora', { url: fronts[1].url });
      await eventually(async () => (await bob.log()).includes('participantJoined dora') || 'no dora', slow);
      await fleet.redis.pause();
      const muted = bob.page.evaluate(() => seat.room.local.publication('camera')!.setMuted(true));
      await dora.close();
      await sleep(pauseMs);
      expect(await bob.sees(alice)).toBe(true);
      await fleet.redis.resume();
      await muted;
      const sawMute = () =>
        alice.page.evaluate(() =>
          [...seat.room.remotes.values()].some(
            (one) => one.identity === 'bob' && one.publication('camera')?.muted,
          ),
        );
      await eventually(async () => (await sawMute()) || 'alice sees no mute', slow);
      const doraStatus = () =>
        alice.page.evaluate(
          () => [...seat.room.remotes.values()].find((one) => one.identity === 'dora')?.info.status,
        );
      await eventually(async () => (await doraStatus()) !== 'connected' || 'dora seems to be there', slow);
      await bob.page.evaluate(() => seat.room.local.publication('camera')!.setMuted(false));
      await eachSeesTheOther();
    });

    test('when a region dies its people go on in the other one, and nobody seems to leave', async () => {
      const eve = await people.join('eve', { url: fronts[0].url });
      await eve.page.evaluate(() => seat.publishCamera());
      await eachSeesTheOther([alice, bob, eve]);
      expect(await nodeOf('eve')).toBe('media-eu');
      const before = (await departures(bob)).length;
      await Promise.all([fronts[0].kill(), media[0].kill()]);
      await eventually(async () => (await nodeOf('eve')) === 'media-us' || 'eve is still there', slow);
      await eachSeesTheOther([alice, bob, eve]);
      await say(eve, 'from the other region');
      await hears(bob, 'from the other region');
      expect((await departures(bob)).slice(before)).toEqual([]);
    });
  },
);
