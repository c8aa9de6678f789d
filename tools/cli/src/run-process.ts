import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { checkout } from './folders.ts';

export type ProcessResult = { status: number; output: string; seconds: number };

const running = new Set<ChildProcess>();
const endAll = () => process.exit(130);
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
process.on('exit', () => {
  for (const child of running) kill(child);
});

/**
 * Runs one of the checkout's tools to its end, without stdin. After `timeoutMs` it is ended, with all that it started,
 * and the status is 124. `show` passes its output on as it comes; else it is in the result.
 */
export async function runProcess(
  command: string,
  args: string[],
  { timeoutMs, show = false }: { timeoutMs: number; show?: boolean },
): Promise<ProcessResult> {
  const started = performance.now();
  const child = spawn(command, args, {
    cwd: checkout,
    detached: true, // Its own process group, so that what it started can be ended with it.
    stdio: show ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
  });
  // They are not in the terminal's process group, so a signal to us must end them. At other times signals are not ours.
  if (running.size === 0) for (const signal of signals) process.on(signal, endAll);
  running.add(child);
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    kill(child);
  }, timeoutMs);
  try {
    const [status] = await once(child, 'close');
    if (late) output += `\nended after ${timeoutMs / 1000} s`;
    return { status: late ? 124 : (status ?? 1), output, seconds: (performance.now() - started) / 1000 };
  } finally {
    clearTimeout(timer);
    running.delete(child);
    if (running.size === 0) for (const signal of signals) process.off(signal, endAll);
  }
}

function kill(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
