import { median } from './quantile.ts';

export type Point = { x: number; y: number };

/** Where a series is going. */
export type Trend = {
  /** Of y for each x: the median of the slopes between all pairs, which single outliers do not move. */
  slope: number;
  /** Slope times the range of x. */
  growth: number;
  /** How far the points lie from that line: two standard deviations, estimated from the median distance. */
  noise: number;
  /** Median of y. */
  level: number;
};

export function trendOf(points: readonly Point[]): Trend {
  const slopes = points.flatMap((a, i) =>
    points.slice(i + 1).flatMap((b) => (b.x === a.x ? [] : [(b.y - a.y) / (b.x - a.x)])),
  );
  const slope = slopes.length > 0 ? median(slopes) : 0;
  const offset = median(points.map(({ x, y }) => y - slope * x));
  const distance = median(points.map(({ x, y }) => Math.abs(y - slope * x - offset)));
  const xs = points.map(({ x }) => x);
  return {
    slope,
    growth: slope * (Math.max(...xs) - Math.min(...xs)),
    noise: 2 * 1.4826 * distance,
    level: median(points.map(({ y }) => y)),
  };
}

/**
 * Flat: the growth is within the noise, or the slope is tolerated. Not by a share of the level: a large constant part would
 * hide what grows beside it.
 */
export function isFlat({ slope, growth, noise }: Trend, toleratedSlope: number): boolean {
  return growth <= noise || slope <= toleratedSlope;
}
