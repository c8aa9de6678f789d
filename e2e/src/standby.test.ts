import { canStartFleet, Fleet, type FleetNode } from '@weir/cli/testing';
import { eventually } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { People, type Person } from './people.ts';

const slow = { timeoutMs: 30_000 };
/** Counts the connections that a page makes. */
const script = `
  globalThis.made = 0;
  const Connection = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Connection {
    constructor(...options) {
      super(...options);
      globalThis.made++;
    }
  };
`;

describe.skipIf(!canStartFleet)('[B9] a room with warm standby', () => {
  const stack = new AsyncDisposableStack();
  let fleet: Fleet;
  let front: FleetNode;
  const media = new Map<string, FleetNode>();
  let alice: Person;
  let bob: Person;

  beforeAll(async () => {
    fleet = stack.use(await Fleet.start());
    front = await fleet.serve('front', 'director,signaling');
    for (const nodeId of ['media-1', 'media-2']) media.set(nodeId, await fleet.serve(nodeId, 'media'));
    const place = await fleet.place(front);
    const people = stack.use(await People.of(place));
    const body = JSON.stringify({ roomId: 'room', settings: { standby: 'warm' } });
    const { id, secret } = place.apiKey;
    const headers = { 'content-type': 'application/json', authorization: `Basic ${btoa(`${id}:${secret}`)}` };
    const made = await fetch(`${front.url}/v1/rooms`, { method: 'POST', headers, body });
    expect(made.ok).toBe(true);
    alice = await people.join('alice', { script });
    bob = await people.join('bob', { script });
    for (const person of [alice, bob]) await person.page.evaluate(() => seat.publishCamera());
    await eachSeesTheOther();
  }, 180_000);
  afterAll(() => stack.disposeAsync());

  const eachSeesTheOther = async () => {
    await eventually(() => alice.sees(bob), slow);
    await eventually(() => bob.sees(alice), slow);
  };
  /** The media session that it stands by with, once that is connected. */
  const standsBy = async (person: Person) => {
    const standby = await eventually(async () => {
      const { standby } = await person.page.evaluate(() => ({ standby: seat.room.debug.standby }));
      return standby?.connected ? standby : 'not connected to a second node';
    }, slow);
    return standby.mediaSessionId;
  };
  const inUse = (person: Person) => person.page.evaluate(() => seat.room.debug.mediaSessionId);
  const goesOnOver = (person: Person, mediaSessionId: string) =>
    eventually(async () => {
      const now = await inUse(person);
      const resets = (await person.log()).filter((line) => line.startsWith('mediaReset'));
      return now === mediaSessionId || `${person.identity} is on ${now}, not ${mediaSessionId}: ${resets}`;
    }, slow);
  const connectionsMade = (person: Person) =>
    person.page.evaluate(() => (globalThis as unknown as { made: number }).made);

  test('[SG61][SG62][SG63][MC25] when the media node is killed everybody goes on over the connections that are there', async () => {
    const ready = [await standsBy(alice), await standsBy(bob)];
    const nodes = await fleet.mediaNodes('room');
    expect(new Set(nodes.values()).size).toBe(1);
    const made = [await connectionsMade(alice), await connectionsMade(bob)];
    const node = media.get(nodes.get('alice')!)!;
    await node.kill();
    await goesOnOver(alice, ready[0]!);
    await goesOnOver(bob, ready[1]!);
    await eachSeesTheOther();
    expect([await connectionsMade(alice), await connectionsMade(bob)]).toEqual(made);
    expect([...(await fleet.mediaNodes('room')).values()]).not.toContain(node.nodeId);
    media.delete(node.nodeId);
  });

  test('[SG62] another standby comes as soon as there is a node for it, and takes over in turn', async () => {
    const [left] = [...media.values()];
    await fleet.serve('media-3', 'media');
    const ready = await standsBy(alice);
    await standsBy(bob);
    await left!.kill();
    await goesOnOver(alice, ready);
    await eachSeesTheOther();
  });
});
