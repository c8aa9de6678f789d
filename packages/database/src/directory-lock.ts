import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId, PlatformError } from '@weir/core';

/**
 * Makes `directory` if it is not there, for its owner only, and holds it for this process until the returned function
 * is called or the process ends. Throws `conflict` when another live process holds it. Processes that cannot see each
 * other (containers with a volume in common) are not kept apart.
 */
export function lockDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chmodSync(directory, 0o700); // It may have been there before.
  const path = join(directory, 'lock');
  const mine = join(directory, newId('lock', 60));
  const text = `${process.pid} ${birthOf(process.pid)}\n`;
  writeFileSync(mine, text, { mode: 0o600 });
  try {
    for (let attempt = 1; !tryLink(mine, path); attempt++) {
      const holder = readHolder(path);
      if (attempt > 5 || (holder && isAlive(holder)))
        throw new PlatformError('conflict', `process ${holder?.pid} uses ${directory}: stop it first`);
      removeStale(path, mine, holder?.text);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return () => {
    if (readHolder(path)?.text === text) rmSync(path, { force: true });
  };
}

type Holder = { pid: number; birth: string; text: string };

function readHolder(path: string): Holder | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    const [pid = '', birth = ''] = text.trim().split(' ');
    return { pid: Number(pid), birth, text };
  } catch {
    return undefined; // Just released.
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to); // Atomic, unlike a file that is made and then written.
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Another process may do the same at once: what is taken away is looked at again, and put back if it is fresh. */
function removeStale(path: string, mine: string, staleText: string | undefined): void {
  const aside = `${mine}.stale`;
  try {
    renameSync(path, aside);
    if (readHolder(aside)?.text !== staleText) tryLink(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  rmSync(aside, { force: true });
}

function isAlive({ pid, birth }: Holder): boolean {
  if (!(pid > 0) || birthOf(pid) !== birth) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** What tells a process from a later one with the same id: boot and start time, where the system says it (Linux). */
function birthOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // The name before may hold spaces.
    return `${boot}:${fields[19]}`;
  } catch {
    return 'unknown';
  }
}
