/** What one measurement found. Times in ms; null where it does not apply. */
export type BenchResult = {
  name: string;
  /** What it is compared to, like `bare mediasoup in the same run`. */
  against: string;
  /** Ours divided by that. */
  ratio: number | null;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  /** The number to hold, in words. */
  goal: string;
  met: boolean;
  ranOn: Machine;
  details: Record<string, number | string>;
};

/** The machine of a measurement: numbers of different ones are not compared. */
export type Machine = {
  cpu: string;
  cores: number;
  memoryGiB: number;
  kernel: string;
  node: string;
  date: string;
};

export type BenchOptions = {
  /** Tells the human how far it is. */
  say(line: string): void;
  /** Aborts when the human does. */
  signal: AbortSignal;
  /** The bench's own `parameters` as this run has them. */
  parameters: Record<string, number>;
};

/** A measurement: the `bench` export of tools/bench/src/NAME.ts. */
export type Bench = {
  name: string;
  /** One line for the list. */
  describe: string;
  /** Whole numbers that the command line may change, by option (`--rounds 3`), with their defaults. */
  parameters?: Record<string, number>;
  run(options: BenchOptions): Promise<BenchResult>;
};
