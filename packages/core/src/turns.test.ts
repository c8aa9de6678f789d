import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

test('so many work at once, the others in their order; one that fails gives its turn on', async () => {
  const turns = new Turns(2);
  const ends = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
  const begun: number[] = [];
  const done = ends.map((end, i) =>
    turns.take(() => {
      begun.push(i);
      return end.promise;
    }),
  );
  expect(begun).toEqual([0, 1]);
  ends[1]!.reject(new Error('no'));
  await expect(done[1]).rejects.toThrow('no');
  expect(begun).toEqual([0, 1, 2]);
  for (const [i, end] of ends.entries()) end.resolve(i);
  expect(await Promise.all([done[0], done[2], done[3], done[4]])).toEqual([0, 2, 3, 4]);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
  await turns.take(async () => begun.push(5));
  expect(begun.at(-1)).toBe(5);
});
