import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, freePort } from '@weir/testing';
import { expect, onTestFinished, test } from 'vitest';
import { canStartFleet } from './fleet-processes.ts';

const main = join(import.meta.dirname, 'main.ts');

/** All processes below that one. */
async function below(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const own = text.split(' ').filter(Boolean).map(Number);
  return [...own, ...(await Promise.all(own.map(below))).flat()];
}

const isGone = (pid: number) => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

test.skipIf(!canStartFleet)(
  'a fleet on one machine: one address, one of its doors may die, and nothing is left of it',
  {
    timeout: 180_000,
  },
  async () => {
    const port = await freePort();
    const args = [main, 'up', '--nodes', '2', '--regions', '2', '--port', `${port}`];
    const weir = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(async () => {
      if (weir.exitCode !== null) return;
      const left = await below(weir.pid!); // They would outlive it.
      for (const pid of [weir.pid!, ...left]) process.kill(pid, 'SIGKILL');
    });
    let text = '';
    weir.stdout.on('data', (chunk) => (text += chunk));
    await eventually(() => weir.exitCode === null || `it ended with ${weir.exitCode}`);
    await eventually(() => text.includes('Ctrl-C') || text, { timeoutMs: 150_000 });
    const [, id, secret] = /API key +(\S+)\s+API secret +(\S+)/.exec(text)!;
    const authorization = `Basic ${btoa(`${id}:${secret}`)}`;
    const ask = async (path: string, body?: object) => {
      const headers = { authorization, ...(body ? { 'content-type': 'application/json' } : {}) };
      const request = body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers };
      return (await fetch(`http://127.0.0.1:${port}${path}`, request)).json() as Promise<never>;
    };
    const { nodes } = (await ask('/v1/nodes')) as { nodes: { nodeId: string; region: string }[] };
    expect(nodes.map(({ nodeId }) => nodeId)).toEqual(['eu-front', 'eu-media-1', 'us-front', 'us-media-1']);
    expect(new Set(nodes.map(({ region }) => region))).toEqual(new Set(['eu', 'us']));

    const processes = await below(weir.pid!);
    const commands = await Promise.all(
      processes.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
    );
    process.kill(processes[commands.findIndex((command) => command.includes('us-front'))]!, 'SIGKILL');
    const enter = async () => {
      const { token } = (await ask('/v1/guest', { room: 'lobby', name: 'Ada' })) as { token: string };
      const seat = (await ask('/v1/join', { token })) as { participantId?: string };
      return seat.participantId !== undefined || JSON.stringify(seat);
    };
    // Each goes to the door that is left; only connections that were open to the other one break.
    for (let i = 0; i < 4; i++) await eventually(() => enter().catch(String));

    weir.kill('SIGTERM');
    const [status] = await once(weir, 'exit');
    expect(status).toBe(0);
    await eventually(() => processes.every(isGone) || 'some still run');
  },
);
