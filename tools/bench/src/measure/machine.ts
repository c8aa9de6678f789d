import { cpus, release, totalmem } from 'node:os';
import type { Machine } from '@weir/cli';

/** The machine that this runs on, now. */
export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    date: new Date().toISOString().slice(0, 10),
  };
}
