import { canStartFleet, Fleet, type FleetNode } from '@weir/cli/testing';
import { eventually, freePort } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { People, type Person } from './people.ts';
import { canRelay } from './test-relay.ts';

const slow = { timeoutMs: 30_000 };

/** Alice and bob in a room of relays only, in a fleet with two of them. */
describe.skipIf(!canStartFleet || !canRelay)('[B11] relays of a fleet', () => {
  const stack = new AsyncDisposableStack();
  let front: FleetNode;
  let relays: (FleetNode & { ports: [number, number] })[];
  let people: People;
  let alice: Person;
  let bob: Person;

  beforeAll(async () => {
    const fleet = stack.use(await Fleet.start());
    const relay = async (nodeId: string, ports: [number, number]) => {
      const own = ['--relay-port', `${await freePort()}`, '--relay-ports', ports.join('-')];
      return { ...(await fleet.serve(nodeId, 'relay', [...own, '--relay-allow', '127.0.0.1'])), ports };
    };
    front = await fleet.serve('front', 'director,signaling');
    const [, ...both] = await Promise.all([
      fleet.serve('media', 'media'),
      relay('relay-1', [47_600, 47_699]),
      relay('relay-2', [47_700, 47_799]),
    ]);
    relays = both;
    const place = await fleet.place(front);
    people = stack.use(await People.of(place));
    const key = btoa(`${place.apiKey.id}:${place.apiKey.secret}`);
    const headers = { 'content-type': 'application/json', authorization: `Basic ${key}` };
    const body = JSON.stringify({ roomId: 'room', settings: { mediaPaths: 'relay-only' } });
    const made = await fetch(`${front.url}/v1/rooms`, { method: 'POST', headers, body });
    expect(made.status).toBe(201);
    [alice, bob] = await Promise.all([people.join('alice'), people.join('bob')]);
    await Promise.all([alice, bob].map(({ page }) => page.evaluate(() => seat.publishCamera({ fps: 15 }))));
  }, 180_000);
  afterAll(() => stack.disposeAsync());

  /** The ports of relays from which media reaches the media node. */
  const portsOf = async (person: Person) => {
    const paths = await person.page.evaluate(() => seat.room.paths());
    expect(paths.every(({ via }) => via === 'relay')).toBe(true);
    return paths.map(({ local }) => Number(/:(\d+) /.exec(local)![1]));
  };
  const isOf = ({ ports: [first, last] }: { ports: [number, number] }, port: number) =>
    port >= first && port <= last;
  const eachSeesTheOther = async () => {
    await eventually(() => alice.sees(bob), slow);
    await eventually(() => bob.sees(alice), slow);
  };

  test('a call in a room of relays only goes through them, with credentials of its own for each', async () => {
    await eachSeesTheOther();
    for (const person of [alice, bob])
      for (const port of await portsOf(person)) expect(relays.some((relay) => isOf(relay, port))).toBe(true);
  });

  test('[SG53] when a relay dies, whoever used it goes on through the other, and nobody rejoins', async () => {
    const ports = await portsOf(alice);
    const busy = relays.find((relay) => isOf(relay, ports[0]!))!;
    const other = relays.find((relay) => relay !== busy)!;
    const log = await alice.log();
    await busy.kill(); // Its coturn goes with it.
    await eventually(async () => {
      const all = [...(await portsOf(alice)), ...(await portsOf(bob))];
      return (all.length === 4 && all.every((port) => isOf(other, port))) || `through ${all}`;
    }, slow);
    await eachSeesTheOther();
    expect(
      (await alice.log()).slice(log.length).filter((line) => /status|mediaReset|Left/.test(line)),
    ).toEqual([]);
  });
});
