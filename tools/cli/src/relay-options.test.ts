import { expect, test } from 'vitest';
import { parseOptions } from './options.ts';
import { relayOf, relayOptions } from './relay-options.ts';

const here = { announce: ['127.0.0.1'], tls: undefined, withMedia: true };
const read = (args: string[], machine: Partial<Parameters<typeof relayOf>[1]> = {}) =>
  relayOf(parseOptions(args, relayOptions).values, { ...here, ...machine });

test('a machine by itself relays to its own media node only', () => {
  expect(read([])).toEqual({
    host: '127.0.0.1',
    listen: ['127.0.0.1'],
    port: 3478,
    relayPorts: [49_152, 65_535],
    allowedPeers: ['127.0.0.1'],
  });
});

test('a relay of a fleet relays to public addresses, and to the private ones that it is given', () => {
  const args = [
    '--relay-host',
    'turn.example.org',
    '--relay-allow',
    '10.0.0.8',
    '--relay-allow',
    '10.0.1.1-10.0.1.9',
  ];
  expect(read(args, { withMedia: false })).toMatchObject({
    host: 'turn.example.org',
    allowedPeers: ['10.0.0.8', '10.0.1.1-10.0.1.9'],
  });
});

test('behind address translation it listens on its own address and tells the public one', () => {
  const behind = read([], { announce: ['203.0.113.7'] });
  expect(behind).toMatchObject({ host: '203.0.113.7', publicAddress: '203.0.113.7' });
  expect(behind.listen).not.toContain('203.0.113.7');
});

test('with a certificate it has TLS, perhaps behind a proxy on another port', () => {
  const tls = { cert: 'c', key: 'k' };
  expect(read([], { tls }).tls).toEqual({ ...tls, port: 5349 });
  const behindProxy = read(['--relay-tls-public', 'turn.example.org:443'], {
    tls,
    announce: ['203.0.113.7'],
  });
  expect(behindProxy.tlsPublic).toBe('turn.example.org:443');
  expect(behindProxy.listen).toContain('127.0.0.1'); // The proxy may be on this machine.
});

test('a name is no address to relay from', () => {
  expect(() => read([], { announce: ['media.example.org'] })).toThrow(/--announce media\.example\.org/);
});

test.each([
  [['--relay-port', '0'], /--relay-port 0/],
  [['--relay-ports', '50000'], /--relay-ports 50000/],
  [['--relay-ports', '50999-50000'], /a range like/],
  [['--relay-allow', 'db.internal'], /--relay-allow db.internal/],
  [['--relay-allow', '10.0.0.0/8'], /a range like/],
  [['--relay-tls-public', 'turn.example.org:443'], /--tls/],
])('%j is refused', (args, message) => {
  expect(() => read(args)).toThrow(message);
});
