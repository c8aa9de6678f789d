import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { tied } from './tied.ts';

test.runIf(existsSync('/usr/bin/setpriv'))(
  'a tied process ends when the one that started it is killed',
  async () => {
    const [command, args] = tied('sleep', ['60']);
    const script = `const { pid } = require('node:child_process').spawn(${JSON.stringify(command)}, ${JSON.stringify(args)});
    process.stdout.write(String(pid), () => process.kill(process.pid, 'SIGKILL'));`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [pid] = await Promise.all([text(parent.stdout), once(parent, 'exit')]);
    expect(Number(pid)).toBeGreaterThan(1);
    const state = () =>
      readFile(`/proc/${pid}/stat`, 'utf8').then(
        (stat) => stat.slice(stat.lastIndexOf(')') + 2)[0],
        () => 'gone',
      );
    const isOver = async () => ['gone', 'Z', 'X'].includes((await state())!) || 'it lives on'; // Z: nobody has taken note.
    await eventually(isOver, { timeoutMs: 5_000 });
  },
);
