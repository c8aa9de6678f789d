import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NodeFS } from '@electric-sql/pglite/nodefs';

type Module = { NODEFS: { stream_ops: { fsync?: (stream: { nfd?: number }) => number } } };

/**
 * PGlite's files in a directory, with an fsync that reaches the disk. Its own file system has none: what Postgres
 * believes to be safe would be lost with the power, or half of it.
 */
export class SyncedNodeFS extends NodeFS {
  override async init(...args: Parameters<NodeFS['init']>): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(...args);
    const preRun = [emscriptenOpts.preRun ?? []].flat();
    const addSync = (module: unknown) => {
      (module as Module).NODEFS.stream_ops.fsync = ({ nfd }) => {
        if (nfd !== undefined) fsyncSync(nfd); // A directory has none.
        return 0;
      };
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...preRun, addSync] } };
  }
}

/** Makes all files below `directory`, and their names, durable: in one call where the system has one for it. */
export function syncTree(directory: string): void {
  const { status } = spawnSync('sync', ['--file-system', directory], { stdio: 'ignore', timeout: 60_000 });
  if (status !== 0) syncEach(directory); // A thousand waits for the disk.
}

function syncEach(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) syncEach(path);
    else if (entry.isFile()) sync(path);
  }
  sync(directory);
}

/** Makes the name of `path` durable. */
export function syncName(path: string): void {
  sync(dirname(path));
}

function sync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
