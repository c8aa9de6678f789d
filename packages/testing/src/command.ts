import { spawn } from 'node:child_process';
import { PlatformError } from '@weir/core';

const maxOutputBytes = 16 * 2 ** 20;

/** Runs a command to its end: its standard output, or an error that carries what it wrote to standard error. */
export function runCommand(
  command: string,
  args: readonly string[],
  { input, timeoutMs = 10_000 }: { input?: string; timeoutMs?: number } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const what = [command, ...args].join(' ');
    const child = spawn(command, args, { stdio: 'pipe' });
    const output = { out: '', error: '' };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new PlatformError('timeout', `${what}: still running after ${timeoutMs} ms`));
    }, timeoutMs);
    for (const [stream, name] of [[child.stdout, 'out'] as const, [child.stderr, 'error'] as const]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        if (output[name].length < maxOutputBytes) output[name] += text;
      });
    }
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(new PlatformError('internal', `${what}: ${error.message}`, { cause: error }));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(output.out);
      else
        reject(
          new PlatformError('internal', `${what}: ended with ${signal ?? code}: ${output.error.trim()}`),
        );
    });
    child.stdin.on('error', () => {}); // It ended without reading all of its input.
    child.stdin.end(input ?? '');
  });
}
