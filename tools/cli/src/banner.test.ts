import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { banner } from './banner.ts';
import { ownCertificate } from './tls.ts';

const platform = {
  urls: { local: 'http://localhost:7420', lan: ['http://192.168.1.5:7420', 'http://10.0.0.5:7420/'] },
  apiKey: { id: 'wk_1', secret: 'ws_secret', isNew: true },
};

test('a first start shows every address and the key with its secret', () => {
  const text = banner(platform, { dataDir: '/data' }, false);
  for (const url of ['http://localhost:7420', 'http://192.168.1.5:7420', 'http://10.0.0.5:7420'])
    expect(text).toContain(`${url}/meet/my-room`);
  for (const word of ['wk_1', 'ws_secret', '/data', '--tls']) expect(text).toContain(word);
  expect(text).not.toContain('\x1b');
});

test('later starts never show the secret', () => {
  const text = banner(
    { ...platform, apiKey: { ...platform.apiKey, isNew: false } },
    { dataDir: '/data' },
    true,
  );
  expect(text).toContain('wk_1');
  expect(text).not.toContain('ws_secret');
});

test('with a certificate of our own it tells of the warning, and no more of --tls', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'weir-banner-'));
  const text = banner(platform, { dataDir, tls: await ownCertificate(dataDir) }, false);
  expect(text).toContain('warns once');
  expect(text).not.toContain('--tls');
  await rm(dataDir, { recursive: true });
});
