import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openDatabase } from './database.ts';

vi.mock('node:fs', { spy: true });

test('each write of the embedded database reaches the disk before it is acknowledged', {
  timeout: 60_000,
}, async () => {
  const dataDir = fs.mkdtempSync(join(tmpdir(), 'weir-synced-'));
  const database = await openDatabase({ dataDir });
  try {
    for (let n = 0; n < 3; n++) {
      vi.mocked(fs.fsyncSync).mockClear();
      await database.apiKeys.create();
      expect(fs.fsyncSync).toHaveBeenCalled();
    }
    vi.mocked(fs.fsyncSync).mockClear();
    await database.apiKeys.list();
    expect(fs.fsyncSync, 'a read need not').not.toHaveBeenCalled();
  } finally {
    await database.close();
    fs.rmSync(dataDir, { recursive: true, force: true });
  }
});
