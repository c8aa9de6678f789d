import { canStartFleet, Fleet, type FleetNode } from '@weir/cli/testing';
import { eventually } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { People, type Person } from './people.ts';

const slow = { timeoutMs: 30_000, intervalMs: 200 };

describe.skipIf(!canStartFleet)('[B2] a room over four media nodes in two regions', () => {
  const stack = new AsyncDisposableStack();
  let fleet: Fleet;
  let fronts: FleetNode[];
  let media: FleetNode[];
  let people: People;
  let alice: Person;
  let viewers: Person[];
  let camera: string;

  beforeAll(async () => {
    fleet = stack.use(await Fleet.start());
    const serve = (nodeId: string, roles: string, options: string[] = []) =>
      fleet.serve(nodeId, roles, ['--region', nodeId.split('-')[0]!, ...options]);
    fronts = [await serve('eu-front', 'director,signaling')]; // First by itself: it makes the tables.
    const one = ['--max-sessions', '1'];
    const started = await Promise.all([
      serve('us-front', 'director,signaling'),
      ...['eu-1', 'eu-2', 'us-1', 'us-2'].map((nodeId) => serve(nodeId, 'media', one)),
    ]);
    fronts.push(started[0]!);
    media = started.slice(1);
    people = stack.use(await People.of(await fleet.place(fronts[0]!)));
    alice = await people.join('alice');
    viewers = [
      await people.join('bob'),
      await people.join('carol', { url: fronts[1]!.url }),
      await people.join('dave', { url: fronts[1]!.url }),
    ];
    camera = await alice.page.evaluate(() => seat.publishCamera());
    await alice.page.evaluate(() => seat.publishTone());
    const vitals = { name: 'vitals', maxAgeMs: 1_000, everyMs: 100, bytes: 20 };
    await alice.page.evaluate((options) => seat.streamSamples(options), vitals);
  }, 180_000);
  afterAll(() => stack.disposeAsync());

  const cameraPipes = async () => (await fleet.pipes()).filter(({ trackId }) => trackId === camera);
  const see = async (who: Person[]) => {
    for (const viewer of who) await eventually(() => viewer.sees(alice), slow);
  };
  const regionOf = (nodeId: string) => nodeId.split('-')[0];
  const kill = (nodeId: string) => media.find((node) => node.nodeId === nodeId)!.kill();
  const seats = async () =>
    (await alice.page.evaluate(() => [...seat.room.remotes.values()].map((p) => p.participantId))).sort();

  test('[MC13][MC14] all see and hear her; her node sends one copy to its neighbour, and one abroad', async () => {
    await see(viewers);
    for (const viewer of viewers)
      await eventually(async () => (await viewer.hears(alice)) > -65 || 'no tone', slow);
    for (const viewer of viewers)
      await eventually(
        async () => (await viewer.page.evaluate(() => seat.samples.length)) > 3 || 'no samples',
        slow,
      );
    const nodes = await fleet.mediaNodes('room');
    expect(new Set(nodes.values()).size).toBe(4);
    const origin = nodes.get('alice')!;
    const pipes = await cameraPipes();
    expect(pipes).toHaveLength(3);
    const [here, abroad] = [
      pipes.filter(({ from }) => from === origin),
      pipes.find(({ from }) => from !== origin),
    ];
    expect(here.map(({ to }) => regionOf(to)).sort()).toEqual(['eu', 'us']);
    expect(regionOf(abroad!.from)).toBe('us');
    for (const { packets } of pipes) expect(packets).toBeGreaterThan(50);
    const [one, other] = here.map(({ bytes }) => bytes);
    expect(Math.max(one!, other!) / Math.min(one!, other!)).toBeLessThan(3); // Of the same camera, begun at about the same time.
  });

  test('[MC14] the node in the middle dies: its people and those behind it see her again, nobody rejoins', async () => {
    const before = await seats();
    const origin = (await fleet.mediaNodes('room')).get('alice')!;
    const middle = (await cameraPipes()).find(({ from }) => from !== origin)!;
    await kill(middle.from);
    await see(viewers);
    expect(await seats()).toEqual(before);
    await eventually(async () => {
      const to = (await cameraPipes()).filter(({ from }) => from === origin).map((pipe) => pipe.to);
      return to.includes(middle.to) || `pipes to ${to}`;
    }, slow);
  });

  test('[MC16] the node of the publisher dies: her camera is produced on another, and all see it', async () => {
    const before = await seats();
    await kill((await fleet.mediaNodes('room')).get('alice')!);
    await see(viewers);
    expect(await seats()).toEqual(before);
  });

  test('[MC13] when those on another node stop looking, nothing goes there', async () => {
    const nodes = await fleet.mediaNodes('room');
    const away = viewers.filter(({ identity }) => nodes.get(identity) !== nodes.get('alice'));
    expect(away.length).toBeGreaterThan(0);
    await eventually(async () => (await cameraPipes()).length > 0 || 'no pipe', slow);
    for (const viewer of away)
      await viewer.page.evaluate(() => seat.publication('alice')!.setSubscribed(false));
    await eventually(async () => (await cameraPipes()).length === 0 || 'still flowing', slow);
  });
});
