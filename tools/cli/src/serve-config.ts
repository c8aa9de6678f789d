import { RegionHints } from '@weir/cluster';
import { PlatformError } from '@weir/core';
import { Region } from '@weir/protocol';
import { parseOptions, wholeNumber } from './options.ts';
import { type FleetConfig, type PlatformConfig, type Role, roles } from './platform.ts';
import { platformConfig, upOptions } from './up-config.ts';

const serveOptions = {
  ...upOptions,
  roles: { type: 'string', default: 'director,signaling,media' },
  'node-id': { type: 'string' },
  redis: { type: 'string', multiple: true },
  'redis-cluster': { type: 'boolean', default: false },
  database: { type: 'string' },
  region: { type: 'string', default: 'local' },
  'region-hint': { type: 'string', multiple: true },
  'region-header': { type: 'string' },
  'public-url': { type: 'string' },
  'control-host': { type: 'string', default: '127.0.0.1' },
  'control-port': { type: 'string', default: '0' },
  'control-url': { type: 'string' },
  'max-sessions': { type: 'string' },
  'max-egress': { type: 'string' },
  'max-packets': { type: 'string' },
  'max-consumers': { type: 'string' },
  'fan-out': { type: 'string' },
} as const;

type ServeValues = ReturnType<typeof parseOptions<typeof serveOptions>>['values'];

const secretLength = 16;

/**
 * The configuration of one process of a fleet. What holds passwords may be given in the environment instead: `WEIR_REDIS`,
 * `WEIR_DATABASE`; the cluster's secret only there (`WEIR_CLUSTER_SECRET`): command lines are seen by everybody.
 */
export async function readServeConfig(
  args: string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<PlatformConfig> {
  const { values } = parseOptions(args, serveOptions);
  const roles = rolesOf(values.roles);
  const relay = values.relay || roles.includes('relay');
  return {
    ...(await platformConfig({ ...values, relay }, { withMedia: roles.includes('media') })),
    roles: relay && !roles.includes('relay') ? [...roles, 'relay'] : roles,
    ...(values['node-id'] ? { nodeId: nodeIdOf(values['node-id']) } : {}),
    fleet: fleetOf(values, roles, env),
  };
}

function rolesOf(text: string): Role[] {
  const named = text.split(',').map((name) => name.trim());
  const unknown = named.find((name) => !roles.some((role) => role === name));
  if (unknown !== undefined)
    throw new PlatformError('bad-request', `--roles ${text}: '${unknown}' is none of ${roles.join(', ')}`);
  return named as Role[];
}

function nodeIdOf(text: string): string {
  if (/^[\w.-]{1,64}$/.test(text)) return text;
  throw new PlatformError('bad-request', `--node-id ${text}: letters, digits and . _ - only, at most 64`);
}

function fleetOf(values: ServeValues, named: Role[], env: NodeJS.ProcessEnv): FleetConfig {
  const urls = values.redis ?? env.WEIR_REDIS?.split(',') ?? [];
  const databaseUrl = values.database ?? env.WEIR_DATABASE;
  const secret = env.WEIR_CLUSTER_SECRET ?? '';
  if (!urls.length) throw missing('--redis URL (or WEIR_REDIS)', 'the Redis or Valkey that the fleet shares');
  if (!databaseUrl && named.includes('director'))
    throw missing('--database URL (or WEIR_DATABASE)', 'the Postgres that the directors of the fleet share');
  if (secret.length < secretLength)
    throw missing('WEIR_CLUSTER_SECRET', `the same ${secretLength} characters or more on every node`);
  const { 'control-url': announcedUrl, 'public-url': publicUrl } = values;
  const { 'max-sessions': maxSessions, 'fan-out': fanOut } = values;
  return {
    redis: { urls, cluster: values['redis-cluster'] },
    ...(databaseUrl ? { databaseUrl } : {}),
    secret,
    region: regionOf(values.region),
    ...(values['region-hint'] ? { regionHints: hintsOf(values['region-hint']) } : {}),
    ...(values['region-header'] ? { regionHeader: values['region-header'] } : {}),
    control: {
      host: values['control-host'],
      port: wholeNumber('control-port', values['control-port'], 0, 65_535),
      ...(announcedUrl ? { announcedUrl: urlOf('control-url', announcedUrl) } : {}),
    },
    ...(maxSessions ? { sessionsAtMost: wholeNumber('max-sessions', maxSessions, 1, 100_000) } : {}),
    limits: limitsOf(values),
    ...(fanOut ? { fanOut: wholeNumber('fan-out', fanOut, 1, 256) } : {}),
    ...(publicUrl ? { publicUrl: urlOf('public-url', publicUrl) } : {}),
  };
}

function regionOf(text: string): string {
  if (text && Region.safeParse(text).success) return text;
  throw new PlatformError('bad-request', `--region ${text}: letters, digits and . _ - only, at most 32`);
}

function hintsOf(hints: string[]): string[] {
  try {
    new RegionHints(hints);
    return hints;
  } catch (error) {
    throw new PlatformError('bad-request', `--region-hint ${(error as Error).message}`);
  }
}

/** How much the media node here is meant to carry. */
function limitsOf(values: ServeValues): NonNullable<FleetConfig['limits']> {
  const { 'max-egress': egress, 'max-packets': packets, 'max-consumers': consumers } = values;
  return {
    ...(egress ? { egressBps: wholeNumber('max-egress', egress, 1, 1_000_000) * 1_000_000 } : {}),
    ...(packets ? { packetsPerSecond: wholeNumber('max-packets', packets, 1, 100_000_000) } : {}),
    ...(consumers ? { consumers: wholeNumber('max-consumers', consumers, 1, 10_000_000) } : {}),
  };
}

function urlOf(option: string, text: string): string {
  if (URL.canParse(text) && /^wss?:$/.test(new URL(text).protocol)) return text;
  throw new PlatformError(
    'bad-request',
    `--${option} ${text}: an address like wss://node-3.example.org is wanted`,
  );
}

function missing(what: string, why: string): PlatformError {
  return new PlatformError('bad-request', `${what} is missing: ${why}`);
}
