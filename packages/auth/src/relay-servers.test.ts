import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { relaySecret, relayServers, relayUrlSuits } from './relay-servers.ts';

const clock = { now: () => 1_700_000_000_000, after: () => () => {} };

test('[SG53] a client gets credentials of its own for each relay, made with that relay’s secret', () => {
  const urls = ['turn:a.test:3478?transport=udp', 'turns:a.test:443?transport=tcp'];
  const relays = [
    { nodeId: 'a', urls },
    { nodeId: 'b', urls: ['turn:b.test'] },
  ];
  const [a, b] = relayServers(relays, { secret: 'shared', participantId: 'p_1', ttlSeconds: 60, clock });
  const username = '1700000060:p_1';
  const signed = (nodeId: string) =>
    createHmac('sha1', relaySecret('shared', nodeId)).update(username).digest('base64');
  expect(a).toEqual({ urls, username, credential: signed('a') });
  expect(b).toEqual({ urls: ['turn:b.test'], username, credential: signed('b') });
  expect(a!.credential).not.toBe(b!.credential);
});

describe('[SG54] which addresses a policy allows', () => {
  const urls = [
    'turn:a.test:3478?transport=udp',
    'turn:a.test:443?transport=tcp',
    'turns:a.test:5349?transport=tcp',
    'turns:a.test?transport=tcp',
    'turns:a.test:443?transport=tcp',
    'turns:a.test:443',
    'turns:[2001:db8::1]:443?transport=tcp',
    'turns:a.test:4430?transport=tcp',
  ];
  test.each(['any', 'relay-only'] as const)('%s: all', (paths) => {
    expect(urls.filter(relayUrlSuits(paths))).toEqual(urls);
  });
  test('over TLS on port 443 only', () => {
    expect(urls.filter(relayUrlSuits('relay-tls-443-only'))).toEqual(urls.slice(4, 7));
  });
});
