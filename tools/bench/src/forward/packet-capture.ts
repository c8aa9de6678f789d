import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError, sleep, withDeadline } from '@weir/core';
import { tempDir } from '@weir/testing';

const startTimeoutMs = 5_000;
const stopTimeoutMs = 20_000;
/** Up to the RTP header and a little of what follows. */
const bytesOfPacket = 96;
const bufferKiB = 64 * 1024;

export type Capture = {
  /** The file that tcpdump writes. */
  pcap: Buffer;
  /** Packets that came too fast for it. */
  dropped: number;
};

/**
 * Records for a while what passes UDP ports on loopback, with the kernel's time of each packet. Rejects where there is no
 * tcpdump or no right to use it.
 */
export async function capturePorts(ports: number[], forMs: number): Promise<Capture> {
  await using folder = await tempDir();
  const file = join(folder.path, 'packets.pcap');
  const options = `-i lo -n -s ${bytesOfPacket} -B ${bufferKiB} --time-stamp-precision=nano -Z root -w ${file}`;
  const tcpdump = spawn(
    'tcpdump',
    [...options.split(' '), ports.map((port) => `udp port ${port}`).join(' or ')],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  tcpdump.stderr.setEncoding('utf8');
  const started = new Promise<void>((resolve, reject) => {
    tcpdump.stderr.on('data', (text: string) => {
      said += text;
      if (said.includes('listening on')) resolve();
    });
    tcpdump.on('error', reject);
    tcpdump.on('close', () => reject(new PlatformError('internal', `tcpdump: ${said.trim()}`)));
  });
  const ended = once(tcpdump, 'close');
  ended.catch(() => {}); // `started` says so.
  try {
    await withDeadline(started, startTimeoutMs, 'start of tcpdump');
    await sleep(forMs);
  } finally {
    tcpdump.kill('SIGINT'); // It writes out what it has.
  }
  await withDeadline(ended, stopTimeoutMs, 'end of tcpdump');
  return { pcap: await readFile(file), dropped: Number(/(\d+) packets? dropped by kernel/.exec(said)?.[1]) };
}

/** Whether packets can be recorded here; says why not. */
export async function canCapture(say: (line: string) => void): Promise<boolean> {
  try {
    await capturePorts([9], 0);
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    say(`the delay in the node is not measured, only that at a peer: ${why}`);
    return false;
  }
}
