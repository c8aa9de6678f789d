import { request } from 'node:https';
import { ownCertificate, type TlsFiles } from '@weir/cli';
import { eventually, tempDir } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lanAddress } from './lan-address.ts';
import { People, type Person } from './people.ts';
import { startTestPlatform, type TestPlatform } from './test-platform.ts';

const slow = { timeoutMs: 20_000 };
const lan = lanAddress();
const everywhere = { host: '0.0.0.0', announce: lan ? [lan] : [] };

describe('[J1] the platform with a certificate of its own', () => {
  const stack = new AsyncDisposableStack();
  let tls: TlsFiles;
  let platform: TestPlatform;
  let people: People;
  beforeAll(async () => {
    tls = await ownCertificate(stack.use(await tempDir()).path);
    platform = stack.use(await startTestPlatform({ ...everywhere, tls }));
    people = stack.use(await People.of(platform));
  });
  afterAll(() => stack.disposeAsync());

  /** The status that a client gets which trusts this certificate and none else. */
  const statusAt = (url: string, ca?: string) =>
    new Promise<number>((resolve, reject) => {
      const sent = request(new URL('/healthz', url), { timeout: 5_000, ...(ca ? { ca } : {}) }, (answer) => {
        answer.resume();
        resolve(answer.statusCode!);
      });
      sent.on('timeout', () => sent.destroy(new Error('no answer')));
      sent.on('error', reject);
      sent.end();
    });

  const remoteAddress = (person: Person) =>
    person.page.evaluate(async () => {
      const stats = await seat.room.debug.receive!.getStats();
      const all = new Map([...(stats as unknown as Map<string, Record<string, string>>)]);
      const { selectedCandidatePairId } = [...all.values()].find(({ type }) => type === 'transport')!;
      return all.get(all.get(selectedCandidatePairId!)!.remoteCandidateId!)!.address;
    });

  async function seeEachOther(room: string, url: string): Promise<[Person, Person]> {
    const pair = (await Promise.all(['alice', 'bob'].map((name) => people.join(name, { room, url })))) as [
      Person,
      Person,
    ];
    for (const { page } of pair) {
      expect(await page.evaluate(() => [location.protocol, isSecureContext])).toEqual(['https:', true]);
      await page.evaluate(() => seat.room.local.setCamera(true));
    }
    await eventually(() => pair[1].sees(pair[0]), slow);
    await eventually(() => pair[0].sees(pair[1]), slow);
    return pair;
  }

  test('carries a call over https and wss on this machine', async () => {
    expect(platform.urls.local).toMatch(/^https:/);
    const [alice, bob] = await seeEachOther('here', platform.urls.local);
    await alice.page.evaluate(() => seat.room.sendMessage('chat', 'hello'));
    await eventually(async () => (await bob.log()).includes('data hello') || 'bob has not heard it');
    await Promise.all([alice.close(), bob.close()]);
  });

  test.skipIf(!lan)('and by its address in the network, media too', async () => {
    const [url] = platform.urls.lan!;
    expect(url).toBe(`https://${lan}:${new URL(platform.urls.local).port}`);
    const [alice, bob] = await seeEachOther('network', url!);
    expect(await remoteAddress(bob)).toBe(lan);
    await Promise.all([alice.close(), bob.close()]);
  });

  test('shows a certificate that is good for these names, and that nobody trusts unasked', async () => {
    for (const url of [platform.urls.local, ...(platform.urls.lan ?? [])]) {
      expect(await statusAt(url, tls.cert)).toBe(200);
      await expect(statusAt(url)).rejects.toThrow(/self-signed|unable to verify/);
    }
    const { port } = new URL(platform.urls.local);
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  });
});

describe('[A1] the platform without a certificate', () => {
  test.skipIf(!lan)(
    'by its address in the network one may join, but has no devices: insecure-context',
    async () => {
      await using platform = await startTestPlatform(everywhere);
      await using people = await People.of(platform);
      const guest = await people.join('guest', { room: 'plain', url: platform.urls.lan![0]! });
      expect(await guest.page.evaluate(() => isSecureContext)).toBe(false);
      const outcomes = await guest.page.evaluate(async () => [
        await seat.outcome(() => seat.room.local.setCamera(true)),
        await seat.outcome(() => seat.room.local.setMicrophone(true)),
        await seat.outcome(() => seat.room.local.setScreenShare(true)),
      ]);
      expect(outcomes).toEqual(['insecure-context', 'insecure-context', 'insecure-context']);
      const host = await people.join('host', { room: 'plain' });
      await host.page.evaluate(() => seat.publishCamera());
      await eventually(() => guest.sees(host), slow);
    },
  );
});
