import { isIP } from 'node:net';
import { PlatformError } from '@weir/core';
import { checkAnnounced, lanAddresses } from './announced-address.ts';
import { checkDataDirectory, dataDirectory } from './folders.ts';
import { parseOptions, wholeNumber } from './options.ts';
import type { PlatformConfig } from './platform.ts';
import { relayOf, relayOptions } from './relay-options.ts';
import { givenCertificate, ownCertificate, type TlsFiles } from './tls.ts';

export const upOptions = {
  port: { type: 'string', default: '7420' },
  host: { type: 'string' },
  'data-dir': { type: 'string' },
  tls: { type: 'boolean', default: false },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  announce: { type: 'string', multiple: true },
  'announce-unchecked': { type: 'boolean', default: false },
  'media-port': { type: 'string' },
  workers: { type: 'string' },
  'trust-proxy': { type: 'string', multiple: true },
  'requests-per-minute': { type: 'string' },
  'no-guests': { type: 'boolean', default: false },
  'no-public-preflight': { type: 'boolean', default: false },
  ...relayOptions,
  'log-level': { type: 'string', default: 'info' },
} as const;

const logLevels = ['debug', 'info', 'warn', 'error'] as const;

export type UpValues = ReturnType<typeof parseOptions<typeof upOptions>>['values'];

/** The whole configuration of ./weir up, checked as far as it can be before anything starts. */
export async function readUpConfig(args: string[]): Promise<PlatformConfig> {
  return platformConfig(parseOptions(args, upOptions).values);
}

/** What the options say of one machine. */
export async function platformConfig(values: UpValues, { withMedia = true } = {}): Promise<PlatformConfig> {
  const optional = (option: 'media-port' | 'workers' | 'requests-per-minute', max: number) =>
    values[option] === undefined ? undefined : wholeNumber(option, values[option], 1, max);
  const logLevel = logLevels.find((level) => level === values['log-level']);
  if (!logLevel)
    throw new PlatformError(
      'bad-request',
      `--log-level ${values['log-level']}: one of ${logLevels.join(', ')}`,
    );
  const port = wholeNumber('port', values.port, 0, 65_535);
  const mediaPort = optional('media-port', 65_535);
  const workers = optional('workers', 256);
  const requestsPerMinute = optional('requests-per-minute', 10_000_000);
  const dataDir = dataDirectory(values['data-dir']);
  await checkDataDirectory(dataDir);
  const tls = await tlsFiles(values, dataDir);
  // Without https other machines get no cameras, and guests of the whole network no open door.
  const host = values.host ?? (tls || values.announce ? '0.0.0.0' : 'localhost');
  const announce = await announced(values, mediaPort);
  return {
    host,
    port,
    dataDir,
    ...(tls && { tls }),
    announce,
    ...(values.relay && { relay: relayOf(values, { announce, tls, withMedia }) }),
    ...(mediaPort !== undefined && { mediaPort }),
    ...(workers !== undefined && { workers }),
    ...(values['trust-proxy'] && { trustProxy: values['trust-proxy'].map(proxyOf) }),
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    guestAccess: !values['no-guests'],
    publicPreflight: !values['no-public-preflight'],
    logLevel,
    logPretty: process.stderr.isTTY ?? false,
  };
}

/** An address, or a network like 10.0.0.0/8. */
function proxyOf(text: string): string {
  const [address = '', bits = '0', ...more] = text.split('/');
  const most = isIP(address) === 6 ? 128 : 32;
  if (isIP(address) && /^\d+$/.test(bits) && Number(bits) <= most && more.length === 0) return text;
  throw new PlatformError(
    'bad-request',
    `--trust-proxy ${text}: an address or a network like 10.0.0.0/8 is wanted`,
  );
}

type TlsOptions = { tls: boolean; 'tls-cert'?: string; 'tls-key'?: string };

async function tlsFiles(values: TlsOptions, dataDir: string): Promise<TlsFiles | undefined> {
  const { 'tls-cert': cert, 'tls-key': key } = values;
  if (cert && key) return givenCertificate(cert, key);
  if (cert || key)
    throw new PlatformError('bad-request', '--tls-cert and --tls-key belong together: give both');
  return values.tls ? ownCertificate(dataDir) : undefined;
}

type AnnounceOptions = { host?: string; announce?: string[]; 'announce-unchecked': boolean };

async function announced(values: AnnounceOptions, mediaPort = 0): Promise<string[]> {
  const { host, announce } = values;
  if (announce) {
    if (!values['announce-unchecked'])
      for (const address of announce) await checkAnnounced(address, mediaPort);
    return announce;
  }
  // The page may be for this machine only: Firefox, for one, does not send media to a loopback address.
  const everywhere = host === undefined || host === '0.0.0.0' || host === '::';
  if (!everywhere) return [isIP(host) ? host : '127.0.0.1'];
  const lan = lanAddresses().filter((address) => isIP(address) === 4);
  return lan.length > 0 ? lan : ['127.0.0.1'];
}
