import type { PlatformError } from '@weir/core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readConfig } from './config.ts';

const Config = z.object({
  MEDIA_PORT: z.coerce.number().int().positive().default(4000),
  HOST: z.string(),
  TRUST_PROXY: z.stringbool().default(false),
});

const faultOf = (source: Parameters<typeof readConfig>[1]): PlatformError => {
  try {
    readConfig(Config, source);
  } catch (error) {
    return error as PlatformError;
  }
  throw new Error('it was taken');
};

test.each<[string, NodeJS.ProcessEnv, string[], z.output<typeof Config>]>([
  ['defaults', { WEIR_HOST: 'a' }, [], { MEDIA_PORT: 4000, HOST: 'a', TRUST_PROXY: false }],
  [
    'the environment',
    { WEIR_HOST: 'a', WEIR_MEDIA_PORT: '5' },
    [],
    { MEDIA_PORT: 5, HOST: 'a', TRUST_PROXY: false },
  ],
  [
    'arguments before the environment',
    { WEIR_HOST: 'a', WEIR_MEDIA_PORT: '5' },
    ['--media-port=6', '--trust-proxy', 'yes'],
    { MEDIA_PORT: 6, HOST: 'a', TRUST_PROXY: true },
  ],
  [
    'no other variables',
    { WEIR_HOST: 'a', HOST: 'b', MEDIA_PORT: '7' },
    [],
    { MEDIA_PORT: 4000, HOST: 'a', TRUST_PROXY: false },
  ],
])('reads %s', (_, env, args, config) => {
  expect(readConfig(Config, { env, args })).toEqual(config);
});

test('every fault is named, with the option and the variable', () => {
  const { code, message } = faultOf({ env: { WEIR_MEDIA_PORT: 'many' }, args: [] });
  expect(code).toBe('bad-request');
  expect(message).toMatch(/--media-port \(WEIR_MEDIA_PORT\): /);
  expect(message).toMatch(/--host \(WEIR_HOST\): /);
});

test.each([[['--medai-port=5']], [['serve']], [['--host']]])('refuses %j', (args) => {
  expect(faultOf({ env: { WEIR_HOST: 'a' }, args }).code).toBe('bad-request');
});
