import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { tied } from './tied.ts';

const debianDirectory = '/usr/lib/postgresql';
const startTimeoutMs = 30_000;
const run = promisify(execFile);

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

  const begin = async () => {
    const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])];
    const server = spawn(...tied(join(programs, 'postgres'), args, 'SIGINT'), {
      ...options,
      stdio: 'ignore',
    });
    const exited = once(server, 'exit');
    await untilItAnswers(programs, port);
    return async () => {
      server.kill('SIGINT'); // Postgres' fast shutdown.
      const timer = setTimeout(() => server.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(timer);
    };
  };
  let halt = await begin();
  return {
    url,
    halt: () => halt(),
    async start() {
      halt = await begin();
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

async function untilItAnswers(programs: string, port: number): Promise<void> {
  const ask = () =>
    run(join(programs, 'pg_isready'), ['-h', '127.0.0.1', '-p', `${port}`], { timeout: 5_000 });
  await eventually(
    () =>
      ask().then(
        () => true,
        () => 'the Postgres server does not answer',
      ),
    {
      timeoutMs: startTimeoutMs,
    },
  );
}
