import { helpFor, overview } from './help.ts';

/** One file a command. Loaded when asked for: help must answer before the npm packages are there. */
const commands: Record<string, () => Promise<{ run(args: string[]): Promise<number> }>> = {
  up: () => import('./up.ts'),
  serve: () => import('./serve.ts'),
  drain: () => import('./drain.ts'),
  roll: () => import('./roll.ts'),
  prepare: () => import('./prepare.ts'),
  token: () => import('./token.ts'),
  doctor: () => import('./doctor.ts'),
  test: () => import('./test.ts'),
  check: () => import('./check.ts'),
  autoscale: () => import('./autoscale.ts'),
  simulate: () => import('./simulate.ts'),
  bench: () => import('./bench.ts'),
  chaos: () => import('./chaos.ts'),
  pack: () => import('./pack.ts'),
  reference: () => import('./reference.ts'),
};

/** Runs one command line and answers with the exit status: 0 well, 1 failed, 2 not understood. */
async function main([name = 'help', ...args]: string[]): Promise<number> {
  const wantsHelp = ['help', '--help', '-h'];
  if (wantsHelp.includes(name)) {
    process.stdout.write(args[0] ? (helpFor(args[0]) ?? overview) : overview);
    return args[0] && !helpFor(args[0]) ? unknown(args[0]) : 0;
  }
  if (!Object.hasOwn(commands, name)) return unknown(name);
  if (args.some((arg) => arg === '--help' || arg === '-h')) {
    process.stdout.write(helpFor(name) ?? overview);
    return 0;
  }
  try {
    return await (await commands[name]!()).run(args);
  } catch (error) {
    return explain(name, error);
  }
}

function unknown(name: string): number {
  process.stderr.write(
    `weir: unknown command '${name}'. Known: ${Object.keys(commands).join(', ')}, help.\n`,
  );
  return 2;
}

/** Expected errors in their own words; anything else is a fault of ours and keeps its stack. */
function explain(name: string, error: unknown): number {
  if (!(error instanceof Error)) throw error;
  const code = 'code' in error ? error.code : undefined;
  const expected = error.name === 'PlatformError' && code !== 'internal';
  process.stderr.write(`weir: ${expected ? error.message : (error.stack ?? error.message)}\n`);
  if (code !== 'bad-request' || !expected) return 1;
  process.stderr.write(`  See: ./weir help ${name}\n`);
  return 2;
}

// Not exitCode: whatever a command left open must not keep it from ending.
process.exit(await main(process.argv.slice(2)));
