import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';

const debianDirectory = '/usr/lib/postgresql';

/** Where the newest Postgres server from a Debian package has its programs; undefined without one. */
export function postgresPrograms(): string | undefined {
  if (!existsSync(debianDirectory)) return undefined;
  const versions = readdirSync(debianDirectory).sort((a, b) => Number(b) - Number(a));
  return versions
    .map((version) => join(debianDirectory, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')));
}

/** `halt` and `start` keep the data; `remove` halts it and takes the data away. */
export type PostgresServer = Record<'halt' | 'start' | 'remove', () => Promise<void>> & { url: string };

/** A new, empty Postgres server on a free port of loopback. */
export async function startPostgres(programs: string): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), 'weir-postgres-'));
  const asUser = process.getuid?.() === 0 ? userNamed('postgres') : undefined; // The server refuses to run as root.
  if (asUser) chownSync(directory, asUser.uid, asUser.gid);
  const data = join(directory, 'data');
  const options = { ...asUser, cwd: directory, env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' } };
  const initialize = ['-D', data, '-U', 'weir', '--auth=trust', '--no-sync', '--encoding=UTF8'];
  execFileSync(join(programs, 'initdb'), initialize, { ...options, stdio: 'pipe', timeout: 60_000 });
  const port = await freePort();
  const url = `postgres://weir@127.0.0.1:${port}/postgres`;
  const settings = ['listen_addresses=127.0.0.1', `port=${port}`, 'unix_socket_directories=', 'fsync=off'];

  const run = async () => {
    const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])];
    const server = spawn(join(programs, 'postgres'), args, { ...options, stdio: 'ignore' });
    const exited = once(server, 'exit');
    await untilItAnswers(url);
    return async () => {
      server.kill('SIGINT'); // Postgres' fast shutdown.
      const timer = setTimeout(() => server.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(timer);
    };
  };
  let halt = await run();
  return {
    url,
    halt: () => halt(),
    async start() {
      halt = await run();
    },
    async remove() {
      await halt();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function userNamed(name: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function untilItAnswers(url: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const client = postgres(url, { max: 1, connect_timeout: 2 });
    try {
      await client`select 1`;
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      await client.end({ timeout: 1 });
    }
  }
}
