import { expect, test } from 'vitest';
import { joinLayout } from './store-layout.ts';

test('a version and the next one work side by side, whichever comes first', () => {
  const one = { version: 1, readableBy: 1 };
  const two = { version: 2, readableBy: 1 };
  expect(joinLayout(undefined, one, 1)).toEqual(one);
  expect(joinLayout(one, two, 1)).toEqual(two); // The newer node comes: the store is its from now on, …
  expect(joinLayout(two, one, 1)).toEqual(two); // … and an older one may still come, and go on.
});

test('what is too new, or too old, is refused with what to do', () => {
  expect(() => joinLayout({ version: 3, readableBy: 2 }, { version: 1, readableBy: 1 }, 1)).toThrow(
    /start a newer one/,
  );
  expect(() => joinLayout({ version: 1, readableBy: 1 }, { version: 3, readableBy: 3 }, 2)).toThrow(
    /the version between/,
  );
});
