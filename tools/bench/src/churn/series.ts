import { table } from '../measure/table.ts';
import { isFlat, type Trend, trendOf } from '../measure/trend.ts';

/** What was measured after so many cycles. */
export type Sample = { cycles: number; values: Record<string, number> };
export type Verdict = { name: string; trend: Trend; flat: boolean; first: number; last: number };

/** What a cycle may leave behind: 1 MiB over 10,000 of them; and of nodes and listeners one in a hundred cycles. */
export const toleratedBytes = 100;
const toleratedCount = 0.01;
/** Told, not judged: V8 compiles what is called often, for hundreds of cycles, and is done when all of that is compiled. */
const toldOnly = new Set(['pageCodeBytes']);

/**
 * Judged by their second half: the first fills caches and pools. Flat is what does not rise beyond its noise, or by next to nothing, or
 * was as high before.
 */
export function judge(samples: readonly Sample[]): Verdict[] {
  const last = samples.at(-1);
  if (!last) return [];
  const half = samples.filter(({ cycles }) => cycles >= last.cycles / 2);
  const judged = Object.keys(last.values).filter((name) => !toldOnly.has(name));
  return judged.map((name) => {
    const tolerated = name.endsWith('Bytes') ? toleratedBytes : toleratedCount;
    const trend = trendOf(half.map(({ cycles, values }) => ({ x: cycles, y: values[name]! })));
    return {
      name,
      trend,
      flat: isFlat(trend, tolerated) || highWaterGrowth(samples, name) <= (tolerated * last.cycles) / 2,
      first: samples[0]!.values[name]!,
      last: last.values[name]!,
    };
  });
}

/** How much more there was at most in the second half than in the first: what grows by steps and falls again does not grow. */
export function highWaterGrowth(samples: readonly Sample[], name: string): number {
  const half = (samples.at(-1)?.cycles ?? 0) / 2;
  const highest = (part: readonly Sample[]) => Math.max(...part.map(({ values }) => values[name]!));
  return (
    highest(samples.filter(({ cycles }) => cycles > half)) -
    highest(samples.filter(({ cycles }) => cycles <= half))
  );
}

/** About ten of the samples, and the verdicts below. */
export function describeSeries(samples: readonly Sample[], verdicts: readonly Verdict[]): string {
  const names = Object.keys(samples.at(-1)?.values ?? {});
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
