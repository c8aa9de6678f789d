import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { givenCertificate, isOwnCertificate, ownCertificate } from './tls.ts';

const names = ['localhost', '127.0.0.1', '192.168.1.5', 'fd00::5', 'ward-pc'];
const dayMs = 86_400_000;
let dataDir: string;
const path = (name: string) => join(dataDir, name);

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'weir-tls-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

test('our own certificate is for each name, lives as long as browsers allow, and its key is private', async () => {
  const { cert, key } = await ownCertificate(dataDir, names);
  const certificate = new X509Certificate(cert);
  for (const name of ['localhost', 'ward-pc']) expect(certificate.checkHost(name)).toBe(name);
  for (const ip of ['127.0.0.1', '192.168.1.5', 'fd00::5']) expect(certificate.checkIP(ip)).toBe(ip);
  expect(certificate.checkHost('elsewhere')).toBeUndefined();
  expect(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)).toBeLessThanOrEqual(
    398 * dayMs,
  );
  expect(isOwnCertificate(cert)).toBe(true);
  expect((await stat(path('tls/key.pem'))).mode & 0o777).toBe(0o600);
  expect(key).toContain('BEGIN PRIVATE KEY');
});

test('a client that trusts it connects', async () => {
  const tls = await ownCertificate(dataDir, names);
  const server = createServer(tls, (_, response) => response.end('well')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const request = get({ host: 'localhost', family: 4, port, ca: tls.cert, agent: false, timeout: 5_000 });
  const [response] = await once(request, 'response');
  expect(response.statusCode).toBe(200);
  response.destroy();
  server.close();
});

test('it is kept while it serves, also when addresses went away', async () => {
  const first = await ownCertificate(dataDir, names);
  expect(await ownCertificate(dataDir, names)).toEqual(first);
  expect(await ownCertificate(dataDir, ['localhost', '127.0.0.1'])).toEqual(first);
});

test.each([
  ['there is a new address', [...names, '10.0.0.9'], 0],
  ['its end is near', names, 370 * dayMs],
])('it is made anew when %s', async (_, wanted, laterMs) => {
  const first = await ownCertificate(dataDir, names);
  const second = await ownCertificate(dataDir, wanted, Date.now() + laterMs);
  expect(second.cert).not.toBe(first.cert);
  expect(await ownCertificate(dataDir, wanted, Date.now() + laterMs)).toEqual(second);
});

test('it is made anew when its files are damaged', async () => {
  await ownCertificate(dataDir, names);
  await writeFile(path('tls/key.pem'), 'no key');
  const { cert, key } = await ownCertificate(dataDir, names);
  expect(new X509Certificate(cert).checkHost('localhost')).toBeDefined();
  expect(key).not.toBe('no key');
});

test('a given certificate is used as it is', async () => {
  const made = await ownCertificate(dataDir, names);
  expect(await givenCertificate(path('tls/cert.pem'), path('tls/key.pem'))).toEqual(made);
});

test.each([
  ['missing.pem', 'tls/key.pem', /--tls-cert .*cannot be read/],
  ['tls/cert.pem', 'missing.pem', /--tls-key .*cannot be read/],
  ['text.pem', 'tls/key.pem', /--tls-cert .*not a certificate/],
  ['tls/cert.pem', 'text.pem', /--tls-key .*not a private key/],
  ['tls/cert.pem', 'other/tls/key.pem', /not the key of/],
])('the certificate %s with the key %s is refused: %s', async (cert, key, message) => {
  await ownCertificate(dataDir, names);
  await ownCertificate(path('other'), names);
  await writeFile(path('text.pem'), 'hello');
  await expect(givenCertificate(path(cert), path(key))).rejects.toThrow(message);
});

test('a given certificate that has expired is refused with the day', async () => {
  await ownCertificate(dataDir, names);
  const given = givenCertificate(path('tls/cert.pem'), path('tls/key.pem'), Date.now() + 400 * dayMs);
  await expect(given).rejects.toThrow(/expired on .* 20\d\d GMT/);
});
