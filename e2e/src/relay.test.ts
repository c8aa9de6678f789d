import { ownCertificate } from '@weir/cli';
import { eventually, tempDir } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { People, type Person } from './people.ts';
import { chromiumTabs } from './tabs.ts';
import { startTestPlatform, type TestPlatform } from './test-platform.ts';
import { canRelay, relayOnLoopback } from './test-relay.ts';

const credentialSeconds = 6;
const slow = { timeoutMs: 30_000 };

describe.skipIf(!canRelay)('[B10] calls through a relay', () => {
  const stack = new AsyncDisposableStack();
  let platform: TestPlatform;
  let people: People;
  let alice: Person;
  let bob: Person;

  beforeAll(async () => {
    const tls = await ownCertificate(stack.use(await tempDir()).path);
    const relay = await relayOnLoopback(tls);
    platform = stack.use(
      await startTestPlatform({ workers: 1, relay, relayCredentialSeconds: credentialSeconds }),
    );
    const tabs = await chromiumTabs({ args: ['--ignore-certificate-errors'] });
    people = stack.use(await People.of(platform, tabs));
    const grants = { admin: true };
    [alice, bob] = await Promise.all([people.join('alice', { grants }), people.join('bob')]);
    await Promise.all([alice, bob].map(({ page }) => page.evaluate(() => seat.publishCamera({ fps: 15 }))));
  });
  afterAll(() => stack.disposeAsync());

  const paths = (person: Person) => person.page.evaluate(() => seat.room.paths());
  const eachSeesTheOther = async () => {
    await eventually(() => alice.sees(bob), slow);
    await eventually(() => bob.sees(alice), slow);
  };
  const allow = (mediaPaths: 'any' | 'relay-only' | 'relay-tls-443-only') =>
    alice.page.evaluate((paths) => seat.room.moderation.updateSettings({ mediaPaths: paths }), mediaPaths);
  const bothGo = async (via: RegExp) => {
    await eventually(async () => {
      const all = (await Promise.all([alice, bob].map(paths))).flat();
      return (all.length === 4 && all.every((path) => via.test(path.via))) || JSON.stringify(all);
    }, slow);
    await eachSeesTheOther();
  };

  test('[SG53] direct, reflexive and relayed ways are tried together, and the direct one is taken', async () => {
    const { iceServers } = await seatOf('carol');
    expect(iceServers).toEqual([
      {
        urls: platform.relay.status.urls,
        username: expect.stringMatching(/^\d+:p_/),
        credential: expect.any(String),
      },
    ]);
    await bothGo(/^(host|prflx|srflx)$/);
  });

  test('[SG54] when the room allows relays only, a running call goes through them', async () => {
    await allow('relay-only');
    await bothGo(/^relay$/);
    await eventually(() => platform.relay.load.participants === 2 || 'not two participants', slow);
  });

  test('[SG53] restarts go on when the credentials of the join are over: there are newer ones', async () => {
    const log = await bob.log();
    const over = Date.now() + (credentialSeconds + 1) * 1_000;
    await eventually(() => Date.now() > over || 'they are good still', slow);
    await bob.page.evaluate(() => globalThis.dispatchEvent(new Event('online'))); // Each path is looked for anew.
    await bothGo(/^relay$/);
    expect((await bob.log()).slice(log.length).filter((line) => /mediaReset|status/.test(line))).toEqual([]);
  });

  test('[B10] when the relay dies the call goes through it again as soon as it is back', async () => {
    process.kill(platform.relay.pid!, 'SIGKILL');
    await eventually(() => platform.relay.status.working || 'not back', slow);
    await bothGo(/^relay$/);
  });

  test('[SG54] a room that allows only TLS on 443 refuses whom no relay there serves', async () => {
    await allow('relay-tls-443-only');
    expect(await seatOf('dave')).toMatchObject({ code: 'no-relay', status: 503, retryable: true });
    await allow('any');
    await bothGo(/^(host|prflx|srflx)$/);
  });

  async function seatOf(identity: string) {
    const body = JSON.stringify({ token: await people.token(identity) });
    const headers = { 'content-type': 'application/json' };
    return (await fetch(`${platform.urls.local}/v1/join`, { method: 'POST', headers, body })).json();
  }
});
