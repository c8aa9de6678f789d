import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';

const main = join(import.meta.dirname, 'main.ts');
let dataDir: string;
let port: string;
let weir: ChildProcessByStdio<null, Readable, null>;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'weir-up-'));
  port = await freePort();
  const options = ['--port', port, '--host', '127.0.0.1', '--workers', '1', '--data-dir', dataDir];
  weir = spawn(process.execPath, [main, 'up', ...options], { stdio: ['ignore', 'pipe', 'ignore'] });
});
afterEach(async () => {
  weir.kill('SIGKILL');
  await rm(dataDir, { recursive: true });
});

test('it starts, its key makes tokens that join, a second one says who is in the way, and a signal stops it', {
  timeout: 90_000,
}, async () => {
  expect(await banner()).toContain(`http://127.0.0.1:${port}/meet/`);

  const token = run('token', '--room', 'ward', '--identity', 'nurse', '--data-dir', dataDir).stdout.trim();
  const answer = await fetch(`http://127.0.0.1:${port}/v1/join`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  expect(await answer.json()).toMatchObject({ roomId: 'ward', participantId: expect.any(String) });

  const second = run('up', '--port', port, '--host', '127.0.0.1', '--data-dir', dataDir);
  expect(second.status).toBe(1);
  expect(second.stderr).toContain(`port ${port} is in use`);

  weir.kill('SIGTERM');
  const [status] = await once(weir, 'exit');
  expect(status).toBe(0);
});

/** Everything that it prints until it is up; an error when it ends before. */
function banner(): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    weir.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('Ctrl-C')) resolve(text);
    });
    weir.once('exit', () => reject(new Error(`it ended: ${text}`)));
  });
}

function run(...args: string[]) {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', timeout: 15_000 });
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}
