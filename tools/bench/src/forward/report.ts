import { median } from '../measure/quantile.ts';
import { table } from '../measure/table.ts';
import type { Outcome } from './compare.ts';
import { isQuiet, type Round } from './round.ts';

export type Figure = Exclude<keyof Round, 'server'>;

/** Those that count: the undisturbed ones, as long as there are any. */
function counted({ rounds }: Outcome, server: Round['server']): Round[] {
  const all = rounds.filter((round) => round.server === server);
  const quiet = all.filter(isQuiet);
  return quiet.length > 0 ? quiet : all;
}

/** The median of the rounds with one server. */
export function typical(outcome: Outcome, server: Round['server'], figure: Figure): number {
  return median(counted(outcome, server).map((round) => round[figure]));
}

/** Worker CPU per packet: ours by that of bare mediasoup. */
export function ratioOf(outcome: Outcome): number {
  return typical(outcome, 'weir', 'workerCpuUs') / typical(outcome, 'bare', 'workerCpuUs');
}

/** The ratio of each pair of rounds that followed each other: how much one of them says. */
function pairRatios({ rounds }: Outcome): number[] {
  return rounds.flatMap((round, i) => {
    const next = rounds[i + 1];
    return i % 2 === 0 && next ? [round.workerCpuUs / next.workerCpuUs] : [];
  });
}

export function summary(outcomes: Outcome[]): string {
  const rows = outcomes.flatMap((outcome) =>
    (['weir', 'bare'] as const).map((server) => {
      const figure = (name: Figure, digits: number) => typical(outcome, server, name).toFixed(digits);
      const all = outcome.rounds.filter((round) => round.server === server);
      const quiet = all.filter(isQuiet);
      const pairs = pairRatios(outcome);
      const ratio = `${ratioOf(outcome).toFixed(3)} (${Math.min(...pairs).toFixed(3)}–${Math.max(...pairs).toFixed(3)})`;
      return [
        `${outcome.scenario.name} ${server}`,
        figure('packetsPerSecond', 0),
        `${(typical(outcome, server, 'workerBusy') * 100).toFixed(0)} %`,
        figure('workerCpuUs', 2),
        figure('nodeCpuUs', 3),
        server === 'weir' ? ratio : '',
        figure('delayP50Ms', 2),
        figure('delayP99Ms', 2),
        figure('lost', 0),
        figure('probeLagP99Ms', 2),
        `${(typical(outcome, server, 'crowdBusy') * 100).toFixed(0)} %`,
        `${(typical(outcome, server, 'othersBusy') * 100).toFixed(0)} %`,
        `${quiet.length} of ${all.length}`,
      ];
    }),
  );
  const heading = [
    'medians',
    'packets/s',
    'worker',
    'µs/packet',
    'Node µs',
    'ratio (pairs)',
    'p50 ms',
    'p99 ms',
  ];
  return table([...heading, 'lost', 'probe lag', 'crowd', 'others', 'quiet'], rows);
}

export function detailsOf(outcome: Outcome): [string, number][] {
  const { name } = outcome.scenario;
  const figures: Figure[] = [
    'packetsPerSecond',
    'workerBusy',
    'workerCpuUs',
    'nodeCpuUs',
    'delayP50Ms',
    'delayP99Ms',
    'lost',
    'probeLagP99Ms',
    'crowdBusy',
    'framesSkipped',
    'othersBusy',
  ];
  const round = (value: number) => Number(value.toPrecision(4));
  return [
    [`${name}.ratio`, round(ratioOf(outcome))],
    [`${name}.quietRounds`, outcome.rounds.filter(isQuiet).length],
    [`${name}.rounds`, outcome.rounds.length],
    ...(['weir', 'bare'] as const).flatMap((server) =>
      figures.map((figure): [string, number] => [
        `${name}.${server}.${figure}`,
        round(typical(outcome, server, figure)),
      ]),
    ),
  ];
}
