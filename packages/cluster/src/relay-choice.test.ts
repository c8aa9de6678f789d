import { describe, expect, test } from 'vitest';
import type { Living, RelayStatus } from './nodes.ts';
import { chooseRelays } from './relay-choice.ts';

const urls = (name: string) => [
  `turn:${name}.test:3478?transport=udp`,
  `turns:${name}.test:443?transport=tcp`,
];
const relay = (nodeId: string, status: Partial<RelayStatus> = {}): Living<RelayStatus> => ({
  nodeId,
  status: {
    urls: urls(nodeId),
    region: 'north',
    working: true,
    allocations: 0,
    allocationsAtMost: 100,
    ...status,
  },
});
const any = () => true;
const choose = (relays: Living<RelayStatus>[], count = 1, suits: (url: string) => boolean = any) =>
  chooseRelays(relays, { region: 'north', suits, count });
const names = (relays: Living<RelayStatus>[], count = 1) => choose(relays, count).map(({ nodeId }) => nodeId);

describe('[B11] the relays for a client', () => {
  const south = { region: 'south' };
  test.each<[string, Living<RelayStatus>[], number, string[]]>([
    ['none', [], 2, []],
    ['the less loaded of two', [relay('a', { allocations: 9 }), relay('b', { allocations: 3 })], 1, ['b']],
    ['then the other', [relay('a', { allocations: 9 }), relay('b', { allocations: 3 })], 2, ['b', 'a']],
    [
      'a small one that has more room left',
      [
        relay('a', { allocations: 9, allocationsAtMost: 10 }),
        relay('b', { allocations: 30, allocationsAtMost: 1_000 }),
      ],
      1,
      ['b'],
    ],
    ['of the own region, be it busier', [relay('a', { allocations: 50 }), relay('b', south)], 1, ['a']],
    [
      'of another region before a full one',
      [relay('a', { allocations: 95 }), relay('b', south)],
      2,
      ['b', 'a'],
    ],
    ['of another region when it is the only one', [relay('b', south)], 1, ['b']],
    ['not one that is being started anew', [relay('a', { working: false }), relay('b', south)], 2, ['b']],
    ['not what cannot be read', [{ nodeId: 'a', status: {} }, relay('b', { urls: 7 as never })], 2, []],
  ])('%s', (_, relays, count, expected) => {
    for (let run = 0; run < 20; run++) expect(names(relays, count)).toEqual(expected);
  });

  test('only with addresses that suit', () => {
    const tls = (url: string) => url.startsWith('turns:');
    expect(choose([relay('a'), relay('b', { urls: ['turn:b.test:3478?transport=udp'] })], 2, tls)).toEqual([
      { nodeId: 'a', urls: ['turns:a.test:443?transport=tcp'] },
    ]);
  });

  test('a thousand clients that see the same figures spread over all', () => {
    const relays = ['a', 'b', 'c', 'd'].map((name, i) => relay(name, { allocations: 10 * i }));
    const chosen = Array.from({ length: 1_000 }, () => names(relays)[0]!);
    // The most loaded loses each comparison; the others win by rank among two of four.
    const share = (name: string) => chosen.filter((one) => one === name).length;
    expect(share('a')).toBeGreaterThan(share('c'));
    for (const name of ['a', 'b', 'c']) expect(share(name)).toBeGreaterThan(80);
  });
});
