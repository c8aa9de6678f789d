import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { PlatformError } from '@weir/core';
import { lanAddresses } from './announced-address.ts';
import { wholeNumber } from './options.ts';
import type { RelayOptions } from './platform.ts';
import type { TlsFiles } from './tls.ts';

export const relayOptions = {
  relay: { type: 'boolean', default: false },
  'relay-host': { type: 'string' },
  'relay-port': { type: 'string', default: '3478' },
  'relay-tls-port': { type: 'string', default: '5349' },
  'relay-tls-public': { type: 'string' },
  'relay-ports': { type: 'string', default: '49152-65535' },
  'relay-allow': { type: 'string', multiple: true },
} as const;

export type RelayValues = {
  'relay-host'?: string;
  'relay-port': string;
  'relay-tls-port': string;
  'relay-tls-public'?: string;
  'relay-ports': string;
  'relay-allow'?: string[];
};

/**
 * The relay of a machine that announces these addresses. `withMedia`: a media node is in the same process, and reached
 * through the relay whatever its address is.
 */
export function relayOf(
  values: RelayValues,
  { announce, tls, withMedia }: { announce: string[]; tls: TlsFiles | undefined; withMedia: boolean },
): RelayOptions {
  const own = new Set(Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map((a) => a.address)));
  const foreign = announce.find((address) => !own.has(address));
  if (foreign && !isIP(foreign))
    throw new PlatformError(
      'bad-request',
      `--announce ${foreign}: a relay must be told the address, not a name`,
    );
  const [lan = '127.0.0.1'] = lanAddresses().filter((address) => isIP(address) === 4);
  const listen = foreign ? [lan] : announce;
  const tlsPublic = values['relay-tls-public'];
  if (tlsPublic !== undefined && !/^(\[[^\]]+\]|[^:]+):\d+$/.test(tlsPublic))
    throw new PlatformError('bad-request', `--relay-tls-public ${tlsPublic}: HOST:PORT is wanted`);
  if (tlsPublic !== undefined && !tls)
    throw new PlatformError(
      'bad-request',
      '--relay-tls-public: the relay has TLS with --tls or --tls-cert only',
    );
  return {
    host: values['relay-host'] ?? announce[0]!,
    // A proxy on this machine reaches it on loopback, whatever the machine's address is.
    listen: [...new Set([...listen, ...(tlsPublic === undefined ? [] : ['127.0.0.1'])])],
    ...(foreign ? { publicAddress: foreign } : {}),
    port: portOf('relay-port', values['relay-port']),
    ...(tls ? { tls: { ...tls, port: portOf('relay-tls-port', values['relay-tls-port']) } } : {}),
    ...(tlsPublic === undefined ? {} : { tlsPublic }),
    relayPorts: rangeOf(values['relay-ports']),
    allowedPeers: [...(withMedia ? listen : []), ...(values['relay-allow'] ?? []).map(addressesOf)],
  };
}

function portOf(option: string, text: string): number {
  return wholeNumber(option, text, 1, 65_535);
}

function rangeOf(text: string): [number, number] {
  const [, first = '', last = ''] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  const range: [number, number] = [Number(first), Number(last)];
  if (first && range[0] >= 1_024 && range[0] < range[1] && range[1] <= 65_535) return range;
  throw new PlatformError('bad-request', `--relay-ports ${text}: a range like 50000-50999 is wanted`);
}

/** One address, or a range of them. */
function addressesOf(text: string): string {
  const [first = '', last = first, ...more] = text.split('-');
  if (isIP(first) && isIP(last) === isIP(first) && more.length === 0) return text;
  throw new PlatformError(
    'bad-request',
    `--relay-allow ${text}: an address or a range like 10.0.0.7-10.0.0.9 is wanted`,
  );
}
