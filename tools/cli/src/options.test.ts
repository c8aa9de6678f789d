import { expect, test } from 'vitest';
import { duration, parseOptions, wholeNumber } from './options.ts';

test.each([
  ['90s', 90],
  ['30m', 1800],
  ['6h', 21_600],
  ['1d', 86_400],
])('a time of %s is %i seconds', (text, seconds) => {
  expect(duration('ttl', text)).toBe(seconds);
});

test.each(['', '6', 'h', '0h', '-1h', '1.5h', '6 h', '6hours', '1w'])('a time of "%s" is refused', (text) => {
  expect(() => duration('ttl', text)).toThrow(/--ttl .*is wanted/);
});

test.each(['', '-1', '1.5', '1e3', '0x10', ' 5', '0', '65536'])(
  'the whole number "%s" is refused',
  (text) => {
    expect(() => wholeNumber('port', text, 1, 65_535)).toThrow(/--port .*from 1 to 65535/);
  },
);

test('the bounds of a whole number belong to it', () => {
  expect(wholeNumber('port', '1', 1, 65_535)).toBe(1);
  expect(wholeNumber('port', '65535', 1, 65_535)).toBe(65_535);
});

test.each([
  [['--wrong'], /--wrong/],
  [['--room'], /--room/],
  [['stray'], /stray/],
])('%j is a bad request that names it', (args, name) => {
  const parse = () => parseOptions(args, { room: { type: 'string' } });
  expect(parse).toThrow(name);
  expect(parse).toThrow(expect.objectContaining({ code: 'bad-request' }));
});
