import { canStartFleet, Fleet, type FleetNode } from '@weir/cli/testing';
import {
  canMakeNamespaces,
  chromiumPath,
  createNetwork,
  eventually,
  freePort,
  type Network,
} from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { People, type Person } from './people.ts';
import { chromiumTabs } from './tabs.ts';

const slow = { timeoutMs: 30_000 };
const canTest = canStartFleet && (await canMakeNamespaces());

/** Everybody is in one place, and reaches the fleet over a network that loses all media of one node. */
describe.skipIf(!canTest)(
  '[D10] a media node whose media is cut off while it answers',
  { timeout: 120_000 },
  () => {
    const stack = new AsyncDisposableStack();
    let network: Network<'fleet' | 'town'>;
    let fleet: Fleet;
    let front: FleetNode;
    let people: People;
    let alice: Person;
    let bob: Person;
    const ports: number[] = [];

    const serveMedia = async (nodeId: string) => {
      const port = await freePort();
      ports.push(port);
      const announced = ['--announce', network.address('fleet'), '--media-port', `${port}`];
      return fleet.serve(nodeId, 'media', announced);
    };
    /** Somebody in a room of their own. */
    const come = async (identity: string) => {
      const url = front.url.replace('127.0.0.1', network.address('fleet'));
      const person = await people.join(identity, { room: `room-of-${identity}`, url });
      await person.page.evaluate(() => seat.publishCamera({ fps: 5 }));
      return person;
    };
    const nodeOf = async ({ identity }: Person) =>
      (await fleet.mediaNodes(`room-of-${identity}`)).get(identity);
    const isThrough = async ({ page }: Person) =>
      (await page.evaluate(() => seat.room.paths())).length > 0 || 'no path';
    const lastPlacement = async () => {
      const { apiKey } = await fleet.place(front);
      const headers = { authorization: `Basic ${btoa(`${apiKey.id}:${apiKey.secret}`)}` };
      const answer = await fetch(`${front.url}/v1/placements?limit=1`, { headers });
      return ((await answer.json()) as { placements: Record<string, unknown>[] }).placements[0]!;
    };

    beforeAll(async () => {
      network = stack.use(await createNetwork({ hosts: { fleet: { main: true }, town: {} } }));
      fleet = stack.use(await Fleet.start());
      const reachable = ['--host', '0.0.0.0', '--public-url', `ws://${network.address('fleet')}:1`];
      front = await fleet.serve('front', 'director,signaling', reachable);
      await serveMedia('media-1');
      const executablePath = await network.executable('town', await chromiumPath());
      people = stack.use(await People.of(await fleet.place(front), await chromiumTabs({ executablePath })));
    }, 180_000);
    afterAll(() => stack.disposeAsync());

    test('[SG65] whoever does not get through to it gets in through another node', async () => {
      const url = front.url.replace('127.0.0.1', network.address('fleet'));
      const enter = (identity: string) => people.join(identity, { room: `room-of-${identity}`, url });
      [alice, bob] = await Promise.all([enter('alice'), enter('bob')]);
      expect(await nodeOf(alice)).toBe('media-1');
      await serveMedia('media-2');
      await network.closePorts('town', [ports[0]!]);
      for (const { page } of [alice, bob]) await page.evaluate(() => seat.publishCamera({ fps: 5 }));
      for (const person of [alice, bob]) {
        await eventually(async () => (await nodeOf(person)) === 'media-2' || 'still on media-1', slow);
        await eventually(() => isThrough(person), slow);
      }
    });

    test('[MC30] nobody new is sent there, though it is idle and answers', async () => {
      await eventually(async () => {
        const carol = await come('carol');
        await eventually(() => isThrough(carol), slow);
        const node = await nodeOf(carol);
        await carol.close();
        return node === 'media-2' || `on ${node}`;
      }, slow);
      expect(await lastPlacement()).toMatchObject({
        nodeId: 'media-2',
        passedOver: [{ nodeId: 'media-1', why: 'clients do not get through to it' }],
      });
    });

    test('[MC30] once it lets people through again, one finds out and the others follow', async () => {
      await network.closePorts('town', []);
      let came = 0;
      const goesThere = async (reason: RegExp) => {
        const person = await come(`guest-${++came}`);
        await eventually(() => isThrough(person), slow);
        const placement = await lastPlacement();
        await person.close();
        return (
          (placement.nodeId === 'media-1' && reason.test(`${placement.reason}`)) || JSON.stringify(placement)
        );
      };
      await eventually(() => goesThere(/^one tries/), { timeoutMs: 90_000, intervalMs: 3_000 });
      await eventually(() => goesThere(/ on media-2$/), slow);
    });
  },
);
