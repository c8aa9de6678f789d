import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { checkAnnounced, comesBack, defaultInterface, lanAddresses } from './announced-address.ts';

const routes = [
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
  'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
  'wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0',
  'eth1\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0',
  'eth1\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0',
].join('\n');

function info(address: string, internal = false): NetworkInterfaceInfo {
  const common = { address, internal, netmask: '', mac: '', cidr: null };
  return address.includes(':') ? { ...common, family: 'IPv6', scopeid: 0 } : { ...common, family: 'IPv4' };
}

test('the default interface is that of the default route with the lowest metric', () => {
  expect(defaultInterface(routes)).toBe('eth1');
});

test.each(['', routes.split('\n')[0]!, `${routes.split('\n')[0]}\n`])(
  'no default route, no default interface',
  (text) => {
    expect(defaultInterface(text)).toBeUndefined();
  },
);

test('the LAN addresses: the default interface first, IPv4 before IPv6, none that only this machine sees', () => {
  const interfaces = {
    lo: [info('127.0.0.1', true), info('::1', true)],
    docker0: [info('172.17.0.1')],
    'br-0a1b2c': [info('172.18.0.1')],
    veth12ab: [info('169.254.3.4'), info('10.1.1.1')],
    wlan0: [info('192.168.1.20'), info('fe80::2')],
    eth0: [info('169.254.7.7')],
    eth1: [info('2001:db8::5'), info('192.168.1.5'), info('fe80::1')],
  };
  expect(lanAddresses(interfaces, routes)).toEqual(['192.168.1.5', '192.168.1.20', '2001:db8::5']);
  expect(lanAddresses({ lo: interfaces.lo }, routes)).toEqual([]);
});

test.each(['127.0.0.1', 'localhost', ...lanAddresses()])('%s leads to this machine', async (address) => {
  await checkAnnounced(address);
});

test('a packet comes back from an address that is not listed, when it leads here', async () => {
  // All of 127.0.0.0/8 is this machine, but only 127.0.0.1 is listed: like a router that sends packets back.
  expect(await comesBack('127.1.2.3', 0)).toBe(true);
});

test('no packet comes back from an address of nobody', async () => {
  expect(await comesBack('192.0.2.77', 0, 300)).toBe(false); // RFC 5737: for documentation.
});

test.each([
  ['192.0.2.77', /did not come back/],
  ['no-such-host.invalid', /does not resolve/],
])('--announce %s is refused in words that help', async (address, message) => {
  const refusal = await checkAnnounced(address).then(
    () => undefined,
    (error: Error) => error,
  );
  expect(refusal).toMatchObject({ code: 'bad-request', message: expect.stringMatching(message) });
  expect(refusal!.message).toContain(address);
});
