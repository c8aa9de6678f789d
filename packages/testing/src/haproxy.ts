import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { eventually } from './eventually.ts';
import { tied } from './tied.ts';

const program = '/usr/sbin/haproxy';
const startTimeoutMs = 15_000;

export const hasHaproxy = existsSync(program);

/** An HAProxy with a configuration file that reads these variables, once it listens at `address`; ends when disposed. */
export async function startHaproxy(
  file: string,
  variables: Record<string, string>,
  address: { host: string; port: number },
): Promise<AsyncDisposable> {
  const child: ChildProcess = spawn(...tied(program, ['-db', '-f', file]), {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const exited = once(child, 'exit');
  const ended = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  try {
    await eventually(
      async () => {
        if (child.exitCode !== null) throw new Error(`haproxy ended with ${child.exitCode}`);
        return (await isOpen(address)) || 'haproxy does not listen';
      },
      { timeoutMs: startTimeoutMs },
    );
  } catch (error) {
    await ended();
    throw error;
  }
  return { [Symbol.asyncDispose]: ended };
}

function isOpen({ host, port }: { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const answer = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.on('connect', () => answer(true));
    socket.on('error', () => answer(false));
  });
}
