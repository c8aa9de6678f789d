import { eventually, freePort, type TcpProxy, tcpProxy, udpProxy } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mediaDetour } from './media-detour.ts';
import { People, type Person } from './people.ts';
import { startTestPlatform, type TestPlatform } from './test-platform.ts';

const loopback = '127.0.0.1';

let platform: TestPlatform;
let people: People;
let mediaPort: number;
beforeAll(async () => {
  mediaPort = await freePort();
  platform = await startTestPlatform({ workers: 1, mediaPort });
  people = await People.of(platform);
});
afterAll(async () => {
  await people?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

const slow = { timeoutMs: 20_000 };

describe('[B7] [SG33] messages', () => {
  const signalingProxy = (seed: number) => {
    const { port } = new URL(platform.urls.local);
    return tcpProxy({ target: { host: loopback, port: Number(port) }, seed });
  };
  const through = ({ host, port }: TcpProxy) => `http://${host}:${port}`;
  const heard = async (person: Person) =>
    (await person.log()).filter((line) => line.startsWith('data ')).map((line) => line.slice(5));
  const hears = (person: Person, count: number) =>
    eventually(async () => {
      const lines = await heard(person);
      return lines.length >= count || `${lines.length} of ${count} messages`;
    }, slow);

  test('arrive once and in order while the sockets of sender and receiver are cut and go silent', async () => {
    await using near = await signalingProxy(1);
    await using far = await signalingProxy(2);
    const room = 'cuts';
    const [alice, bob, carol] = await Promise.all([
      people.join('alice', { room, url: through(near) }),
      people.join('bob', { room, url: through(far) }),
      people.join('carol', { room }),
    ]);
    const accepted = { near: near.counters.accepted, far: far.counters.accepted };
    const messages = Array.from({ length: 50 }, (_, i) => `message ${i}`);
    const sending = alice!.page.evaluate(async (messages) => {
      for (const message of messages) {
        await seat.room.sendMessage('chat', message);
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    }, messages);
    await hears(carol!, 5);
    near.reset();
    await hears(carol!, 12);
    far.reset();
    await hears(carol!, 20);
    near.reset();
    far.reset();
    await hears(carol!, 30);
    near.blackout(4_000);
    await sending;
    for (const person of [alice!, bob!, carol!]) {
      await hears(person, messages.length);
      expect(await heard(person)).toEqual(messages);
    }
    expect(near.counters.accepted - accepted.near).toBeGreaterThanOrEqual(3); // Each cut was one.
    expect(far.counters.accepted - accepted.far).toBeGreaterThanOrEqual(2);
    await Promise.all([alice!.close(), bob!.close(), carol!.close()]);
  });

  test('sent all at once when the socket breaks under them: once, in order', async () => {
    await using proxy = await signalingProxy(3);
    const room = 'burst';
    const [alice, bob] = await Promise.all([
      people.join('alice', { room, url: through(proxy) }),
      people.join('bob', { room }),
    ]);
    const messages = Array.from({ length: 40 }, (_, i) => `message ${i}`);
    // The burst takes a second, and answers come late: it is cut in the middle, with some unanswered that had arrived.
    proxy.set({ up: { rateBps: 64_000 }, down: { delayMs: 400 } });
    const sending = alice!.page.evaluate(
      (messages) => Promise.all(messages.map((message) => seat.room.sendMessage('chat', message))),
      messages,
    );
    await hears(bob!, 3);
    const early = (await heard(bob!)).length;
    proxy.reset();
    proxy.set({ up: { rateBps: undefined }, down: { delayMs: undefined } });
    expect(early).toBeLessThan(messages.length);
    await sending;
    await hears(bob!, messages.length);
    expect(await heard(bob!)).toEqual(messages);
    await Promise.all([alice!.close(), bob!.close()]);
  });

  test('[SG33] one too large, and too many at once, are refused in words', async () => {
    const alice = await people.join('alice', { room: 'limits' });
    const outcomes = await alice.page.evaluate(async () => {
      const say = (text: string) => seat.outcome(() => seat.room.sendMessage('chat', text));
      const fitting = await say('x'.repeat(16 * 1024));
      const larger = await say('x'.repeat(30_000));
      const many = await Promise.all(Array.from({ length: 100 }, () => say('hello')));
      return { fitting, larger, many: many.filter((outcome) => outcome !== 'ok') };
    });
    expect(outcomes.fitting).toBe('ok');
    expect(outcomes.larger).toBe('bad-request');
    expect(new Set(outcomes.many)).toEqual(new Set(['rate-limited']));
    expect(outcomes.many.length).toBeGreaterThan(20);
    await alice.close();
  });
});

describe('[B7] [SG40] samples', () => {
  const maxAgeMs = 300;
  /** Samples of 50 × 1 kB a second: twice what the narrow path carries. */
  const stream = { name: 'pulse', maxAgeMs, everyMs: 20, bytes: 1_000 };
  const narrow = { rateBps: 200_000, queueBytes: 5_000 };
  /** What waits in front of the narrow path, and a little for the machine. */
  const pathMs = 200 + 300;

  type Stats = { sent: number; dropped: number };
  const droppedShare = (before: Stats, after: Stats) => {
    const dropped = after.dropped - before.dropped;
    return dropped / Math.max(1, dropped + after.sent - before.sent);
  };

  test('late ones are dropped by the sender, none arrives old, and fresh ones flow after a blackout', async () => {
    await using proxy = await udpProxy({ target: { host: loopback, port: mediaPort }, seed: 4 });
    const room = 'samples';
    const script = mediaDetour({ port: mediaPort, via: proxy.port });
    const [alice, bob] = await Promise.all([
      people.join('alice', { room, script }),
      people.join('bob', { room }),
    ]);
    await alice.page.evaluate((options) => seat.streamSamples(options), stream);
    const stats = () => alice.page.evaluate(() => ({ ...seat.sampleStats }));
    const since = (at: number) =>
      bob.page.evaluate((at) => seat.samples.filter((s) => s.at >= at).map(({ ageMs }) => ageMs), at);
    let limitMs = maxAgeMs + pathMs;
    const old = async (at: number) => (await since(at)).filter((age) => age > limitMs);
    const fresh = async (from: number, count: number) => {
      await eventually(async () => {
        const now = (await since(from)).length;
        return now >= count || `${now} of ${count} samples`;
      }, slow);
    };

    await fresh(0, 25);
    const clear = { from: Date.now(), stats: await stats() };
    await fresh(clear.from, 75);
    expect(droppedShare(clear.stats, await stats()), 'on a clear path').toBeLessThan(0.25); // 0 on an idle machine.
    limitMs += Math.max(...(await since(clear.from))); // A busy machine is late on a clear path as well.

    proxy.set({ up: narrow });
    const narrowed = { at: Date.now(), stats: await stats() };
    await eventually(async () => {
      const share = droppedShare(narrowed.stats, await stats());
      return Date.now() > narrowed.at + 3_000 && (share > 0.3 || `${share} dropped on the narrow path`);
    }, slow);
    await fresh(Date.now(), 20);
    expect(await old(narrowed.at)).toEqual([]);

    proxy.set({ up: { rateBps: undefined } });
    const beforeBlackout = await stats();
    proxy.blackout(3_000);
    const blackoutEnds = Date.now() + 3_000;
    await eventually(async () => Date.now() > blackoutEnds || 'still black', slow);
    expect((await stats()).dropped - beforeBlackout.dropped).toBeGreaterThan(50);
    await fresh(Date.now(), 50);
    expect((await old(narrowed.at)).length).toBeLessThanOrEqual(2); // What SCTP had taken already: 1 kB.
    await Promise.all([alice.close(), bob.close()]);
  });
});
