import { canStartFleet, Fleet, type FleetNode } from '@weir/cli/testing';
import { eventually, freePort, tcpProxy } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { People, type Person } from './people.ts';

const slow = { timeoutMs: 30_000 };
const farMs = 60;

/** Everybody asks the director in the EU, whose signaling is far away from them; that in the US is near. */
describe.skipIf(!canStartFleet)('[A7] a fleet in two regions', { timeout: 120_000 }, () => {
  const stack = new AsyncDisposableStack();
  let fleet: Fleet;
  let eu: FleetNode;
  let us: FleetNode;
  let media: FleetNode[];
  let people: People;
  let alice: Person;
  let bob: Person;

  beforeAll(async () => {
    fleet = stack.use(await Fleet.start());
    const serve = (nodeId: string, roles: string, options: string[] = [], at?: number) =>
      fleet.serve(nodeId, roles, ['--region', nodeId.split('-')[0]!, ...options], at);
    const port = await freePort();
    const delay = { delayMs: farMs / 2 };
    const far = stack.use(
      await tcpProxy({ target: { host: '127.0.0.1', port }, seed: 7, up: delay, down: delay }),
    );
    const announced = ['--public-url', `ws://127.0.0.1:${far.port}`];
    eu = await serve('eu-front', 'director,signaling', announced, port);
    [us, ...media] = (await Promise.all([
      serve('us-front', 'director,signaling'),
      serve('eu-1', 'media'),
      serve('us-1', 'media'),
    ])) as [FleetNode, ...FleetNode[]];
    people = stack.use(await People.of(await fleet.place(eu)));
  }, 180_000);
  afterAll(() => stack.disposeAsync());

  const call = async (method: string, path: string, body: object) => {
    const { apiKey } = await fleet.place(eu);
    const authorization = `Basic ${btoa(`${apiKey.id}:${apiKey.secret}`)}`;
    const headers = { authorization, 'content-type': 'application/json' };
    return (await fetch(new URL(path, eu.url), { method, headers, body: JSON.stringify(body) })).status;
  };
  const nodeOf = async (room: string, { identity }: Person) => (await fleet.mediaNodes(room)).get(identity);
  /** Joins a second time, with what was measured meanwhile. */
  const enter = async (identity: string, room = 'room') => {
    const person = await people.join(identity, { room });
    await person.page.evaluate(async (url) => {
      await (seat.room.constructor as unknown as { prepare(at: object): Promise<void> }).prepare({ url });
      await seat.room.leave();
    }, eu.url);
    await person.join();
    await person.page.evaluate(() => seat.publishCamera({ fps: 15 }));
    return person;
  };

  test('[SG66] whoever has measured is placed in the nearest region, whichever director was asked', async () => {
    alice = await enter('alice');
    expect(await nodeOf('room', alice)).toBe('us-1');
    bob = await people.join('bob'); // He has not: he gets the director's.
    await bob.page.evaluate(() => seat.publishCamera({ fps: 15 }));
    expect(await nodeOf('room', bob)).toBe('eu-1');
    await eventually(() => alice.sees(bob), slow);
    await eventually(() => bob.sees(alice), slow);
  });

  test('[SG67] a room that must stay in a region stays there; one that must be moved goes', async () => {
    expect(await call('POST', '/v1/rooms', { roomId: 'ward', settings: { region: 'eu' } })).toBe(201);
    const carol = await enter('carol', 'ward');
    expect(await nodeOf('ward', carol)).toBe('eu-1');
    expect(await call('PATCH', '/v1/rooms/ward', { settings: { region: 'us' } })).toBe(200);
    await eventually(async () => (await nodeOf('ward', carol)) === 'us-1' || 'still in the EU', slow);
    expect(await call('PATCH', '/v1/rooms/ward', { settings: { region: 'eu' } })).toBe(200);
    await eventually(async () => (await nodeOf('ward', carol)) === 'eu-1' || 'not back', slow);
    await carol.close();
  });

  test('[A7] a region that is lost: its people are in the other one, and see each other again', async () => {
    const before = await bob.log();
    await Promise.all([us, media.find(({ nodeId }) => nodeId === 'us-1')!].map((node) => node.kill()));
    await eventually(async () => (await nodeOf('room', alice)) === 'eu-1' || 'alice is not there yet', slow);
    await eventually(() => alice.sees(bob), slow);
    await eventually(() => bob.sees(alice), slow);
    const since = (await bob.log()).slice(before.length);
    expect(since.filter((line) => /participantLeft|participantJoined/.test(line))).toEqual([]);
  });
});
