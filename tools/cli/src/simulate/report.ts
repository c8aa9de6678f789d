import type { SimulationReport } from './simulation.ts';

/** A simulation's outcome in words. */
export function describeReport(
  report: SimulationReport,
  { seed, seconds }: { seed: number; seconds: number },
): string {
  const { load, nodes, moves, placements, trees } = report;
  const percent = (part: number) => `${((100 * part) / Math.max(1, load.nodeSeconds)).toFixed(2)} %`;
  const share = (part: number) => `${Math.round(part * 100)} %`;
  const n = (value: number) => value.toLocaleString('en');
  const rows: [string, string][] = [
    [
      'people',
      `${n(report.participants)} in ${n(report.rooms)} rooms, the biggest of ${n(report.biggestRoom)}`,
    ],
    ['nodes', `${n(nodes.most)} at most, ${n(nodes.died)} died, ${n(Math.round(nodes.hours))} hours in all`],
    ['load of a node', `${share(load.mean)} on average, ${share(load.highest)} at most`],
    ['above 70 % (no new rooms)', `${percent(load.above70)} of all nodes’ time`],
    ['above 85 % (smaller pictures)', `${percent(load.above85)}`],
    ['above 100 % (overload)', `${percent(load.above100)}`],
    ['placements', `${n(placements.count)}, of these ${n(placements.leastBad)} for want of a good node`],
    ['moved by a death', n(moves.byDeath)],
    ['moved by a drain', n(moves.byDrain)],
    ['could not be placed', n(moves.refused)],
    ['nodes of the biggest room', n(trees.nodesOfBiggest)],
    [
      'longest way of a track',
      `${trees.deepest} pipes; ${n(trees.unserved)} nodes without a place in a tree`,
    ],
    ['cost', `${report.nodeHoursPer1000.toFixed(2)} node-hours for 1,000 hours of people`],
  ];
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  const title = `${report.seconds} s of a fleet in two regions, seed ${seed}, in ${seconds} s`;
  return `\n  ${title}\n\n${rows.map(([label, text]) => `  ${label.padEnd(width)}${text}`).join('\n')}\n\n`;
}
