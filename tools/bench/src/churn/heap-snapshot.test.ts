import { expect, test } from 'vitest';
import { sharesOf } from './heap-snapshot.ts';

test('compiled code is told apart from objects; what the browser holds in C++ is neither', () => {
  const meta = {
    node_fields: ['type', 'name', 'id', 'self_size'],
    node_types: [['hidden', 'object', 'code', 'string', 'native', 'object shape'], 'string'] as [
      string[],
      string,
    ],
  };
  const nodes = [
    [1, 0, 1, 40],
    [2, 0, 2, 500],
    [3, 0, 3, 24],
    [4, 0, 4, 9_000],
    [5, 0, 5, 80],
    [0, 0, 6, 7],
  ].flat();
  expect(sharesOf({ snapshot: { meta }, nodes })).toEqual({ objects: 64, code: 580 });
});
