import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyJoinToken } from '@weir/auth';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parseGrants, readApiKey, run } from './token.ts';

const key = { id: 'wk_1', secret: 'ws_0123456789abcdef0123456789abcdef' };
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'weir-token-'));
  await writeFile(join(dataDir, 'api-key.json'), JSON.stringify(key));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dataDir, { recursive: true });
});

test.each([
  ['', {}],
  ['publish', { publish: true }],
  ['no-publish,no-data', { publish: false, data: false }],
  ['publish:camera+microphone, admin', { publish: ['camera', 'microphone'], admin: true }],
  ['hidden,bypass-lobby,no-subscribe', { hidden: true, bypassLobby: true, subscribe: false }],
  ['subscribe,data', { subscribe: true, data: true }],
])('the grants "%s"', (list, grants) => {
  expect(parseGrants(list)).toEqual(grants);
});

test.each(['fly', 'Publish', 'publish:', 'publish:camera+film', 'constructor', 'publish=camera'])(
  'the grant "%s" is refused with those that are known',
  (list) => {
    expect(() => parseGrants(list)).toThrow(/known are|sources are/);
  },
);

test('the token alone is on stdout, a link with it on stderr', async () => {
  const stdout = captured(process.stdout);
  const stderr = captured(process.stderr);
  const args = [
    '--room',
    'straße',
    '--identity',
    'nurse-7',
    '--name',
    'Nurse',
    '--grants',
    'admin',
    '--ttl',
    '90s',
  ];
  expect(await run([...args, '--data-dir', dataDir, '--url', 'https://weir.example:8443'])).toBe(0);

  expect(stdout.text).toMatch(/^\S+\n$/);
  const claims = await verifyJoinToken(stdout.text.trim(), async (id) =>
    id === key.id ? key.secret : undefined,
  );
  expect(claims).toMatchObject({
    room: 'straße',
    sub: 'nurse-7',
    name: 'Nurse',
    grants: { admin: true, publish: true },
  });
  expect(claims.expiresAt - Date.now()).toBeGreaterThan(80_000);
  expect(claims.expiresAt - Date.now()).toBeLessThanOrEqual(90_000);
  const link = new URL(stderr.text.trim());
  expect(link.href.startsWith('https://weir.example:8443/meet/stra%C3%9Fe?')).toBe(true);
  expect(link.searchParams.get('token')).toBe(stdout.text.trim());
});

test('the environment comes before the data directory', async () => {
  expect(await readApiKey(dataDir, { WEIR_API_KEY: 'a', WEIR_API_SECRET: 'b' })).toEqual({
    id: 'a',
    secret: 'b',
  });
  expect(await readApiKey(dataDir, {})).toEqual(key);
  await expect(readApiKey(dataDir, { WEIR_API_KEY: 'a' })).rejects.toThrow(/belong together/);
});

test.each(['', '[]', '{"id":"wk_1"}', '{"id":"wk_1","secret":'])(
  'a key file of "%s" is no key',
  async (text) => {
    await writeFile(join(dataDir, 'api-key.json'), text);
    await expect(readApiKey(dataDir, {})).rejects.toThrow(/no API key: .*api-key\.json/);
  },
);

test('without a key file the message says where one comes from', async () => {
  await expect(readApiKey(join(dataDir, 'elsewhere'), {})).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringContaining('./weir up makes one'),
  });
});

function captured(stream: NodeJS.WriteStream): { text: string } {
  const output = { text: '' };
  vi.spyOn(stream, 'write').mockImplementation((text) => {
    output.text += text;
    return true;
  });
  return output;
}
