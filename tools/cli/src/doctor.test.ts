import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { report } from './doctor.ts';
import { findings } from './machine.ts';

test('a lack is told with its consequence, what is there without', () => {
  const text = report(
    [
      { name: 'Node', state: 'ok', detail: '24.1.0', consequence: 'never seen' },
      { name: 'coturn', state: 'missing', detail: 'not found', consequence: 'no relay' },
    ],
    true,
  );
  expect(text).toContain('no relay');
  expect(text).not.toContain('never seen');
  expect(text).toContain('Ready');
});

test('this machine, which runs this test, has a Node; a data directory that cannot be is wrong', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-doctor-'));
  await writeFile(join(folder, 'file'), '');
  const found = await findings({ port: '7420', dataDir: join(folder, 'file', 'below') });
  const state = (name: string) => found.find((finding) => finding.name === name)?.state;
  expect(state('Node')).toBe('ok');
  expect(state('data directory')).toBe('wrong');
  await rm(folder, { recursive: true });
});
