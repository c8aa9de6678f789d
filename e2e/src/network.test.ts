import { eventually, freePort, tcpProxy, udpProxy } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type MediaDetour, mediaDetour } from './media-detour.ts';
import { People, type Person, type PersonOptions } from './people.ts';
import { startTestPlatform, type TestPlatform } from './test-platform.ts';

const loopback = '127.0.0.1';
const forGoodMs = 600_000;
const slow = { timeoutMs: 25_000 };

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

const mediaProxy = (seed: number) => udpProxy({ target: { host: loopback, port: mediaPort }, seed });

/** Alice, whose media takes a detour, and bob, both with a camera and seeing each other. */
async function call(
  room: string,
  detour?: Omit<MediaDetour, 'port'>,
  options: PersonOptions = {},
): Promise<[alice: Person, bob: Person]> {
  const script = detour ? mediaDetour({ port: mediaPort, ...detour }) : '';
  const pair = await Promise.all([
    people.join('alice', { room, script, ...options }),
    people.join('bob', { room }),
  ]);
  await Promise.all(pair.map((person) => person.page.evaluate(() => seat.publishCamera({ fps: 20 }))));
  await bothSee(pair);
  return pair;
}

async function bothSee([alice, bob]: [Person, Person]): Promise<void> {
  await eventually(() => bob.sees(alice), slow);
  await eventually(() => alice.sees(bob), slow);
}

async function standsStill(person: Person, other: Person): Promise<void> {
  await eventually(async () => /stands still/.test(String(await person.sees(other))) || 'still moving', slow);
}

/** That the call went on as it was: nobody joined anew, nobody was gone, no media was set up anew. */
async function expectUnbroken(...everybody: Person[]): Promise<void> {
  for (const person of everybody) {
    const log = await person.log();
    expect(log).not.toContainEqual(expect.stringMatching(/^(participantLeft|mediaReset|closed)/));
    expect(log.filter((line) => line === 'status connecting')).toHaveLength(1);
  }
}

describe('the media path', () => {
  test('[B8] gone for five seconds: the picture is back by itself, both ways', async () => {
    await using proxy = await mediaProxy(1);
    const pair = await call('blackout', { via: proxy.port });
    const [alice, bob] = pair;
    proxy.blackout(5_000);
    await standsStill(bob, alice);
    await standsStill(alice, bob);
    expect(proxy.counters.up.dropped.blackout).toBeGreaterThan(0);
    await bothSee(pair);
    await expectUnbroken(alice, bob);
    await Promise.all([alice.close(), bob.close()]);
  });

  test('[B8] [SG29] gone for good, another one is there: found by an ICE restart', async () => {
    await using before = await mediaProxy(2);
    await using after = await mediaProxy(3);
    const pair = await call('other-path', { via: before.port });
    const [alice, bob] = pair;
    await alice.page.evaluate((port) => {
      globalThis.mediaVia = port;
    }, after.port);
    expect(after.counters.clients).toBe(0);
    before.blackout(forGoodMs);
    await eventually(
      () => after.counters.up.forwarded > 100 || `${after.counters.up.forwarded} packets`,
      slow,
    );
    await bothSee(pair);
    await expectUnbroken(alice, bob);
    await Promise.all([alice.close(), bob.close()]);
  });

  test('[B8] the media node has moved to another address: a new media session by itself, the call is the same', async () => {
    await using before = await mediaProxy(7);
    await using after = await mediaProxy(8);
    const pair = await call('moved', { via: before.port, sticky: true });
    const [alice, bob] = pair;
    const participantId = await alice.page.evaluate((port) => {
      globalThis.mediaVia = port;
      return seat.room.local.participantId;
    }, after.port);
    before.blackout(forGoodMs);
    await eventually(
      async () => (await alice.log()).some((line) => /^mediaReset/.test(line)) || 'alice holds on',
      { timeoutMs: 40_000 },
    );
    await bothSee(pair);
    expect(after.counters.up.forwarded).toBeGreaterThan(0);
    expect(await alice.page.evaluate(() => seat.room.local.participantId)).toBe(participantId);
    expect(await bob.log()).not.toContainEqual(expect.stringMatching(/^participantLeft/));
    await Promise.all([alice.close(), bob.close()]);
  });

  test('without any UDP: the media goes on over TCP', async () => {
    await using proxy = await mediaProxy(4);
    const pair = await call('tcp', { via: proxy.port, tcp: true });
    const [alice, bob] = pair;
    const protocols = () =>
      alice.page.evaluate(async () => {
        const used = [];
        for (const connection of [seat.room.debug.send!, seat.room.debug.receive!]) {
          const stats = new Map(await (connection.getStats() as unknown as Promise<Map<string, never>>));
          const all = [...stats.values()] as Record<string, string>[];
          const transport = all.find(({ type }) => type === 'transport')!;
          const pair = stats.get(transport.selectedCandidatePairId!) as unknown as Record<string, string>;
          used.push((stats.get(pair.remoteCandidateId!) as unknown as Record<string, string>).protocol);
        }
        return used;
      });
    expect(await protocols()).toEqual(['udp', 'udp']);
    proxy.blackout(forGoodMs);
    await eventually(async () => {
      const used = await protocols();
      return used.every((protocol) => protocol === 'tcp') || `over ${used}`;
    }, slow);
    await bothSee(pair);
    await expectUnbroken(alice, bob);
    await Promise.all([alice.close(), bob.close()]);
  });

  test('[E6] with 5 % loss and 50 ms more each way the picture stays live', async () => {
    await using proxy = await mediaProxy(5);
    const bad = { lossRate: 0.05, delayMs: 50 };
    const [alice, bob] = await call('lossy', { via: proxy.port });
    const clear = await watch(bob, alice, 3_000); // As well as this machine can now.
    proxy.set({ up: bad, down: bad });
    const [toBob, toAlice] = await Promise.all([watch(bob, alice, 8_000), watch(alice, bob, 8_000)]);
    for (const { perSecond, longestGapMs, medianMs } of [toBob, toAlice]) {
      expect(perSecond).toBeGreaterThan(clear.perSecond * 0.4);
      expect(longestGapMs).toBeLessThan(2_000 + 2 * clear.longestGapMs);
      expect(medianMs).toBeGreaterThan(50);
      expect(medianMs).toBeLessThan(600 + clear.medianMs);
    }
    const { nackCount } = await alice.page.evaluate(() => seat.inbound('bob'));
    expect(Number(nackCount)).toBeGreaterThan(0);
    expect(proxy.counters.up.dropped.loss).toBeGreaterThan(5);
    await expectUnbroken(alice, bob);
    await Promise.all([alice.close(), bob.close()]);
  });

  /** The pictures that `person` is shown of `other` within a time. */
  function watch(person: Person, other: Person, timeoutMs: number) {
    return person.page.evaluate(
      async ({ identity, timeoutMs }) => {
        const video = seat.video(identity) as HTMLVideoElement;
        const { samples, medianMs } = await weirTest.glassToGlass(video, { frames: 10_000, timeoutMs });
        const shown = samples.map(({ capturedAt, latencyMs }) => capturedAt + latencyMs);
        const gaps = shown.slice(1).map((at, i) => at - shown[i]!);
        return {
          perSecond: (samples.length * 1000) / timeoutMs,
          longestGapMs: Math.max(...gaps),
          medianMs,
        };
      },
      { identity: other.identity, timeoutMs },
    );
  }
});

