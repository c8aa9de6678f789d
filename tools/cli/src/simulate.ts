import { seededRandom } from '@weir/testing';
import { parseOptions, wholeNumber } from './options.ts';
import { describeReport } from './simulate/report.ts';
import { Simulation } from './simulate/simulation.ts';

/** A fleet and its people on a virtual clock, placed, scaled and piped by the real code. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseOptions(args, {
    participants: { type: 'string', default: '1000000' },
    biggest: { type: 'string', default: '100000' },
    failures: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  });
  const participants = wholeNumber('participants', values.participants, 10, 10_000_000);
  const biggestRoom = wholeNumber('biggest', values.biggest, 2, participants);
  const seed = wholeNumber('seed', values.seed, 0, 2 ** 31);
  const startedAt = performance.now();
  const report = new Simulation({
    participants,
    biggestRoom,
    rampSeconds: 1_200,
    staySeconds: 1_200,
    failures: wholeNumber('failures', values.failures, 0, 1_000),
    catastropheShare: 0.25,
    bootSeconds: 60,
    nodesAtFirst: Math.max(4, Math.ceil(participants / 5_000)),
    random: seededRandom(seed),
    progress: (text) => process.stderr.write(`${text}\n`),
  }).run();
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  if (values.json) process.stdout.write(`${JSON.stringify({ seed, tookSeconds: seconds, ...report })}\n`);
  else process.stdout.write(describeReport(report, { seed, seconds }));
  return 0;
}
