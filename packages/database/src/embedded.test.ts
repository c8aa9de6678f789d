import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fsyncSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RoomSettings } from '@weir/protocol';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { databaseContract } from './database.contract.ts';
import { openDatabase } from './database.ts';

vi.mock('node:fs', { spy: true });

const root = mkdtempSync(join(tmpdir(), 'weir-database-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

databaseContract('embedded', async () => {
  const dataDir = join(root, 'contract');
  const underTest = {
    database: await openDatabase({ dataDir }),
    async again() {
      await underTest.database.close();
      underTest.database = await openDatabase({ dataDir });
      return underTest.database;
    },
    async stop() {},
  };
  return underTest;
});

describe('the embedded database', () => {
  const settings = RoomSettings.parse({});
  const dataDir = join(root, 'killed');

  /** Another process: opens the database, then writes rooms one after the other and says so, until it is killed. */
  const writer = async (dataDir: string) => {
    const code = `
      const { openDatabase } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
      const database = await openDatabase({ dataDir: ${JSON.stringify(dataDir)} });
      for (let n = 0; ; n++) {
        await database.rooms.put('room' + n, ${JSON.stringify(settings)});
        console.log(n);
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let written = -1;
    child.stdout.on('data', (text: Buffer) => {
      written = Number(text.toString().trim().split('\n').at(-1));
    });
    const exited = once(child, 'exit');
    return {
      pid: child.pid!,
      written: () => written,
      async kill() {
        child.kill('SIGKILL');
        await exited;
      },
    };
  };
  const until = async (holds: () => boolean) => {
    const deadline = Date.now() + 60_000;
    while (!holds()) {
      if (Date.now() > deadline) throw new Error('not within 60 s');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  test('has all that was written when its process is killed', { timeout: 180_000 }, async () => {
    for (const round of [1, 2]) {
      const other = await writer(dataDir);
      try {
        await until(() => other.written() >= 20);
        await expect(openDatabase({ dataDir })).rejects.toMatchObject({
          code: 'conflict',
          message: `process ${other.pid} uses ${dataDir}: stop it first`,
        });
      } finally {
        await other.kill();
      }
      const database = await openDatabase({ dataDir });
      for (let n = 0; n <= other.written(); n++)
        expect(await database.rooms.get(`room${n}`), `round ${round}, room${n}`).toBeDefined();
      await database.close();
    }
  });

  test('is set up anew when its process is killed during the first start', { timeout: 180_000 }, async () => {
    const dataDir = join(root, 'half');
    const other = await writer(dataDir);
    try {
      await until(() => exists(join(dataDir, 'postgres-18.new', 'global')));
    } finally {
      await other.kill();
    }
    expect(exists(join(dataDir, 'postgres-18'))).toBe(false);
    const database = await openDatabase({ dataDir });
    expect(await database.rooms.list()).toEqual([]);
    await database.close();
  });

  test('cannot be opened twice by one process, but again once it is closed', async () => {
    const database = await openDatabase({ dataDir });
    await expect(openDatabase({ dataDir })).rejects.toMatchObject({ code: 'conflict' });
    await database.close();
    await (await openDatabase({ dataDir })).close();
  });

  test('lets nobody but its owner in, whatever the modes of the files are', () => {
    expect(lstatSync(dataDir).mode & 0o777).toBe(0o700);
  });

  test('has each write on the disk before it is acknowledged', async () => {
    const database = await openDatabase({ dataDir });
    for (let n = 0; n < 3; n++) {
      vi.mocked(fsyncSync).mockClear();
      await database.apiKeys.create();
      expect(fsyncSync).toHaveBeenCalled();
    }
    vi.mocked(fsyncSync).mockClear();
    await database.apiKeys.list();
    expect(fsyncSync, 'a read need not').not.toHaveBeenCalled();
    await database.close();
  });

  test('leaves a directory that it cannot open free for another attempt', async () => {
    const data = join(dataDir, 'postgres-18');
    renameSync(data, `${data}.aside`);
    mkdirSync(data);
    writeFileSync(join(data, 'PG_VERSION'), '9.6\n');
    await expect(openDatabase({ dataDir })).rejects.toMatchObject({ code: 'internal' });
    rmSync(data, { recursive: true });
    renameSync(`${data}.aside`, data);
    await (await openDatabase({ dataDir })).close();
  });
});

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
