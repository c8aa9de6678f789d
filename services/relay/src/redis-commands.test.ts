import { expect, test } from 'vitest';
import { RedisCommands } from './redis-commands.ts';

const sent = '*2\r\n$4\r\nAUTH\r\n$2\r\npw\r\n*3\r\n$3\r\nset\r\n$1\r\nk\r\n$0\r\n\r\n';
const commands = [
  ['AUTH', 'pw'],
  ['set', 'k', ''],
];

test('commands are taken out wherever the stream is cut', () => {
  expect(new RedisCommands().push(sent)).toEqual(commands);
  for (let cut = 1; cut < sent.length; cut++) {
    const parser = new RedisCommands();
    expect([...parser.push(sent.slice(0, cut)), ...parser.push(sent.slice(cut))]).toEqual(commands);
  }
  const parser = new RedisCommands();
  expect([...sent].flatMap((byte) => parser.push(byte))).toEqual(commands);
});

test.each([
  'GET / HTTP/1.1\r\n',
  '*1\r\nAUTH\r\n',
  '*x\r\n',
  '*-1\r\n',
  `*1\r\n$70000\r\n${'a'.repeat(70_000)}`,
])('what is no command, or has no end, is refused: %j', (text) => {
  expect(() => new RedisCommands().push(text)).toThrow();
});
