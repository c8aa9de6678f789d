import { canStartFleet, Fleet, type FleetNode } from '@weir/cli/testing';
import { sleep } from '@weir/core';
import { eventually } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { People, type Person } from './people.ts';

const slow = { timeoutMs: 30_000 };
/** How long Redis is silent; for minutes `WEIR_OUTAGE_SECONDS=300 ./weir test fleet.test`. */
const outageMs = Number(process.env.WEIR_OUTAGE_SECONDS ?? 5) * 1_000;

describe.skipIf(!canStartFleet)('[A2] a fleet on one Redis and one Postgres', () => {
  const stack = new AsyncDisposableStack();
  let fleet: Fleet;
  let front: FleetNode;
  let other: FleetNode;
  let media: FleetNode[];
  let people: People;
  let alice: Person;
  let bob: Person;

  beforeAll(async () => {
    fleet = stack.use(await Fleet.start());
    front = await fleet.serve('front-1', 'director,signaling');
    [other, ...media] = await Promise.all([
      fleet.serve('front-2', 'director,signaling'),
      fleet.serve('media-1', 'media'),
      fleet.serve('media-2', 'media'),
    ]);
    people = stack.use(await People.of(await fleet.place(front)));
    alice = await people.join('alice');
    bob = await people.join('bob', { url: other.url });
  }, 180_000);
  afterAll(() => stack.disposeAsync());

  const call = async (node: FleetNode, path: string) => {
    const { apiKey } = await fleet.place(node);
    const authorization = `Basic ${btoa(`${apiKey.id}:${apiKey.secret}`)}`;
    return (await fetch(new URL(path, node.url), { headers: { authorization } })).json();
  };
  const join = async (identity: string, { url }: FleetNode) => {
    const body = JSON.stringify({ token: await people.token(identity) });
    const headers = { 'content-type': 'application/json' };
    return (await fetch(`${url}/v1/join`, { method: 'POST', headers, body })).json();
  };
  const eachSeesTheOther = async () => {
    await eventually(() => alice.sees(bob), slow);
    await eventually(() => bob.sees(alice), slow);
  };

  test('two people on two signaling nodes see each other, and their messages in one order', async () => {
    for (const person of [alice, bob]) await person.page.evaluate(() => seat.publishCamera());
    await eachSeesTheOther();
    const say = (person: Person) =>
      person.page.evaluate(async () => {
        for (let i = 0; i < 10; i++) await seat.room.sendMessage('chat', `${seat.room.local.identity} ${i}`);
      });
    await Promise.all([say(alice), say(bob)]);
    const heard = async (person: Person) => (await person.log()).filter((line) => line.startsWith('data '));
    await eventually(
      async () => (await heard(alice)).length === 20 && (await heard(bob)).length === 20,
      slow,
    );
    expect(await heard(alice)).toEqual(await heard(bob));
    expect(await call(front, '/v1/rooms/room/participants')).toEqual(
      await call(other, '/v1/rooms/room/participants'),
    );
  });

  test('[SG22][SG23] a signaling node that dies is replaced by another: no frame is lost, nobody seems to leave', async () => {
    const before = await bob.log();
    await front.kill();
    await eventually(
      async () => (await alice.page.evaluate(() => seat.room.status)) === 'connected' || 'not back',
      slow,
    );
    await alice.page.evaluate(() => seat.room.sendMessage('chat', 'still here'));
    await eventually(async () => (await bob.log()).some((line) => line.includes('still here')), slow);
    const since = (await bob.log()).slice(before.length);
    expect(since.filter((line) => /participantLeft|participantJoined|trackUn/.test(line))).toEqual([]);
    await eachSeesTheOther();
  });

  test('[SG32] a media node that dies is replaced by another: pictures come back, nobody rejoins', async () => {
    const { participants } = (await call(other, '/v1/rooms/room/participants')) as {
      participants: { participantId: string }[];
    };
    const { placements } = (await call(other, '/v1/placements')) as { placements: { nodeId: string }[] };
    const busy = media.find(({ nodeId }) => nodeId === placements[0]!.nodeId)!;
    await busy.kill();
    await eachSeesTheOther();
    const after = (await call(other, '/v1/rooms/room/participants')) as typeof participants & {
      participants: { participantId: string }[];
    };
    expect(after.participants.map((p) => p.participantId)).toEqual(participants.map((p) => p.participantId));
  });

  test(
    'while Redis does not answer the call goes on; then all is as before',
    async () => {
      await fleet.redis.pause();
      const endsAt = Date.now() + outageMs;
      const refused = await join('late', other);
      expect(refused).toMatchObject({ status: 503, code: 'connection-lost', retryable: true });
      const asksFor = (maxSpatialLayer: number) =>
        alice.page.evaluate(
          (maxSpatialLayer) =>
            seat.outcome(() => seat.publication('bob', 'camera')!.setPreferences({ maxSpatialLayer })),
          maxSpatialLayer,
        );
      for (let round = 0; round < 2 || Date.now() < endsAt; round++) {
        await eachSeesTheOther();
        expect(await asksFor(round % 3)).toBe('ok');
        for (const { page } of [alice, bob])
          expect(await page.evaluate(() => seat.room.status)).toBe('connected');
        await sleep(1_000);
      }
      const published = alice.page.evaluate(() => seat.outcome(() => seat.room.local.setMicrophone(true)));
      await fleet.redis.resume();
      await eventually(
        () =>
          alice.page
            .evaluate(() => seat.outcome(() => seat.room.sendMessage('chat', 'redis is back')))
            .then((code) => code === 'ok' || code),
        slow,
      );
      await eventually(async () => (await bob.log()).some((line) => line.includes('redis is back')), slow);
      expect(await published).toBe('ok');
      await eventually(async () => (await bob.log()).includes('trackPublished alice microphone'), slow);
      await eachSeesTheOther();
    },
    outageMs + 120_000,
  );

  test('when Redis has lost everything, everybody is back in the room by themselves', async () => {
    const carol = await people.join('carol', { url: other.url }); // The director that alice knows is dead since.
    await carol.page.evaluate(() => seat.publishCamera());
    await eventually(() => bob.sees(carol), slow);
    await fleet.redis.halt();
    await fleet.redis.start();
    const joined = async (person: Person) =>
      (await person.log()).filter((line) => line === 'status connected').length;
    const anew = { timeoutMs: 60_000 };
    await eventually(async () => (await joined(carol)) >= 2 || 'carol is not back', anew);
    await eventually(() => bob.sees(carol), anew);
    await eventually(() => carol.sees(bob), anew);
    await carol.page.evaluate(() => seat.room.sendMessage('chat', 'all is new'));
    await eventually(async () => (await bob.log()).some((line) => line.includes('all is new')), slow);
  });
});
