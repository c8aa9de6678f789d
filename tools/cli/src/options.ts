import { type ParseArgsConfig, parseArgs } from 'node:util';
import { PlatformError } from '@weir/core';

type Options = NonNullable<ParseArgsConfig['options']>;

/** A command line by its options; what does not fit them is a `bad-request` that names it. */
export function parseOptions<const O extends Options>(args: string[], options: O, allowPositionals = false) {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals });
  } catch (error) {
    // Node's first sentence says it; the second explains how to pass a positional that looks like an option.
    throw new PlatformError('bad-request', (error as Error).message.split(/[.\n]/)[0] ?? '', {
      cause: error,
    });
  }
}

/** A whole number within bounds, or `bad-request` that names the option. */
export function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new PlatformError(
    'bad-request',
    `--${option} ${text}: a whole number from ${min} to ${max} is wanted`,
  );
}

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A time like `90s`, `30m`, `6h` or `1d`, in seconds. */
export function duration(option: string, text: string): number {
  const [, digits = '', unit = ''] = /^([1-9]\d{0,8})([smhd])$/.exec(text) ?? [];
  const seconds = Number(digits) * (unitSeconds[unit] ?? 0);
  if (seconds > 0) return seconds;
  throw new PlatformError('bad-request', `--${option} ${text}: a time like 90s, 30m, 6h or 1d is wanted`);
}
