import { median } from '../measure/quantile.ts';
import { table } from '../measure/table.ts';
import type { Outcome } from './compare.ts';
import type { Round } from './round.ts';

export type Figure = Exclude<keyof Round, 'server'>;

/** Of the rounds in which a server was alone, the median. */
export function typical({ alone }: Outcome, server: Round['server'], figure: Figure): number {
  return median(alone.filter((round) => round.server === server).map((round) => round[figure]));
}

/** Worker CPU a packet, ours by that of bare mediasoup in the same seconds: one for each round. */
export function ratiosOf({ together }: Outcome): number[] {
  return together.map(([weir, bare]) => weir.workerCpuUs / bare.workerCpuUs);
}

export function ratioOf(outcome: Outcome): number {
  return median(ratiosOf(outcome));
}

export function summary(outcomes: Outcome[]): string {
  const cost = outcomes.map((outcome) => {
    const of = (at: 0 | 1, figure: Figure) => median(outcome.together.map((pair) => pair[at][figure]));
    const ratios = ratiosOf(outcome);
    return [
      outcome.scenario.name,
      of(0, 'packetsPerSecond').toFixed(0),
      `${(of(0, 'workerBusy') * 100).toFixed(0)} %`,
      of(0, 'workerCpuUs').toFixed(2),
      of(1, 'workerCpuUs').toFixed(2),
      ratioOf(outcome).toFixed(3),
      `${Math.min(...ratios).toFixed(3)}–${Math.max(...ratios).toFixed(3)}`,
      `${(of(0, 'othersBusy') * 100).toFixed(0)} %`,
    ];
  });
  const delay = outcomes.flatMap((outcome) =>
    (['weir', 'bare'] as const).map((server) => {
      const of = (figure: Figure, digits = 2) => typical(outcome, server, figure).toFixed(digits);
      return [
        `${outcome.scenario.name} ${server}`,
        of('packetsPerSecond', 0),
        `${(typical(outcome, server, 'workerBusy') * 100).toFixed(0)} %`,
        `${of('firstP50Ms')} / ${of('firstP99Ms')}`,
        `${of('copyP50Ms')} / ${of('copyP99Ms')}`,
        `${of('peerP50Ms')} / ${of('peerP99Ms')}`,
        `${(typical(outcome, server, 'othersBusy') * 100).toFixed(0)} %`,
      ];
    }),
  );
  const together = ['together', 'packets/s', 'worker', 'weir µs', 'bare µs', 'ratio', 'of rounds', 'others'];
  const alone = ['alone, ms', 'packets/s', 'worker', 'first copy', 'all copies', 'to a peer', 'others'];
  return `${table(together, cost)}\n\n${table(alone, delay)}`;
}

export function detailsOf(outcome: Outcome): [string, number][] {
  const { name } = outcome.scenario;
  const figures: Figure[] = [
    'packetsPerSecond',
    'workerBusy',
    'firstP50Ms',
    'firstP99Ms',
    'copyP50Ms',
    'copyP99Ms',
    'copies',
    'captureDropped',
    'peerP50Ms',
    'peerP99Ms',
    'othersBusy',
  ];
  const brief = (value: number) => Number(value.toPrecision(4));
  const ratios = ratiosOf(outcome);
  return [
    [`${name}.ratio`, brief(ratioOf(outcome))],
    [`${name}.lowestRatio`, brief(Math.min(...ratios))],
    [`${name}.highestRatio`, brief(Math.max(...ratios))],
    ...(['weir', 'bare'] as const).flatMap((server, at) => [
      [
        `${name}.${server}.workerCpuUs`,
        brief(median(outcome.together.map((pair) => pair[at]!.workerCpuUs))),
      ] as [string, number],
      ...figures.map((figure): [string, number] => [
        `${name}.${server}.${figure}`,
        brief(typical(outcome, server, figure)),
      ]),
    ]),
  ];
}
