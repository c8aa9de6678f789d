import { expect, test } from 'vitest';
import { PeerConnections } from './peer-connections.ts';

/** Lets the test say when the browser collects one. */
function counted() {
  const collect: (() => void)[] = [];
  const connections = new PeerConnections((collected) => ({ register: () => void collect.push(collected) }));
  const scarce: number[] = [];
  connections.events.on('scarce', ({ used }) => scarce.push(used));
  const make = (count: number) => {
    for (let i = 0; i < count; i++)
      connections.count(
        () => ({}),
        (made) => made,
      );
  };
  return { connections, collect, scarce, make };
}

test('above four fifths of what the browser allows it is told, and refused before the browser does', () => {
  const { connections, scarce, make } = counted();
  make(400);
  expect(scarce).toEqual([]);
  make(90);
  expect(scarce).toHaveLength(90);
  expect(connections.use).toEqual({ used: 490, atMost: 490 });
  expect(() => make(1)).toThrow(expect.objectContaining({ code: 'limit-reached' }));
});

test('what was collected no longer counts', () => {
  const { connections, collect, make } = counted();
  make(490);
  for (const collected of collect.splice(0, 100)) collected();
  expect(connections.use.used).toBe(390);
  make(1);
});

test('one that could not be made does not count', () => {
  const { connections } = counted();
  const failing = () => {
    throw new Error('no');
  };
  expect(() => connections.count(failing, () => ({}))).toThrow('no');
  expect(connections.use.used).toBe(0);
});
