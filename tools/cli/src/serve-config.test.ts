import { tempDir } from '@weir/testing';
import { expect, test } from 'vitest';
import { readServeConfig } from './serve-config.ts';

const env = {
  WEIR_REDIS: 'redis://10.0.0.2',
  WEIR_DATABASE: 'postgres://10.0.0.3/weir',
  WEIR_CLUSTER_SECRET: 'sixteen characters',
};

test('how far a room may grow on a media node, and how many get its tracks from it', async () => {
  await using data = await tempDir();
  const read = (...args: string[]) => readServeConfig(['--data-dir', data.path, ...args], env);
  expect((await read()).fleet).not.toHaveProperty('sessionsAtMost');
  expect((await read('--max-sessions', '300', '--fan-out', '4')).fleet).toMatchObject({
    sessionsAtMost: 300,
    fanOut: 4,
  });
  const regions = ['--region', 'eu', '--region-hint', 'DE=eu', '--region-header', 'x-country'];
  expect((await read(...regions)).fleet).toMatchObject({
    region: 'eu',
    regionHints: ['DE=eu'],
    regionHeader: 'x-country',
  });
  await expect(read('--region-hint', '10.0.0.0/99=eu')).rejects.toThrow('10.0.0.0/99=eu');
  await expect(read('--region', 'the moon')).rejects.toThrow('the moon');
  const limits = ['--max-egress', '800', '--max-packets', '150000', '--max-consumers', '4000'];
  expect((await read(...limits)).fleet).toMatchObject({
    limits: { egressBps: 800_000_000, packetsPerSecond: 150_000, consumers: 4_000 },
  });
  await expect(read('--max-egress', 'all')).rejects.toThrow('max-egress');
  await expect(read('--max-sessions', '0')).rejects.toThrow('max-sessions');
  await expect(read('--fan-out', 'many')).rejects.toThrow('fan-out');
});
