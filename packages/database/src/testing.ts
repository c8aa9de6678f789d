// For tests: to set the embedded database up takes four seconds of processor time, to copy one that is set up next to none.
import { createHash } from 'node:crypto';
import { constants, existsSync, globSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Database, openDatabase } from './database.ts';
import { migrationsFolder } from './migrations.ts';

const folder = fileURLToPath(new URL('../../../.weir/test', import.meta.url));

/** Puts a database that nobody has used into `dataDir`, as its first opening would. */
export async function setUpDatabase(dataDir: string): Promise<void> {
  const original = join(folder, `database-${version()}`);
  if (!existsSync(original)) await makeOriginal(original);
  await cp(original, dataDir, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

/** The same, opened. */
export async function openTestDatabase(dataDir: string): Promise<Database> {
  await setUpDatabase(dataDir);
  return openDatabase({ dataDir });
}

/** Of all that it is made of. */
function version(): string {
  const hash = createHash('sha256');
  const pglite = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const files = [
    join(dirname(pglite), '..', 'package.json'),
    fileURLToPath(new URL('embedded.ts', import.meta.url)),
    ...globSync('**/*.{sql,json}', { cwd: migrationsFolder })
      .sort()
      .map((name) => join(migrationsFolder, name)),
  ];
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

/** Tests that begin together may each make one: the first is kept. */
async function makeOriginal(original: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const dataDir = await mkdtemp(`${original}.`);
  try {
    await (await openDatabase({ dataDir })).close();
    await rename(dataDir, original);
  } catch (error) {
    if (!existsSync(original)) throw error;
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
