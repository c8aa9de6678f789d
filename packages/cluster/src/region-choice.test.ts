import { expect, test } from 'vitest';
import { chooseRegion, RegionHints, type RegionQuestion } from './region-choice.ts';

const alive = new Set(['eu', 'us', 'asia']);
const hints = new RegionHints([
  '10.1.0.0/16=us',
  '10.0.0.0/8=asia',
  '2001:db8::/32=us',
  'JP=asia',
  '10.9.9.9=gone',
]);

test.each<[string, RegionQuestion, string]>([
  ['nothing is known', {}, 'eu by director'],
  ['a pin wins', { pin: 'us', measured: [{ region: 'eu', rttMs: 1 }] }, 'us by pin'],
  ['a pin wins where no node lives: nobody is placed elsewhere', { pin: 'gone' }, 'gone by pin'],
  [
    'the nearest that was measured',
    {
      measured: [
        { region: 'us', rttMs: 80 },
        { region: 'asia', rttMs: 30 },
      ],
      address: '10.1.0.1',
    },
    'asia by measured',
  ],
  ['one that died since does not count', { measured: [{ region: 'gone', rttMs: 1 }] }, 'eu by director'],
  ['a header’s word', { header: 'jp', address: '10.1.0.1' }, 'asia by header'],
  ['a header that names the region', { header: 'us' }, 'us by header'],
  ['a header that says nothing', { header: 'FR', address: '10.1.0.1' }, 'us by address'],
  ['the first network that fits', { address: '10.200.0.1' }, 'asia by address'],
  ['IPv4 on a socket of both', { address: '::ffff:10.1.2.3' }, 'us by address'],
  ['IPv6', { address: '2001:db8::7' }, 'us by address'],
  ['what is no address', { address: 'unknown' }, 'eu by director'],
])('[SG66] %s', (_, question, expected) => {
  const { region, by } = chooseRegion(question, alive, hints, 'eu');
  expect(`${region} by ${by}`).toBe(expected);
});

test('hints that make no sense are refused', () => {
  for (const hint of ['10.0.0.0/33=eu', 'eu', '=eu', '10.0.0.0/8=', '::/x=eu'])
    expect(() => new RegionHints([hint]), hint).toThrow(hint);
});
