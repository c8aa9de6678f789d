import { existsSync } from 'node:fs';

const program = '/usr/bin/setpriv';

/**
 * A command whose process gets `signal` when the one that starts it ends in whatever way, also by SIGKILL: nothing is left behind
 * (prctl(2), PR_SET_PDEATHSIG). Where there is no setpriv (it is in Debian's util-linux) it is the command as it was.
 */
export function tied(
  command: string,
  args: string[],
  signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT' = 'SIGKILL',
): [command: string, args: string[]] {
  if (!existsSync(program)) return [command, args];
  return [program, ['--pdeathsig', signal, '--', command, ...args]];
}
