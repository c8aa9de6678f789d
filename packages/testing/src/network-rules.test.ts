import { expect, test } from 'vitest';
import { filterRuleset, type HostRules, natRuleset } from './network-rules.ts';

const host: HostRules = {
  link: 'link0',
  address: '10.213.0.2',
  lossRate: { up: 0, down: 0 },
  cut: false,
  udpBlocked: false,
};

const rules = (ruleset: string) =>
  ruleset
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.endsWith('drop') || line.includes('masquerade'));

test.each<[string, Partial<HostRules>, string[]]>([
  ['nothing', {}, []],
  ['a cut', { cut: true }, ['iifname "link0" drop', 'oifname "link0" drop']],
  [
    'blocked UDP',
    { udpBlocked: true },
    ['iifname "link0" meta l4proto udp drop', 'oifname "link0" meta l4proto udp drop'],
  ],
  [
    'one open port',
    { onlyTcpPort: 443 },
    [
      'iifname "link0" meta l4proto != tcp drop',
      'oifname "link0" meta l4proto != tcp drop',
      'iifname "link0" tcp dport != 443 drop',
      'oifname "link0" tcp sport != 443 drop',
    ],
  ],
  [
    'a closed port',
    { closedPorts: [40_000] },
    ['iifname "link0" th dport 40000 drop', 'oifname "link0" th sport 40000 drop'],
  ],
  [
    'loss one way',
    { lossRate: { up: 0.05, down: 0 } },
    ['iifname "link0" numgen random mod 1000000 < 50000 drop'],
  ],
  ['no new connection into address translation', { nat: 'symmetric' }, ['oifname "link0" ct state new drop']],
])('the filter for %s', (_, change, expected) => {
  expect(rules(filterRuleset([{ ...host, ...change }]))).toEqual(expected);
});

test('address translation keeps the port or takes a random one', () => {
  const hosts: HostRules[] = [
    { ...host, nat: 'port-preserving' },
    { ...host, address: '10.213.0.6', nat: 'symmetric' },
    { ...host, address: '10.213.0.10' },
  ];
  expect(rules(natRuleset(hosts))).toEqual([
    'ip saddr 10.213.0.2 masquerade',
    'ip saddr 10.213.0.6 masquerade fully-random',
  ]);
});
