import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { mintTurnCredentials } from '@weir/auth';
import { memoryStore, relays } from '@weir/cluster';
import { silentLogger } from '@weir/core';
import { eventually, freePort } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RelayService, startRelay } from './relay-service.ts';
import { coturnProgram } from './turn-server.ts';

const loopback = '127.0.0.1';
const secret = 'a-secret-of-this-test';
const slow = { timeoutMs: 20_000 };

const canTest = coturnProgram() !== undefined;

describe.skipIf(!canTest)('[B10] a relay', () => {
  const stack = new AsyncDisposableStack();
  const store = memoryStore();
  let relay: RelayService;
  let port: number;
  const config = () => ({
    nodeId: 'relay-1',
    host: loopback,
    listen: [loopback],
    port,
    relayPorts: [46_000, 46_099] as [number, number],
    allowedPeers: [loopback],
    secret,
    allocationsEach: 4,
  });
  beforeAll(async () => {
    port = await freePort();
    relay = stack.use(await startRelay({ config: config(), store, logger: silentLogger }));
  }, 30_000);
  afterAll(() => stack.disposeAsync());

  /** coturn’s own client sends packets to itself through the relay, and answers what the client says at the end; throws when it is refused. */
  const relayed = async (options: string[]) => {
    // Over TCP: what it leaves behind ends with its connection, over UDP after ten minutes.
    const args = [
      '-t',
      '-y',
      '-c',
      '-n',
      '1500',
      '-m',
      '1',
      '-z',
      '1',
      ...options,
      loopback,
      '-p',
      `${port}`,
    ];
    return (await promisify(execFile)('turnutils_uclient', args, { timeout: 20_000 })).stdout;
  };
  const told = async () => (await relays(store.leases))[0]?.status;
  const credentials = (user: string, ttlSeconds = 60) => {
    const { username, credential } = mintTurnCredentials(secret, user, { ttlSeconds });
    return ['-u', username, '-w', credential];
  };

  test('relays for who has credentials, and tells its load while it does', async () => {
    expect(await told()).toMatchObject({ working: true, allocations: 0, allocationsAtMost: 100 });
    const busy = relayed(credentials('p_1'));
    await eventually(() => relay.load.allocations > 0 || 'no allocation seen', slow);
    await eventually(async () => ((await told())?.allocations ?? 0) > 0 || 'not told', slow);
    expect(relay.load.participants).toBe(1);
    expect(await busy).toMatch(/Total lost packets 0 /);
    await eventually(() => relay.load.allocations === 0 || `still ${relay.load.allocations}`, slow);
    expect(relay.load.bytes).toBeGreaterThan(400_000);
  }, 60_000);

  test('leaves nothing on the disk, where its secrets were for a moment', async () => {
    await eventually(async () => {
      const folders = (await readdir(tmpdir())).filter((name) => name.startsWith('weir-relay-'));
      const files = await Promise.all(folders.map((name) => readdir(join(tmpdir(), name)).catch(() => [])));
      return !files.flat().includes('turnserver.conf') || 'there is a configuration';
    }, slow);
  });

  test.each([
    ['without credentials', []],
    ['with a wrong secret', ['-u', '9999999999:p_1', '-w', 'guessed']],
    ['with credentials that are over', credentials('p_1', -10)],
  ])('refuses who comes %s', async (_, options) => {
    await expect(relayed(options)).rejects.toThrow();
    expect(relay.load.allocations).toBe(0);
  });

  test('one participant has so many allocations and no more, and again when they are given up', async () => {
    const many = ['-m', '5'];
    await expect(relayed([...credentials('p_2'), ...many])).rejects.toThrow();
    await eventually(
      async () => /lost packets 0 /.test(await relayed(credentials('p_2')).catch(() => '')),
      slow,
    );
  }, 60_000);

  test('[B11] a coturn that dies, or hangs, is replaced, and no client is sent to it meanwhile', async () => {
    for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
      const before = relay.pid!;
      process.kill(before, signal);
      await eventually(async () => (await told())?.working === false || 'still told as working', slow);
      await eventually(async () => (await told())?.working === true || 'not back', slow);
      expect(relay.pid).not.toBe(before);
    }
  }, 60_000);

  test('a stranger on the machine cannot tell it what its load is', async () => {
    const { port: feedPort } = relay.feed;
    const closed = new Promise<void>((resolve, reject) => {
      const socket = connect(feedPort, loopback, () =>
        socket.write(
          '*3\r\n$7\r\npublish\r\n$40\r\nturn/realm/weir/user/x/allocation/1/status\r\n$14\r\nnew lifetime=9\r\n',
        ),
      );
      socket.on('close', () => resolve());
      socket.on('error', reject);
    });
    await closed;
    expect(relay.load.allocations).toBe(0);
  });

  test('when it stops its coturn is gone, and its place too', async () => {
    const pid = relay.pid!;
    await relay.stop();
    expect(await relays(store.leases)).toEqual([]);
    await eventually(() => {
      try {
        process.kill(pid, 0);
        return 'it runs still';
      } catch {
        return true;
      }
    }, slow);
  });
});
