import type { CompleteRelayConfig } from './relay-config.ts';

/** What it reads, and the database of users that it makes: an empty one, else it takes one that all on a machine share. */
export type TurnServerFiles = Record<'configuration' | 'cert' | 'key' | 'users', string>;
/** Where it tells what it does: as to a Redis server (`StatusFeed`). */
export type TurnServerFeed = { port: number; password: string };

/**
 * Not of the public internet (RFC 6890): whoever may use the relay must not reach what is behind it. Written as ranges,
 * as coturn takes them.
 */
const deniedPeers = [
  '0.0.0.0-0.255.255.255',
  '10.0.0.0-10.255.255.255',
  '100.64.0.0-100.127.255.255',
  '127.0.0.0-127.255.255.255',
  '169.254.0.0-169.254.255.255',
  '172.16.0.0-172.31.255.255',
  '192.0.0.0-192.0.0.255',
  '192.0.2.0-192.0.2.255',
  '192.88.99.0-192.88.99.255',
  '192.168.0.0-192.168.255.255',
  '198.18.0.0-198.19.255.255',
  '198.51.100.0-198.51.100.255',
  '203.0.113.0-203.0.113.255',
  '224.0.0.0-255.255.255.255',
  '::',
  '::1',
  '::ffff:0:0-::ffff:ffff:ffff',
  '64:ff9b::-64:ff9b::ffff:ffff',
  '100::-100::ffff:ffff:ffff:ffff',
  '2001::-2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff',
  '2002::-2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  'fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  'fe80::-feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  'ff00::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
];

/** The configuration file of coturn: everything that a relay for calls does not need is off. */
export function turnServerConfig(
  config: CompleteRelayConfig,
  feed: TurnServerFeed,
  files: TurnServerFiles,
): string {
  const { listen, publicAddress, relayPorts, allowedPeers } = config;
  const [from] = listen;
  const lines = [
    ...listen.map((address) => `listening-ip=${address}`),
    ...listen.slice(0, 1).map((address) => `relay-ip=${address}`),
    ...(publicAddress ? [`external-ip=${publicAddress}/${from}`] : []),
    `listening-port=${config.port}`,
    `min-port=${relayPorts[0]}`,
    `max-port=${relayPorts[1]}`,
    'realm=weir',
    'use-auth-secret',
    `static-auth-secret=${config.secret}`,
    'stale-nonce=600',
    'secure-stun', // Nobody gets an answer without credentials.
    `user-quota=${config.allocationsEach}`,
    `total-quota=${config.allocationsAtMost}`,
    `max-bps=${Math.round(config.bitrateBps / 8)}`,
    'no-multicast-peers',
    'no-tcp-relay',
    ...deniedPeers.map((range) => `denied-peer-ip=${range}`),
    ...allowedPeers.map((range) => `allowed-peer-ip=${range}`), // Stronger than what is denied.
    ...(allowedPeers.some(isLoopback) ? ['allow-loopback-peers'] : []),
    ...(config.tls
      ? [
          `tls-listening-port=${config.tls.port}`,
          `cert=${files.cert}`,
          `pkey=${files.key}`,
          'no-tlsv1',
          'no-tlsv1_1',
          'cipher-list="ECDHE+AESGCM:ECDHE+CHACHA20"',
        ]
      : ['no-tls']),
    'no-dtls',
    'no-cli',
    'no-software-attribute',
    'no-rfc5780',
    'no-stun-backward-compatibility',
    'fingerprint',
    `userdb=${files.users}`,
    'pidfile=/dev/null',
    'log-file=stdout',
    'simple-log',
    `redis-statsdb="ip=127.0.0.1 dbname=0 password=${feed.password} port=${feed.port} connect_timeout=5"`,
  ];
  return `${lines.join('\n')}\n`;
}

function isLoopback(range: string): boolean {
  return range.startsWith('127.') || range === '::1';
}
