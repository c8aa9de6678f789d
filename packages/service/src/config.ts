import { parseArgs } from 'node:util';
import { PlatformError } from '@weir/core';
import type { z } from 'zod';

/**
 * A process's configuration, read once. A key `MEDIA_PORT` of the schema is `--media-port=…` among the arguments, else
 * `WEIR_MEDIA_PORT` in the environment, else the schema's default. Throws `bad-request` that names every fault.
 */
export function readConfig<Schema extends z.ZodObject>(
  schema: Schema,
  { env = process.env, args = process.argv.slice(2) }: { env?: NodeJS.ProcessEnv; args?: string[] } = {},
): z.output<Schema> {
  const keys = Object.keys(schema.shape);
  const given = readArguments(keys, args);
  const found = keys.flatMap((key) => {
    const value = given[option(key)] ?? env[`WEIR_${key}`];
    return value === undefined ? [] : [[key, value]];
  });
  const parsed = schema.safeParse(Object.fromEntries(found));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `--${option(String(path[0]))} (WEIR_${String(path[0])}): ${message}`,
  );
  throw new PlatformError('bad-request', faults.join('\n'));
}

function readArguments(keys: string[], args: string[]): Record<string, string | undefined> {
  try {
    const options = Object.fromEntries(keys.map((key) => [option(key), { type: 'string' as const }]));
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new PlatformError('bad-request', (error as Error).message, { cause: error });
  }
}

function option(key: string): string {
  return key.toLowerCase().replaceAll('_', '-');
}
