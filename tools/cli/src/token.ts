import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ApiKey, mintJoinToken } from '@weir/auth';
import { PlatformError } from '@weir/core';
import { Source } from '@weir/protocol';
import { dataDirectory } from './folders.ts';
import { duration, parseOptions } from './options.ts';

export const tokenOptions = {
  room: { type: 'string' },
  identity: { type: 'string' },
  name: { type: 'string' },
  grants: { type: 'string' },
  ttl: { type: 'string', default: '6h' },
  metadata: { type: 'string' },
  url: { type: 'string', default: 'http://localhost:7420' },
  'data-dir': { type: 'string' },
} as const;

/** Prints a join token alone on stdout, so that scripts can take it, and a link with it on stderr. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseOptions(args, tokenOptions);
  const { room, identity, name, metadata } = values;
  if (!room || !identity) throw new PlatformError('bad-request', '--room and --identity are needed');
  if (!URL.canParse(values.url))
    throw new PlatformError('bad-request', `--url ${values.url}: not an address`);
  const token = await mintJoinToken(
    await readApiKey(dataDirectory(values['data-dir']), process.env),
    {
      room,
      sub: identity,
      grants: parseGrants(values.grants ?? ''),
      ...(name !== undefined && { name }),
      ...(metadata !== undefined && { metadata }),
    },
    { ttlSeconds: duration('ttl', values.ttl) },
  );
  const link = new URL(`/meet/${encodeURIComponent(room)}`, values.url);
  link.searchParams.set('token', token);
  process.stdout.write(`${token}\n`);
  process.stderr.write(`${link.href}\n`);
  return 0;
}

/** The API key of the environment, else the one that the platform keeps in its data directory. */
export async function readApiKey(dataDir: string, env: NodeJS.ProcessEnv): Promise<ApiKey> {
  const { WEIR_API_KEY: id, WEIR_API_SECRET: secret } = env;
  if (id && secret) return { id, secret };
  if (id || secret)
    throw new PlatformError('bad-request', 'WEIR_API_KEY and WEIR_API_SECRET belong together: set both');
  const file = join(dataDir, 'api-key.json');
  try {
    const key: Partial<ApiKey> = JSON.parse(await readFile(file, 'utf8'));
    if (typeof key.id === 'string' && typeof key.secret === 'string')
      return { id: key.id, secret: key.secret };
    throw new Error('it holds no API key');
  } catch (error) {
    throw new PlatformError(
      'not-found',
      `no API key: ${file}: ${(error as Error).message}\n` +
        '  ./weir up makes one at its first start. For another data directory give --data-dir; for the key of\n' +
        '  another machine set WEIR_API_KEY and WEIR_API_SECRET.',
      { cause: error },
    );
  }
}

export type GrantsInput = {
  publish?: boolean | Source[];
  subscribe?: boolean;
  data?: boolean;
  hidden?: boolean;
  admin?: boolean;
  bypassLobby?: boolean;
};

const grantWords: Record<string, GrantsInput> = {
  publish: { publish: true },
  'no-publish': { publish: false },
  subscribe: { subscribe: true },
  'no-subscribe': { subscribe: false },
  data: { data: true },
  'no-data': { data: false },
  hidden: { hidden: true },
  admin: { admin: true },
  'bypass-lobby': { bypassLobby: true },
};

/** `publish:camera+microphone,admin` as grants; what is not named keeps its default. */
export function parseGrants(list: string): GrantsInput {
  const words = list.split(',').filter((word) => word !== '');
  return Object.assign({}, ...words.map((word) => grant(word.trim())));
}

function grant(word: string): GrantsInput {
  if (word.startsWith('publish:')) {
    const sources = word
      .slice('publish:'.length)
      .split('+')
      .map((source) => Source.safeParse(source));
    if (sources.every((source) => source.success)) return { publish: sources.map((source) => source.data) };
    throw new PlatformError(
      'bad-request',
      `--grants ${word}: sources are ${Source.options.join(', ')}, joined with +`,
    );
  }
  if (Object.hasOwn(grantWords, word)) return grantWords[word]!;
  const known = [...Object.keys(grantWords), 'publish:SOURCE+SOURCE'];
  throw new PlatformError('bad-request', `--grants ${word}: unknown; known are ${known.join(', ')}`);
}
