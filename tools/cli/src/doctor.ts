import { type Finding, type FindingState, findings } from './machine.ts';
import { parseOptions } from './options.ts';

const marks: Record<FindingState, string> = { ok: '✓', missing: '–', wrong: '✗' };

/** Prints what the machine has and lacks; 1 when ./weir up would not work. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseOptions(args, {
    json: { type: 'boolean', default: false },
    port: { type: 'string', default: '7420' },
    'data-dir': { type: 'string' },
  });
  const found = await findings({ port: values.port, dataDir: values['data-dir'] });
  const ready = found.every(({ state }) => state !== 'wrong');
  process.stdout.write(
    values.json ? `${JSON.stringify({ ready, findings: found }, null, 2)}\n` : report(found, ready),
  );
  return ready ? 0 : 1;
}

/** The findings as a table, each lack with its consequence, and one sentence at the end. */
export function report(found: Finding[], ready: boolean): string {
  const lines = found.flatMap(({ name, state, detail, consequence }) => [
    `  ${marks[state]} ${name.padEnd(18)}${detail}`,
    ...(consequence && state !== 'ok' ? [`    ${' '.repeat(18)}→ ${consequence}`] : []),
  ]);
  const end = ready ? 'Ready for ./weir up.' : '✗ marks what ./weir up cannot do without.';
  return `${lines.join('\n')}\n\n  ${end}\n`;
}
