import { table } from '../measure/table.ts';
import { isFlat, type Trend, trendOf } from '../measure/trend.ts';

/** What was measured after so many cycles. */
export type Sample = { cycles: number; values: Record<string, number> };
export type Verdict = { name: string; trend: Trend; flat: boolean; first: number; last: number };

/** What a cycle may leave behind: 1 MiB over 10,000 of them; and of nodes and listeners one in a hundred cycles. */
export const toleratedBytes = 100;
const toleratedCount = 0.01;

/** Judged by their second half: the first fills caches and pools. */
export function judge(samples: readonly Sample[]): Verdict[] {
  const last = samples.at(-1);
  if (!last) return [];
  const half = samples.filter(({ cycles }) => cycles >= last.cycles / 2);
  return Object.keys(last.values).map((name) => {
    const trend = trendOf(half.map(({ cycles, values }) => ({ x: cycles, y: values[name]! })));
    return {
      name,
      trend,
      flat: isFlat(trend, name.endsWith('Bytes') ? toleratedBytes : toleratedCount),
      first: samples[0]!.values[name]!,
      last: last.values[name]!,
    };
  });
}

/** About ten of the samples, and the verdicts below. */
export function describeSeries(samples: readonly Sample[], verdicts: readonly Verdict[]): string {
  const names = verdicts.map(({ name }) => name);
  const step = Math.max(1, Math.ceil(samples.length / 10));
  const shown = samples.filter((_, i) => i % step === 0 || i === samples.length - 1);
  const series = shown.map(({ cycles, values }) => [
    cycles,
    ...names.map((name) => amount(name, values[name]!)),
  ]);
  const rows = verdicts.map(({ name, trend, flat }) => [
    name,
    trend.slope.toFixed(name.endsWith('Bytes') ? 0 : 3),
    amount(name, trend.growth),
    amount(name, trend.noise),
    flat ? 'flat' : 'GROWS',
  ]);
  return [
    table(['cycles', ...names], series),
    table(['second half', 'a cycle', 'growth', 'noise', ''], rows),
  ].join('\n\n');
}

function amount(name: string, value: number): string {
  return name.endsWith('Bytes') ? `${(value / 2 ** 20).toFixed(2)} MiB` : String(Math.round(value));
}
