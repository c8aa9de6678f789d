import { RoomId } from '@weir/protocol';
import { expect, test } from 'vitest';
import { randomRoomName, roomNameFrom } from './room-name.ts';

test.each([
  ['Morning round', 'Morning-round'],
  ['  a \t b  ', 'a-b'],
  ['café / 王?', 'café--王'],
  ['<script>', 'script'],
  ['!!!', ''],
  ['', ''],
  ['x'.repeat(80), 'x'.repeat(64)],
])('%j becomes %j', (text, name) => {
  expect(roomNameFrom(text)).toBe(name);
});

test('every name that is left is one that the protocol allows', () => {
  for (const text of ['a b', 'ß!ä', 'o\u0308 x', '~._-', 'room 101 (north)'])
    RoomId.parse(roomNameFrom(text));
});

test('random names are allowed and differ', () => {
  const names = Array.from({ length: 500 }, randomRoomName);
  for (const name of names) RoomId.parse(name);
  expect(new Set(names).size).toBe(names.length);
});
