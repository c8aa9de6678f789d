import type { Impairment } from '@weir/testing';

/** A line to a viewer: a rate of the kernel's, what a proxy does on top, and rates that follow each other. */
export type Link = {
  name: string;
  rateBps?: number;
  down?: Impairment;
  /** What is seen over it; a camera when left out. */
  shows?: 'screen';
  /** One after another, as often as the time allows. */
  varies?: { rateBps: number; ms: number }[];
};

const k = 1_000;
const M = 1_000_000;

export const links: Link[] = [
  { name: '4 M', rateBps: 4 * M },
  { name: '2 M', rateBps: 2 * M },
  { name: '1 M', rateBps: 1 * M },
  { name: '500 k', rateBps: 500 * k },
  { name: '250 k', rateBps: 250 * k },
  { name: '120 k', rateBps: 120 * k },
  { name: '60 k', rateBps: 60 * k },
  { name: '5 % loss', down: { lossRate: 0.05 } },
  { name: '100 ± 30 ms', down: { delayMs: 100, jitterMs: 30 } },
  { name: 'screen, 4 M', rateBps: 4 * M, shows: 'screen' },
  { name: 'screen, 1 M', rateBps: 1 * M, shows: 'screen' },
  { name: 'screen, 500 k', rateBps: 500 * k, shows: 'screen' },
  { name: 'screen, 250 k', rateBps: 250 * k, shows: 'screen' },
  {
    name: 'varying',
    varies: [
      { rateBps: 3 * M, ms: 7_000 },
      { rateBps: 500 * k, ms: 5_000 },
      { rateBps: 1.5 * M, ms: 6_000 },
      { rateBps: 250 * k, ms: 4_000 },
    ],
  },
];
