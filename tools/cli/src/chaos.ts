import { run as runBench } from './bench.ts';

/** Deals blows to a fleet of this machine with people in calls, by a seed, and says what they saw. */
export function run(args: string[]): Promise<number> {
  return runBench(['chaos', ...args]);
}