describe('the signaling socket', () => {
  /** The longest time, in ms, without a packet of that camera. */
  function longestSilence(person: Person, identity: string, watchMs: number): Promise<number> {
    return person.page.evaluate(
      async ({ identity, watchMs }) => {
        const packets = async () => Number((await seat.inbound(identity)).packetsReceived ?? 0);
        let [longestMs, seen, seenAt] = [0, await packets(), Date.now()];
        for (const endsAt = Date.now() + watchMs; Date.now() < endsAt; ) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          const now = await packets();
          longestMs = Math.max(longestMs, Date.now() - seenAt);
          if (now > seen) [seen, seenAt] = [now, Date.now()];
        }
        return longestMs;
      },
      { identity, watchMs },
    );
  }

  test('[A4] [SG14] [SG23] silent for seconds: noticed meanwhile, resumed, and the media never stopped', async () => {
    const { hostname: host, port } = new URL(platform.urls.local);
    await using proxy = await tcpProxy({ target: { host, port: Number(port) }, seed: 6 });
    const pair = await call('silent', undefined, { url: `http://${proxy.host}:${proxy.port}` });
    const [alice, bob] = pair;
    const watching = Promise.all([longestSilence(bob, 'alice', 7_000), longestSilence(alice, 'bob', 7_000)]);
    const cutAt = Date.now();
    proxy.blackout(6_000);
    const noticed = await eventually(
      () => alice.page.evaluate(() => seat.log.find(({ detail }) => detail === 'reconnecting')),
      slow,
    );
    // After 3 s; a page that finds itself busy doubts it for longer, but not past the silence.
    expect(noticed.at - cutAt).toBeLessThan(6_000);
    await eventually(async () => (await alice.page.evaluate(() => seat.room.status)) === 'connected', slow);
    expect(Date.now() - cutAt).toBeGreaterThan(5_500);
    await bothSee(pair);
    expect(Math.max(...(await watching))).toBeLessThan(2_000);
    await expectUnbroken(alice, bob);
    await alice.page.evaluate(() => seat.room.sendMessage('chat', 'back'));
    await eventually(async () => (await bob.log()).includes('data back') || 'bob has not heard it');
    await Promise.all([alice.close(), bob.close()]);
  });
});
