import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlatformError, withDeadline } from '@weir/core';

/** The checkout. */
export const checkout = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * Where keys, database and certificate are kept. In the checkout by default: two checkouts never share or spoil each
 * other's data, and whoever runs ./weir in it, root or not, finds the same.
 */
export function dataDirectory(option: string | undefined): string {
  return resolve(option ?? process.env.WEIR_DATA_DIR ?? join(checkout, '.weir', 'data'));
}

/** Throws `forbidden` when nothing can be written there. */
export async function checkDataDirectory(dataDir: string): Promise<void> {
  try {
    await withDeadline(writeProbe(dataDir), 5_000, 'writing there'); // A lost network disk answers never.
  } catch (error) {
    throw new PlatformError(
      'forbidden',
      `the data directory ${dataDir} cannot be written: ${(error as Error).message}\n` +
        '  Correct its owner or the disk, or choose another with --data-dir.',
      { cause: error },
    );
  }
}

async function writeProbe(dataDir: string): Promise<void> {
  const probe = join(dataDir, `.probe-${process.pid}`);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await writeFile(probe, '');
  await rm(probe);
}
