import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readUpConfig } from './up-config.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'weir-up-'));
});
afterEach(() => rm(dataDir, { recursive: true }));
const read = (...args: string[]) => readUpConfig([...args, '--data-dir', dataDir]);

test('without options: the page on this machine only; with https for the network too', async () => {
  const config = await read();
  expect(config).toMatchObject({
    host: 'localhost',
    port: 7420,
    dataDir,
    logLevel: 'info',
    guestAccess: true,
    publicPreflight: true,
  });
  expect(config.announce!.length).toBeGreaterThan(0);
  expect((await read('--tls')).host).toBe('0.0.0.0');
  for (const absent of ['tls', 'mediaPort', 'workers']) expect(config).not.toHaveProperty(absent);
});

test('every option arrives', async () => {
  const config = await read(
    ...['--port', '8443', '--host', '127.0.0.1', '--tls', '--media-port', '40000', '--workers', '2'],
    ...['--log-level', 'debug', '--announce', '127.0.0.1', '--announce', 'localhost', '--no-guests'],
    ...['--no-public-preflight', '--trust-proxy', '127.0.0.1', '--trust-proxy', '10.0.0.0/8'],
    ...['--requests-per-minute', '90000'],
  );
  expect(config).toMatchObject({
    port: 8443,
    host: '127.0.0.1',
    mediaPort: 40_000,
    workers: 2,
    guestAccess: false,
    publicPreflight: false,
    trustProxy: ['127.0.0.1', '10.0.0.0/8'],
    requestsPerMinute: 90_000,
    logLevel: 'debug',
  });
  expect(config.announce).toEqual(['127.0.0.1', 'localhost']);
  expect(config.tls!.cert).toContain('BEGIN CERTIFICATE');
});

test('on one address only that one is announced', async () => {
  expect((await read('--host', '127.0.0.1')).announce).toEqual(['127.0.0.1']);
  expect((await read('--host', 'localhost')).announce).toEqual(['127.0.0.1']);
});

test('a wrong announced address is refused, unless it is to be unchecked', async () => {
  await expect(read('--announce', 'nowhere.invalid')).rejects.toThrow(/--announce nowhere\.invalid/);
  const config = await read('--announce', 'nowhere.invalid', '--announce-unchecked');
  expect(config.announce).toEqual(['nowhere.invalid']);
});

test.each([
  [['--trust-proxy', 'proxy.internal'], /--trust-proxy proxy\.internal: an address/],
  [['--trust-proxy', '10.0.0.0/33'], /--trust-proxy/],
  [['--log-level', 'loud'], /--log-level loud: one of debug/],
  [['--workers', '0'], /--workers 0/],
  [['--media-port', 'x'], /--media-port x/],
  [['--tls-cert', 'a.pem'], /give both/],
  [['--tls-cert', 'no.pem', '--tls-key', 'no.pem'], /no\.pem: cannot be read/],
])('%j is refused', async (args, message) => {
  const config = read(...args);
  await expect(config).rejects.toThrow(message);
  await expect(config).rejects.toMatchObject({ code: 'bad-request' });
});

test('a data directory that cannot be is refused with its name', async () => {
  await writeFile(join(dataDir, 'file'), '');
  const config = readUpConfig(['--data-dir', join(dataDir, 'file', 'below')]);
  await expect(config).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('file/below'),
  });
});
