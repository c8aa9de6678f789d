import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkout } from './folders.ts';

/** A checkout of nothing but the scripts, with an engine whose download is a script that we write. */
let root: string;
const path = (...names: string[]) => join(root, ...names);
const goodWorker = '#!/bin/sh\nexit 41\n';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'weir-native-'));
  await cp(join(checkout, 'native'), path('native'), { recursive: true });
  await write('node_modules/mediasoup/package.json', '{\n  "version": "9.9.9"\n}\n');
  await write('package-lock.json', '{}');
});
afterEach(() => rm(root, { recursive: true }));

async function write(name: string, text: string, mode = 0o644) {
  await mkdir(dirname(path(name)), { recursive: true });
  await writeFile(path(name), text, { mode });
}

const lines = async (name: string) => (await readFile(path(name), 'utf8')).trim().split('\n');

/** Runs a piece of bash after the scripts, as ./weir does. Programs in `bin` come before those of the machine. */
async function bash(script: string, env: NodeJS.ProcessEnv = {}) {
  const child = spawn(
    'bash',
    [
      '-c',
      `set -euo pipefail; for part in progress node debian worker; do . "$root/native/$part.sh"; done; ${script}`,
    ],
    {
      env: {
        PATH: `${path('bin')}:${dirname(process.execPath)}:${process.env.PATH}`,
        HOME: path('home'),
        root,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 15_000,
    },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [status] = await once(child, 'close');
  return { status, stdout: stdout.trim(), stderr };
}

const needWorker = 'need_worker; echo "$MEDIASOUP_WORKER_BIN"; echo "$WEIR_WORKER_ORIGIN"';

/** The engine's download as a script that notes each run. */
async function engineDownloads(worker: string) {
  await write(
    'node_modules/mediasoup/npm-scripts.mjs',
    `import fs from 'node:fs';
     fs.appendFileSync('downloads', 'one\\n');
     await new Promise((resolve) => setTimeout(resolve, 300));
     fs.mkdirSync('worker/out/Release', { recursive: true });
     fs.writeFileSync('worker/out/Release/mediasoup-worker', ${JSON.stringify(worker)}, { mode: 0o755 });`,
  );
}

test('the worker of the environment is taken as it is', async () => {
  await write('mine', goodWorker, 0o755);
  const { status, stdout } = await bash(needWorker, { MEDIASOUP_WORKER_BIN: path('mine') });
  expect({ status, stdout }).toEqual({ status: 0, stdout: `${path('mine')}\nMEDIASOUP_WORKER_BIN` });
});

test('a worker of the environment that does not run is an error, not passed over', async () => {
  await engineDownloads(goodWorker);
  const { status, stderr } = await bash(needWorker, { MEDIASOUP_WORKER_BIN: '/bin/true' });
  expect(status).toBe(1);
  expect(stderr).toContain('MEDIASOUP_WORKER_BIN=/bin/true');
});

test("the engine's download goes to the cache, and is asked for once", async () => {
  await engineDownloads(goodWorker);
  const first = await bash(needWorker);
  expect(first.stdout).toMatch(
    /home\/\.cache\/weir\/mediasoup-worker-9\.9\.9-.*\/mediasoup-worker\n.*prebuilt/,
  );
  await rm(path('node_modules/mediasoup/worker'), { recursive: true });
  const second = await bash(needWorker);
  expect(second).toEqual({ status: 0, stdout: first.stdout, stderr: '' });
  expect(await lines('node_modules/mediasoup/downloads')).toEqual(['one']);
});

test('a cached worker that no longer runs is made again', async () => {
  await engineDownloads(goodWorker);
  const file = (await bash(needWorker)).stdout.split('\n')[0]!;
  await writeFile(file, 'broken');
  expect((await bash(needWorker)).status).toBe(0);
  expect(await readFile(file, 'utf8')).toBe(goodWorker);
});

test('two at once make it once', async () => {
  await engineDownloads(goodWorker);
  const [a, b] = await Promise.all([bash(needWorker), bash(needWorker)]);
  expect([a.status, b.status]).toEqual([0, 0]);
  expect(await lines('node_modules/mediasoup/downloads')).toEqual(['one']);
  expect(a.stderr + b.stderr).toContain('another ./weir is setting up');
});

test('a recipe that changed makes another one', async () => {
  const before = await bash('worker_folder');
  await write('native/mediasoup-worker/include/srtp.h', 'changed');
  expect((await bash('worker_folder')).stdout).not.toBe(before.stdout);
});

test('npm packages are installed once for a lock file, and again for another', async () => {
  await write('bin/npm', `#!/bin/sh\necho run >>"${path('installs')}"\nmkdir -p node_modules\n`, 0o755);
  for (let i = 0; i < 2; i++) expect((await bash('use_node; use_packages')).status).toBe(0);
  expect(await lines('installs')).toHaveLength(1);
  await write('package-lock.json', '{ "changed": true }');
  expect((await bash('use_node; use_packages')).status).toBe(0);
  expect(await lines('installs')).toHaveLength(2);
});

test('a failed install ends ./weir with what npm said, and is tried again', async () => {
  await write(
    'bin/npm',
    `#!/bin/sh\necho run >>"${path('installs')}"\necho no such registry\nexit 7\n`,
    0o755,
  );
  for (let i = 0; i < 2; i++) {
    const { status, stdout, stderr } = await bash('use_node; use_packages; echo reached');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('no such registry');
  }
  expect(await lines('installs')).toHaveLength(2);
});

test('a slip of the pen installs nothing; a command does', async () => {
  for (const name of ['weir', 'tools/cli/src/main.ts', 'tools/cli/src/help.ts'])
    await cp(join(checkout, name), path(name));
  await write('bin/npm', `#!/bin/sh\necho run >>"${path('installs')}"\nexit 7\n`, 0o755);
  const slip = await bash('"$root/weir" chekc');
  expect(slip).toMatchObject({ status: 2, stderr: expect.stringContaining("unknown command 'chekc'") });
  await expect(lines('installs')).rejects.toMatchObject({ code: 'ENOENT' });
  expect((await bash('"$root/weir" check')).status).toBe(1);
  expect(await lines('installs')).toHaveLength(1);
});

test('with an old Node, one of its own comes first on PATH', async () => {
  await write('bin/node', '#!/bin/sh\necho v20.1.0\n', 0o755);
  const own = path('.weir/node/node_modules/.bin');
  await write(
    'bin/npm',
    `#!/bin/sh\nmkdir -p "${own}" && ln -s "${process.execPath}" "${own}/node"\n`,
    0o755,
  );
  const { status, stdout } = await bash('use_node; command -v node; node --version');
  expect({ status, stdout }).toEqual({ status: 0, stdout: `${own}/node\n${process.version}` });
});

test('missing Debian packages are named with the command that installs them', async () => {
  const { status, stderr } = await bash(
    'id() { echo 1000; }; command() { true; }; need_debian_packages testing no-such-package-a no-such-package-b',
  );
  expect(status).toBe(1);
  expect(stderr).toContain('sudo apt-get install -y no-such-package-a no-such-package-b');
});

test('what is only wanted is told and not insisted on', async () => {
  const { status, stdout, stderr } = await bash(
    'id() { echo 1000; }; command() { true; }; want_debian_packages "the extra" no-such-package; echo on',
  );
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'on' });
  expect(stderr).toContain('going on as it is');
});
