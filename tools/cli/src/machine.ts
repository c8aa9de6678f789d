import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, constants, readFile, statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { lanAddresses } from './announced-address.ts';
import { checkDataDirectory, checkout, dataDirectory } from './folders.ts';
import { wholeNumber } from './options.ts';
import { checkPorts } from './ports.ts';

/** `missing`: something optional is not there or is small. `wrong`: ./weir up cannot work. */
export type FindingState = 'ok' | 'missing' | 'wrong';
export type Finding = { name: string; state: FindingState; detail: string; consequence?: string };

/** Everything about this machine that matters to Weir, the required things first. */
export async function findings(options: { port: string; dataDir?: string | undefined }): Promise<Finding[]> {
  const port = wholeNumber('port', options.port, 1, 65_535);
  const dataDir = dataDirectory(options.dataDir);
  return Promise.all([
    node(),
    npmPackages(),
    worker(),
    freePort(port),
    dataDirectoryWritable(dataDir),
    diskSpace(dataDir),
    addresses(),
    processor(),
    openFiles(),
    udpBuffers(),
    program('chromium', ['chromium'], 'end-to-end tests in Chromium do not run'),
    program('firefox-esr', ['firefox-esr'], 'end-to-end tests in Firefox do not run'),
    program('ffmpeg', ['ffmpeg'], 'tests with prepared media do not run'),
    program('network tools', ['ip', 'nft'], 'tests of bad networks do not run'),
    root(),
    program('coturn', ['turnserver'], 'no relay: clients behind strict firewalls will not connect'),
    program('redis', ['redis-server'], 'one machine does not need it; a fleet does, here or elsewhere'),
    program('postgres', ['psql'], 'one machine does not need it: a database is built in'),
  ]);
}

async function node(): Promise<Finding> {
  const ok = Number(process.versions.node.split('.')[0]) >= 24;
  return {
    name: 'Node',
    state: ok ? 'ok' : 'wrong',
    detail: `${process.versions.node} (${process.execPath})`,
    consequence: 'Node 24 or newer is needed',
  };
}

async function npmPackages(): Promise<Finding> {
  const ok = existsSync(join(checkout, 'node_modules', '.weir-stamp'));
  return {
    name: 'npm packages',
    state: ok ? 'ok' : 'missing',
    detail: ok ? 'installed' : 'not installed by ./weir',
    consequence: 'the next ./weir up installs them',
  };
}

/** The launcher looks for the worker and says where it came from. */
async function worker(): Promise<Finding> {
  const { MEDIASOUP_WORKER_BIN: file, WEIR_WORKER_ORIGIN: origin } = process.env;
  return {
    name: 'media worker',
    state: file ? 'ok' : 'missing',
    detail: file ? `${origin ?? 'MEDIASOUP_WORKER_BIN'} (${file})` : 'none yet',
    consequence: 'the next ./weir up downloads it, or builds it in some minutes',
  };
}

async function freePort(port: number): Promise<Finding> {
  const name = `port ${port}`;
  try {
    await checkPorts({ host: '0.0.0.0', port });
    return { name, state: 'ok', detail: 'free' };
  } catch (error) {
    return {
      name,
      state: 'missing',
      detail: firstLine(error),
      consequence: 'unless that is Weir, give another with --port',
    };
  }
}

async function dataDirectoryWritable(dataDir: string): Promise<Finding> {
  try {
    await checkDataDirectory(dataDir);
    return { name: 'data directory', state: 'ok', detail: dataDir };
  } catch (error) {
    return {
      name: 'data directory',
      state: 'wrong',
      detail: firstLine(error),
      consequence: 'correct it, or give --data-dir',
    };
  }
}

async function diskSpace(dataDir: string): Promise<Finding> {
  let folder = dataDir;
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  const gib = (bavail * bsize) / 2 ** 30;
  return {
    name: 'disk space',
    state: gib >= 2 ? 'ok' : gib >= 0.2 ? 'missing' : 'wrong',
    detail: `${gib.toFixed(1)} GiB free`,
    consequence: 'the database may fail when the disk is full; have 2 GiB or more',
  };
}

async function addresses(): Promise<Finding> {
  const lan = lanAddresses();
  return {
    name: 'LAN addresses',
    state: lan.length > 0 ? 'ok' : 'missing',
    detail: lan.join(', ') || 'none',
    consequence: 'only this machine can join, or give --announce ADDRESS',
  };
}

async function processor(): Promise<Finding> {
  const gib = totalmem() / 2 ** 30;
  return {
    name: 'machine',
    state: gib >= 1.5 ? 'ok' : 'missing',
    detail: `${availableParallelism()} cores, ${gib.toFixed(1)} GiB memory, ${process.platform} ${process.arch}`,
    consequence: 'the built-in database alone takes most of 1 GiB',
  };
}

async function openFiles(): Promise<Finding> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.NaN);
  return {
    name: 'open files',
    state: soft < 4096 ? 'missing' : 'ok',
    detail: Number.isNaN(soft) ? 'unknown on this system' : `${soft} a process`,
    consequence: 'connections beyond that are refused; raise it with: ulimit -n 65536',
  };
}

async function udpBuffers(): Promise<Finding> {
  const text = await readFile('/proc/sys/net/core/rmem_max', 'utf8').catch(() => '');
  const bytes = text ? Number(text) : Number.NaN;
  return {
    name: 'UDP buffers',
    state: bytes < 1_000_000 ? 'missing' : 'ok',
    detail: Number.isNaN(bytes) ? 'unknown on this system' : `up to ${Math.round(bytes / 1024)} KiB`,
    consequence: 'bursts of media may be lost; raise it with: sysctl -w net.core.rmem_max=4194304',
  };
}

async function root(): Promise<Finding> {
  const isRoot = process.getuid?.() === 0;
  return {
    name: 'root',
    state: isRoot ? 'ok' : 'missing',
    detail: isRoot ? 'yes' : 'no',
    consequence:
      'tests of bad networks and the installation of Debian packages do not run; ./weir up does not need it',
  };
}

async function program(name: string, commands: string[], consequence: string): Promise<Finding> {
  const paths = await Promise.all(commands.map(findProgram));
  const lacking = commands.filter((_, i) => !paths[i]);
  const detail = lacking.length > 0 ? `${lacking.join(', ')} not found` : await versionOf(paths[0]!);
  return { name, state: lacking.length > 0 ? 'missing' : 'ok', detail, consequence };
}

async function findProgram(command: string): Promise<string | undefined> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']; // Servers live there.
  for (const folder of folders) {
    const path = join(folder, command);
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

/** Debian knows the version without starting the program, which takes a browser a second. */
async function versionOf(path: string): Promise<string> {
  try {
    const query = (...args: string[]) => promisify(execFile)('dpkg-query', args, { timeout: 5_000 });
    const [name = ''] = (await query('--search', path)).stdout.split(':');
    const [, version] = (await query('--show', name)).stdout.split('\t');
    return `${name} ${version?.trim()} (${path})`;
  } catch {
    return path;
  }
}

function firstLine(error: unknown): string {
  return (error as Error).message.split('\n')[0]!;
}
