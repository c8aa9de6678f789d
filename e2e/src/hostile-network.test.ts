import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureWebApp, ownCertificate } from '@weir/cli';
import type { SelectedPath } from '@weir/client';
import {
  canMakeNamespaces,
  chromiumPath,
  createNetwork,
  eventually,
  hasHaproxy,
  type Network,
  startHaproxy,
  tempDir,
} from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { People, type Person } from './people.ts';
import { chromiumTabs } from './tabs.ts';
import { startTestPlatform, type TestPlatform } from './test-platform.ts';
import { canRelay } from './test-relay.ts';

const slow = { timeoutMs: 60_000 };
const shipped = fileURLToPath(new URL('../../deploy/haproxy/one-443.cfg', import.meta.url));
const names = { web: 'meet.weir.test', turn: 'turn.weir.test' };
const canTest = canRelay && hasHaproxy && (await canMakeNamespaces());

/**
 * Alice is behind a symmetric translation (NAT) and a firewall, and reaches everything by its name on one port 443: a real
 * HAProxy tells the web from the relay. Bob is on a network that lets everything through.
 */
describe.skipIf(!canTest)('[B10] [J2] calls out of hostile networks', { timeout: 180_000 }, () => {
  const stack = new AsyncDisposableStack();
  let network: Network<'server' | 'ward' | 'office'>;
  let platform: TestPlatform;
  let inside: People;
  let alice: Person;
  let bob: Person;
  const url = `https://${names.web}`;

  beforeAll(async () => {
    await ensureWebApp();
    network = stack.use(
      await createNetwork({ hosts: { server: { main: true }, ward: { nat: 'symmetric' }, office: {} } }),
    );
    const address = network.address('server');
    const directory = stack.use(await tempDir()).path;
    const tls = await ownCertificate(directory, Object.values(names));
    const certificate = join(directory, 'both.pem');
    await writeFile(certificate, `${tls.cert}\n${tls.key}`);
    platform = stack.use(
      await startTestPlatform({
        workers: 1,
        announce: [address],
        trustProxy: ['127.0.0.1'],
        relay: {
          host: names.turn,
          listen: [address],
          port: 3478,
          tls: { ...tls, port: 5349 },
          tlsPublic: `${names.turn}:443`,
          relayPorts: [47_300, 47_599],
          allowedPeers: [address],
        },
      }),
    );
    const variables = {
      WEIR_BIND: `${address}:443`,
      WEIR_CERT: certificate,
      WEIR_WEB: new URL(platform.urls.local).host,
      WEIR_TURN_NAME: names.turn,
      WEIR_RELAY: `${address}:5349`,
    };
    stack.use(await startHaproxy(shipped, variables, { host: address, port: 443 }));
    // WebRTC looks names up with a dot at their end.
    const rules = Object.values(names).flatMap((name) => [
      `MAP ${name} ${address}`,
      `MAP ${name}. ${address}`,
    ]);
    const args = [`--host-resolver-rules=${rules.join(',')}`, '--ignore-certificate-errors'];
    const from = async (host: 'ward' | 'office') => {
      const executablePath = await network.executable(host, await chromiumPath());
      return stack.use(await People.of(platform, await chromiumTabs({ executablePath, args })));
    };
    inside = await from('ward');
    const outside = await from('office');
    [alice, bob] = await Promise.all([inside.join('alice', { url }), outside.join('bob', { url })]);
    await Promise.all([alice, bob].map(({ page }) => page.evaluate(() => seat.publishCamera({ fps: 15 }))));
  }, 180_000);
  afterAll(() => stack.disposeAsync());

  /** Moving pictures both ways, and over such paths. */
  const goes = async (person: Person, suits: (path: SelectedPath) => boolean) => {
    await eventually(async () => {
      const paths = await person.page.evaluate(() => seat.room.paths());
      return (paths.length === 2 && paths.every(suits)) || JSON.stringify(paths);
    }, slow);
    await eventually(() => bob.looksAt(person), slow);
    await eventually(() => person.looksAt(bob), slow);
  };

  test('behind a symmetric translation media goes directly', async () => {
    await goes(alice, ({ via, protocol }) => via !== 'relay' && protocol === 'udp');
  });

  test('where UDP is blocked in a running call, it goes on over TCP', async () => {
    await network.blockUdp('ward');
    await goes(alice, ({ protocol, relayProtocol }) => (relayProtocol ?? protocol) !== 'udp');
    expect(await alice.log()).not.toContain('closed');
  });

  test('[SG54] where only port 443 is open, one gets in and talks through the relay over TLS', async () => {
    await network.allowOnlyTcp('ward', 443);
    await goes(alice, ({ via, relayProtocol }) => via === 'relay' && relayProtocol === 'tls');
    const carol = await inside.join('carol', { url });
    await carol.page.evaluate(() => seat.publishCamera({ fps: 15 }));
    await goes(carol, ({ via, relayProtocol }) => via === 'relay' && relayProtocol === 'tls');
    await carol.close();
  });

  test('[SG54] a room that allows nothing else is full of pictures', async () => {
    const headers = {
      'content-type': 'application/json',
      authorization: `Basic ${btoa(`${platform.apiKey.id}:${platform.apiKey.secret}`)}`,
    };
    const settings = JSON.stringify({ settings: { mediaPaths: 'relay-tls-443-only' } });
    const changed = await fetch(`${platform.urls.local}/v1/rooms/room`, {
      method: 'PATCH',
      headers,
      body: settings,
    });
    expect(changed.status).toBe(200);
    await goes(alice, ({ relayProtocol }) => relayProtocol === 'tls');
  });

  test('[E7] the connection test says what is blocked, and that the relay over TLS works', async () => {
    const { page } = await inside.join('dora', { url, away: true });
    await page.goto(`${url}/preflight`);
    await eventually(() =>
      page.evaluate(() => {
        const button = document.querySelector<HTMLElement>('[data-testid=preflight-start]');
        button?.click();
        return button !== null || 'the page is not there yet';
      }),
    );
    const codes = () =>
      page.evaluate(() =>
        Object.fromEntries(
          [...document.querySelectorAll<HTMLElement>('[data-check]')].map(({ dataset }) => [
            dataset.check,
            dataset.code,
          ]),
        ),
      );
    const blocked = {
      udp: 'udp-blocked',
      tcp: 'tcp-blocked',
      'relay-udp': 'relay-udp-blocked',
      'relay-tcp': 'relay-tcp-blocked',
    };
    await eventually(async () => {
      const found = await codes();
      const wanted = {
        service: 'service-ok',
        signaling: 'signaling-ok',
        ...blocked,
        'relay-tls': 'relay-tls-ok',
      };
      return Object.entries(wanted).every(([id, code]) => found[id] === code) || JSON.stringify(found);
    }, slow);
    await page.close();
  });
});
