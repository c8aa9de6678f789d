import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureWebApp } from '@weir/cli';
import { eventually, freePort, type TempDir, tempDir } from '@weir/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { People } from './people.ts';

const program = fileURLToPath(new URL('../../tools/cli/src/main.ts', import.meta.url));
const slow = { timeoutMs: 30_000 };

describe('[J1] weir up, killed and started again on the same data', () => {
  let data: TempDir;
  let url: string;
  let running: ChildProcess | undefined;
  beforeEach(async () => {
    await ensureWebApp();
    data = await tempDir();
    url = `http://127.0.0.1:${await freePort()}`;
  }, 300_000);
  afterEach(async () => {
    await kill();
    await data?.[Symbol.asyncDispose]();
  });

  /** Resolves when it answers. */
  async function start(): Promise<void> {
    const args = ['up', '--host', '127.0.0.1', '--port', new URL(url).port, '--data-dir', data.path];
    const child = spawn(process.execPath, [program, ...args, '--log-level', 'error'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    running = child;
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
      return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) })).ok || 'not ready';
    }, slow);
  }

  async function kill(): Promise<void> {
    const child = running;
    running = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  const apiKey = async () =>
    JSON.parse(await readFile(join(data.path, 'api-key.json'), 'utf8')) as { id: string; secret: string };

  async function call(method: string, path: string, body?: object) {
    const { id, secret } = await apiKey();
    const response = await fetch(new URL(path, url), {
      method,
      headers: {
        authorization: `Basic ${btoa(`${id}:${secret}`)}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(10_000),
    });
    return { status: response.status, body: await response.json() };
  }

  test('rooms and keys are as they were, and a running call finds itself again', async () => {
    await start();
    const key = await apiKey();
    const settings = { maxParticipants: 7, metadata: 'ward 3' };
    const made = await call('POST', '/v1/rooms', { roomId: 'ward-3', settings });
    expect(made).toMatchObject({ status: 201, body: { settings } });
    await using people = await People.of({ urls: { local: url }, apiKey: { ...key, isNew: false } });
    const [alice, bob] = await Promise.all(
      ['alice', 'bob'].map((name) => people.join(name, { room: 'ward-3' })),
    );
    await Promise.all([alice!, bob!].map((person) => person.page.evaluate(() => seat.publishCamera())));
    await eventually(() => bob!.sees(alice!), slow);
    await eventually(() => alice!.sees(bob!), slow);

    await kill();
    for (const person of [alice!, bob!])
      await eventually(
        async () => (await person.log()).includes('status reconnecting') || 'not noticed',
        slow,
      );
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();

    await start();
    expect(await apiKey()).toEqual(key);
    expect(await call('GET', '/v1/rooms/ward-3')).toMatchObject({ status: 200, body: { settings } });
    for (const person of [alice!, bob!])
      await eventually(
        async () => (await person.page.evaluate(() => seat.room.status)) === 'connected' || 'not back',
        slow,
      );
    await eventually(() => bob!.sees(alice!), slow);
    await eventually(() => alice!.sees(bob!), slow);
    expect(await call('GET', '/v1/rooms/ward-3')).toMatchObject({ body: { live: { participants: 2 } } });
    const who = await bob!.page.evaluate(() => [...seat.room.remotes.values()].map((p) => p.identity));
    expect(who).toEqual(['alice']);
  });
});
