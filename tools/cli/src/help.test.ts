import type { ParseArgsConfig } from 'node:util';
import { expect, test } from 'vitest';
import { autoscaleOptions } from './autoscale.ts';
import { drainOptions } from './drain.ts';
import { helpFor, overview } from './help.ts';
import { rollOptions } from './roll.ts';
import { tokenOptions } from './token.ts';
import { upOptions } from './up-config.ts';

test.each([
  'up',
  'token',
  'doctor',
  'drain',
  'roll',
  'chaos',
  'test',
  'check',
  'autoscale',
  'simulate',
  'bench',
  'pack',
  'reference',
])('%s is in the overview and has its own help', (name) => {
  expect(overview).toContain(`./weir ${name}`);
  expect(helpFor(name)).toMatch(new RegExp(`^\\./weir ${name}`));
});

test.each<[string, NonNullable<ParseArgsConfig['options']>]>([
  ['up', upOptions],
  ['token', tokenOptions],
  ['drain', drainOptions],
  ['roll', rollOptions],
  ['autoscale', autoscaleOptions],
])('the help of %s has every option with its default', (name, options) => {
  for (const [option, { default: value }] of Object.entries(options)) {
    const line = helpFor(name)!
      .split('\n')
      .find((text) => text.trimStart().startsWith(`--${option} `));
    expect(line, `--${option}`).toBeDefined();
    if (typeof value === 'string') expect(line).toContain(`(${value}`);
  }
});

test('there is no help for what is no command', () => {
  expect(helpFor('nonsense')).toBeUndefined();
  expect(helpFor('constructor')).toBeUndefined();
});
