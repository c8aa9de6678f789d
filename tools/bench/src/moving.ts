import type { Bench } from '@weir/cli';
import { sleep } from '@weir/core';
import { thisMachine } from './measure/machine.ts';
import { median } from './measure/quantile.ts';
import { table } from './measure/table.ts';
import { Journey, type Stillness } from './moving/journey.ts';

/** By then Chromium knows of an interface that has come up: it takes it about three seconds. */
const overlapMs = 5_000;

/** Wi-Fi is link 0 and preferred, cellular link 1. Each leg begins as the one before ended. */
const legs: { name: string; change(journey: Journey, awayMs: number): Promise<void> }[] = [
  {
    name: 'overlap', // Both are there, then Wi-Fi goes.
    async change({ network }) {
      await network.plug('phone', 1);
      await sleep(overlapMs);
      await network.unplug('phone', 0);
    },
  },
  {
    name: 'no overlap', // Cellular goes, Wi-Fi comes a second later.
    async change({ network }) {
      await network.unplug('phone', 1);
      await sleep(1_000);
      await network.plug('phone', 0);
    },
  },
  { name: 'rebinding', change: ({ network }) => network.rebind() },
  {
    name: 'interface down',
    async change({ network }, awayMs) {
      await network.unplug('phone', 0);
      await sleep(awayMs);
      await network.plug('phone', 0);
    },
  },
  { name: 'asleep', change: (journey, awayMs) => journey.sleep(awayMs) },
];

const goal = { videoMs: 1_000, audioMs: 500 };

export const bench: Bench = {
  name: 'moving',
  describe: 'how long picture and sound stand still when the network changes under a call',
  parameters: { rounds: 3, awaySeconds: 20 },
  async run({ parameters, say, signal }) {
    await using stack = new AsyncDisposableStack();
    const journey = await Journey.start(stack);
    const before = await journey.page.evaluate(() => traveller.participantId);
    const measured = new Map<string, Stillness[]>(legs.map(({ name }) => [name, []]));
    for (let round = 0; round < parameters.rounds! && !signal.aborted; round++)
      for (const { name, change } of legs) {
        const awayMs = parameters.awaySeconds! * 1_000;
        const stillness = await journey.during(() => change(journey, awayMs));
        measured.get(name)!.push(stillness);
        say(`${name}: ${JSON.stringify(stillness)}`);
      }
    const log = await journey.page.evaluate(() => traveller.log);
    const after = await journey.page.evaluate(() => traveller.participantId);
    say(`\n${summary(measured)}\n${log.join(', ')}`);
    const overlap = measured.get('overlap')!;
    const worst = (of: (one: Stillness) => number) => Math.max(...overlap.map(of));
    return {
      name: 'moving',
      against: 'the goal; Wi-Fi goes while cellular is there',
      ratio: null,
      p50Ms: median(overlap.map(({ videoMs }) => videoMs)),
      p95Ms: null,
      p99Ms: null,
      goal: `overlap: picture ≤ ${goal.videoMs} ms, sound ≤ ${goal.audioMs} ms, both ways; nobody joins anew`,
      met:
        worst((one) => Math.max(one.videoMs, one.sentVideoMs)) <= goal.videoMs &&
        worst((one) => Math.max(one.audioMs, one.sentAudioMs)) <= goal.audioMs &&
        before === after,
      ranOn: thisMachine(),
      details: {
        rejoins:
          before === after && journey.told.every((line) => !line.startsWith('participantLeft')) ? 0 : 1,
        mediaResets: log.filter((line) => line.startsWith('mediaReset')).length,
        ...Object.fromEntries([...measured].flatMap(detailsOf)),
      },
    };
  },
};

const figures = ['videoMs', 'audioMs', 'concealedMs', 'sentVideoMs', 'sentAudioMs', 'renewed'] as const;

function detailsOf([name, all]: [string, Stillness[]]): [string, number][] {
  return figures.flatMap((figure): [string, number][] => {
    const values = all.map((one) => one[figure]);
    const key = `${name.replaceAll(' ', '-')}.${figure}`;
    return values.length
      ? [
          [key, median(values)],
          [`${key}.worst`, Math.max(...values)],
        ]
      : [];
  });
}

function summary(measured: Map<string, Stillness[]>): string {
  const rows = [...measured].map(([name, all]) => [
    name,
    all.length,
    ...figures.map((figure) => {
      const values = all.map((one) => one[figure]);
      return values.length ? `${Math.round(median(values))} / ${Math.max(...values)}` : '';
    }),
  ]);
  return table(['median / worst ms', 'rounds', ...figures.map((figure) => figure.replace('Ms', ''))], rows);
}
