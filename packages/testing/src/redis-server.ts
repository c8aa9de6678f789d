import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { tempDir } from './temp-dir.ts';
import { tied } from './tied.ts';

const program = '/usr/bin/redis-server';
const run = promisify(execFile);
const startTimeoutMs = 15_000;

export const hasRedis = existsSync(program);

/** `pause` keeps the process from answering, `halt` ends it (its data is gone, it is in memory only), `start` begins anew. */
export type RedisServer = { url: string; port: number } & Record<
  'halt' | 'start' | 'pause' | 'resume' | 'remove',
  () => Promise<void>
>;

/** A new Redis server on a free port of loopback, empty and in memory. */
export async function startRedis(options: string[] = []): Promise<RedisServer> {
  const directory = await tempDir('weir-redis-');
  const port = await freePort();
  const args = [
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--dir',
    directory.path,
    '--save',
    '',
    '--appendonly',
    'no',
  ];
  const begin = async () => {
    const server = spawn(...tied(program, [...args, ...options]), { stdio: 'ignore' });
    const exited = once(server, 'exit');
    await untilItAnswers(port);
    return { server, exited };
  };
  let running = await begin();
  const halt = async () => {
    running.server.kill('SIGKILL');
    await running.exited;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    halt,
    async start() {
      running = await begin();
    },
    async pause() {
      running.server.kill('SIGSTOP');
    },
    async resume() {
      running.server.kill('SIGCONT');
    },
    async remove() {
      await halt();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Three masters that share the hash slots: the least that makes a Redis Cluster. */
export async function startRedisCluster(): Promise<{ urls: string[]; remove: () => Promise<void> }> {
  const nodes = await Promise.all([1, 2, 3].map(() => startRedis(['--cluster-enabled', 'yes'])));
  const remove = async () => void (await Promise.all(nodes.map((node) => node.remove())));
  try {
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'], {
      timeout: startTimeoutMs * 2,
    });
    await Promise.all(
      nodes.map(({ port }) => until(async () => /cluster_state:ok/.test(await cli(port, 'cluster', 'info')))),
    );
    return { urls: nodes.map(({ url }) => url), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function cli(port: number, ...command: string[]): Promise<string> {
  const { stdout } = await run('redis-cli', ['-p', `${port}`, ...command], { timeout: 2_000 });
  return stdout;
}

async function untilItAnswers(port: number): Promise<void> {
  await until(async () => (await cli(port, 'ping')).trim() === 'PONG');
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const answers = () => holds().catch(() => false);
  await eventually(async () => (await answers()) || 'the Redis server does not answer', {
    timeoutMs: startTimeoutMs,
  });
}
