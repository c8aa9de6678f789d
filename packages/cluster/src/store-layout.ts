import { PlatformError } from '@weir/core';

/**
 * How what is in the store is laid out: by number, which grows when an older program could not read it any more. `readableBy`: the
 * oldest layout that a program must know to work with this one, which is older as long as what is new may be passed over.
 */
export type StoreLayout = { version: number; readableBy: number };

/** What this program writes. */
export const ownLayout: StoreLayout = { version: 1, readableBy: 1 };
/** The oldest that it can still work with. */
const oldestKnown = 1;

/**
 * The layout that the store is in from now on, when a program with `own` joins: nodes of two versions work side by side for the
 * length of a rolling deploy. Throws `unsupported-version` when they cannot.
 */
export function joinLayout(
  found: StoreLayout | undefined,
  own: StoreLayout = ownLayout,
  oldest: number = oldestKnown,
): StoreLayout {
  if (!found) return own;
  if (found.readableBy > own.version)
    throw new PlatformError(
      'unsupported-version',
      `the cluster store is in layout ${found.version}, this program knows ${own.version}: start a newer one, or give this ` +
        'one a Redis of its own',
    );
  if (found.version < oldest)
    throw new PlatformError(
      'unsupported-version',
      `the cluster store is in layout ${found.version}, this program knows ${oldest} to ${own.version}: go by way of the ` +
        'version between, or empty the Redis while no node runs (calls come back by themselves)',
    );
  return found.version >= own.version ? found : own;
}

/** Throws `unsupported-version` for what no version of this program has written. */
export function parseLayout(text: string | undefined): StoreLayout | undefined {
  if (text === undefined) return undefined;
  try {
    const { version, readableBy } = JSON.parse(text);
    if (Number.isInteger(version) && Number.isInteger(readableBy)) return { version, readableBy };
  } catch {
    // Said below.
  }
  throw new PlatformError(
    'unsupported-version',
    `the cluster store says of its layout ${JSON.stringify(text.slice(0, 64))}: it is another program's, or damaged`,
  );
}
