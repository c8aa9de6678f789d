import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PlatformError } from '@weir/core';
import type { Bench, BenchResult } from './bench-result.ts';
import { checkout } from './folders.ts';
import { parseOptions, wholeNumber } from './options.ts';

const folder = join(checkout, 'tools', 'bench', 'src');

/** Lists the measurements, or runs one: 1 when it misses its goal. */
export async function run(args: string[]): Promise<number> {
  const name = args.find((arg) => !arg.startsWith('-'));
  if (name === undefined) return await list(parseOptions(args, { json: { type: 'boolean' } }).values.json);

  const bench = await loadBench(folder, name);
  const { json, parameters } = readOptions(bench, args);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stop.abort();
      process.once(signal, () => process.exit(130));
    });
  }
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const result = await bench.run({ say, signal: stop.signal, parameters });
  if (!json) process.stdout.write(describeResult(result));
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return result.met ? 0 : 1;
}

/** What the command line says of a measurement: its own parameters are whole numbers above 0. */
export function readOptions(
  { parameters = {} }: Pick<Bench, 'parameters'>,
  args: string[],
): { json: boolean; parameters: Record<string, number> } {
  const options: Record<string, { type: 'boolean' | 'string' }> = { json: { type: 'boolean' } };
  for (const option of Object.keys(parameters)) options[option] = { type: 'string' };
  const { values, positionals } = parseOptions(args, options, true);
  if (positionals.length > 1)
    throw new PlatformError('bad-request', 'one measurement at a time: they would disturb each other');
  const chosen = Object.entries(parameters).map(([option, preset]): [string, number] => {
    const text = values[option];
    return [option, typeof text === 'string' ? wholeNumber(option, text, 1, 10_000_000) : preset];
  });
  return { json: values.json === true, parameters: Object.fromEntries(chosen) };
}

async function list(json = false): Promise<number> {
  const names = benchNames(folder);
  const benches = await Promise.all(names.map((name) => loadBench(folder, name)));
  if (json)
    process.stdout.write(`${JSON.stringify(benches.map(({ name, describe }) => ({ name, describe })))}\n`);
  else if (benches.length === 0)
    process.stdout.write('There are no measurements yet: they live in tools/bench/src.\n');
  else
    for (const { name, describe, parameters = {} } of benches) {
      const options = Object.entries(parameters).map(([option, preset]) => `--${option} ${preset}`);
      process.stdout.write(`${name.padEnd(20)}${describe} ${options.join(' ')}`.trimEnd().concat('\n'));
    }
  return 0;
}

/** A file tools/bench/src/NAME.ts that is neither the index nor a test is one; helpers go into folders below. */
export function benchNames(folder: string): string[] {
  return globSync('*.ts', { cwd: folder })
    .filter((file) => file !== 'index.ts' && !file.endsWith('.test.ts'))
    .map((file) => basename(file, '.ts'))
    .sort();
}

/** Throws `not-found` for an unknown name. */
export async function loadBench(folder: string, name: string): Promise<Bench> {
  const names = benchNames(folder);
  if (!names.includes(name))
    throw new PlatformError(
      'not-found',
      `no measurement '${name}'; there are: ${names.join(', ') || 'none yet'}`,
    );
  const { bench }: { bench?: Partial<Bench> } = await import(join(folder, `${name}.ts`));
  if (bench?.name !== name || typeof bench.describe !== 'string' || typeof bench.run !== 'function')
    throw new Error(`tools/bench/src/${name}.ts must export bench: { name: '${name}', describe, run }`);
  return bench as Bench;
}

/** A result for human eyes. */
export function describeResult(result: BenchResult): string {
  const number = (value: number | null, unit: string) =>
    value === null ? undefined : `${Number(value.toPrecision(4))}${unit}`;
  const { cpu, cores, memoryGiB, kernel, node, date } = result.ranOn;
  const rows: [string, string | undefined][] = [
    ['against', result.against],
    ['ratio', number(result.ratio, ' ×')],
    ['p50', number(result.p50Ms, ' ms')],
    ['p95', number(result.p95Ms, ' ms')],
    ['p99', number(result.p99Ms, ' ms')],
    ['goal', `${result.goal}: ${result.met ? 'met' : 'MISSED'}`],
    ...Object.entries(result.details).map(([key, value]): [string, string] => [key, String(value)]),
    ['ran on', `${cores} × ${cpu}, ${memoryGiB} GiB, Linux ${kernel}, Node ${node}, ${date}`],
  ];
  const width = Math.max(18, ...rows.map(([label]) => label.length)) + 2;
  const lines = rows.flatMap(([label, text]) =>
    text === undefined ? [] : [`  ${label.padEnd(width)}${text}`],
  );
  return `${result.name}\n${lines.join('\n')}\n`;
}
