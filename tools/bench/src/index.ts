// A measurement is a file beside this one, named for it, that exports `bench: Bench`; ./weir bench NAME runs it.
export type { Bench, BenchOptions, BenchResult, Machine } from '@weir/cli';
