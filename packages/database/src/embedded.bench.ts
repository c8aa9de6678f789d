// node packages/database/src/embedded.bench.ts DIRECTORY
// What the embedded database costs this process: run it twice for a first and a later start.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { RoomSettings } from '@weir/protocol';
import { openDatabase } from './database.ts';

const rounds = 200;
const settings = RoomSettings.parse({ metadata: 'x'.repeat(100) });

async function privateMiB(): Promise<number> {
  await sleep(1_000); // For the compiler's threads and the collector to settle.
  const kib = /^RssAnon:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Math.round(Number(kib) / 1024);
}

async function meanMs(work: (n: number) => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  for (let n = 0; n < rounds; n++) await work(n);
  return Number(((performance.now() - startedAt) / rounds).toFixed(2));
}

const before = await privateMiB();
const startedAt = performance.now();
const database = await openDatabase({ dataDir: process.argv[2]! });
const openMs = Math.round(performance.now() - startedAt);
const putMs = await meanMs((n) => database.rooms.put(`room${n}`, settings));
const getMs = await meanMs((n) => database.rooms.get(`room${n}`));
console.log({ openMs, putMs, getMs, extraMiB: (await privateMiB()) - before });
await database.close();
