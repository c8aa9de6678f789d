import { expect, test } from 'vitest';
import { complete, type RelayConfig, relayUrls } from './relay-config.ts';
import { turnServerConfig } from './turn-server-config.ts';

const config: RelayConfig = {
  nodeId: 'relay-1',
  host: 'turn.example.org',
  listen: ['10.0.0.7'],
  port: 3478,
  relayPorts: [50_000, 50_999],
  allowedPeers: [],
  secret: 'north',
};
const feed = { port: 6_000, password: 'p' };
const files = { configuration: '/d/conf', cert: '/d/cert.pem', key: '/d/key.pem', users: '/d/users' };
const lines = (changes: Partial<RelayConfig> = {}) => {
  const all = { ...config, ...changes };
  return turnServerConfig(complete(all), feed, files).split('\n');
};

test('[B10] what a relay for calls does not need is off, and nobody is anonymous', () => {
  const wanted = [
    'use-auth-secret',
    'secure-stun',
    'no-cli',
    'no-tcp-relay',
    'no-multicast-peers',
    'no-dtls',
    'no-tls',
  ];
  expect(lines()).toEqual(expect.arrayContaining(wanted));
  expect(lines()).toEqual(expect.arrayContaining(['user-quota=100', 'total-quota=1000', 'max-bps=6250000']));
  expect(lines().join()).not.toMatch(/allow-loopback|external-ip|lt-cred-mech|no-auth/);
});

test.each([
  '127.0.0.0-',
  '10.0.0.0-',
  '172.16.0.0-',
  '192.168.0.0-',
  '169.254.0.0-',
  '100.64.0.0-',
  '224.0.0.0-',
  '::1',
  'fc00::-',
  'fe80::-',
])('[B10] %s is denied', (range) => {
  expect(lines().some((line) => line.startsWith(`denied-peer-ip=${range}`))).toBe(true);
});

test('[B10] media nodes at private addresses are allowed by name; loopback only for a machine by itself', () => {
  expect(lines({ allowedPeers: ['10.0.0.8'] })).toContain('allowed-peer-ip=10.0.0.8');
  expect(lines({ allowedPeers: ['10.0.0.8'] })).not.toContain('allow-loopback-peers');
  expect(lines({ allowedPeers: ['127.0.0.1'] })).toContain('allow-loopback-peers');
});

test('[B10] TLS is 1.2 or newer', () => {
  const tls = { cert: 'c', key: 'k', port: 5349 };
  expect(lines({ tls })).toEqual(
    expect.arrayContaining(['tls-listening-port=5349', 'no-tlsv1', 'no-tlsv1_1']),
  );
  expect(lines({ tls })).not.toContain('no-tls');
});

test('behind address translation the public address is told', () => {
  expect(lines({ publicAddress: '203.0.113.7' })).toContain('external-ip=203.0.113.7/10.0.0.7');
});

test('clients are told each way, and of a proxy in front', () => {
  const tls = { cert: 'c', key: 'k', port: 5349 };
  expect(relayUrls({ ...config, tls })).toEqual([
    'turn:turn.example.org:3478?transport=udp',
    'turn:turn.example.org:3478?transport=tcp',
    'turns:turn.example.org:5349?transport=tcp',
  ]);
  expect(relayUrls({ ...config, tls, tlsPublic: 'turn.example.org:443' }).at(-1)).toBe(
    'turns:turn.example.org:443?transport=tcp',
  );
  expect(relayUrls({ ...config, host: '2001:db8::7' })[0]).toBe('turn:[2001:db8::7]:3478?transport=udp');
});
