import type { BenchOptions } from '@weir/cli';
import { sleep } from '@weir/core';
import { machineCpuSeconds } from '../measure/process-usage.ts';
import { type CallServer, startBare, startWeir } from './call-server.ts';
import {
  fanOut,
  isQuiet,
  quietCores,
  type Round,
  type RoundOptions,
  runRound,
  type Scenario,
} from './round.ts';

/** Nothing else to do: what is left is the peers' own part in the delay. */
const idle: Scenario = { name: 'idle', publishers: 1, viewers: 2 };
const idleRate = 100;

export type Comparison = { floor: Round; outcomes: Outcome[] };
export type Outcome = { scenario: Scenario; packetsPerSecond: number; rounds: Round[] };

type Say = BenchOptions['say'];

export type CompareOptions = Pick<BenchOptions, 'say' | 'signal'> & {
  rounds: number;
  measureMs: number;
  /** How busy the engine's worker is to be, of one core. */
  load: number;
  /** Take a round as it is, also when other programs disturbed it. */
  hasty?: boolean;
};

const warmMs = 2_000;
const calibration = { warmMs: 1_000, measureMs: 3_000 };
const firstGuess = 50;
/** What a stream may have: timers have whole milliseconds, and a sender is not the measurement. */
const packetsPerSecondAtMost = 500;
/** The busier, the cheaper is a packet: each guess is made nearer to the load that is wanted. */
const guesses = 3;
const attemptsAtMost = 2;
const quietWithinMs = 5_000;
const lookMs = 1_000;

/** Each scenario on the platform and on bare mediasoup in turn. */
export async function compare(scenarios: Scenario[], options: CompareOptions): Promise<Comparison> {
  const { say, signal, measureMs } = options;
  await using stack = new AsyncDisposableStack();
  const servers = [await startWeir(stack), await startBare(stack)];
  const floor = await runRound(servers[1]!, idle, { packetsPerSecond: idleRate, warmMs, measureMs });
  say(`idle ${describeRound(floor)}`);
  const outcomes: Outcome[] = [];
  for (const scenario of scenarios) {
    if (signal.aborted) break;
    const packetsPerSecond = await calibrate(servers[1]!, scenario, options.load);
    const outcome: Outcome = { scenario, packetsPerSecond, rounds: [] };
    for (let i = 0; i < options.rounds * servers.length && !signal.aborted; i++) {
      const server = servers[i % servers.length]!;
      const round = await (options.hasty
        ? runRound(server, scenario, { packetsPerSecond, warmMs, measureMs })
        : quietRound(server, scenario, { packetsPerSecond, warmMs, measureMs }, say));
      outcome.rounds.push(round);
      say(`${scenario.name} ${describeRound(round)}`);
    }
    outcomes.push(outcome);
  }
  return { floor, outcomes };
}

/** Waits a while for other programs to be done; a round that they disturbed nevertheless is run again. */
async function quietRound(
  server: CallServer,
  scenario: Scenario,
  options: RoundOptions,
  say: Say,
): Promise<Round> {
  for (let attempt = 1; ; attempt++) {
    await untilQuiet();
    const round = await runRound(server, scenario, options);
    if (isQuiet(round) || attempt === attemptsAtMost) return round;
    say(
      `${scenario.name} ${server.name}: once more, others took ${(round.othersBusy * 100).toFixed(0)} % of a core`,
    );
  }
}

/** With nothing of ours running, all that the machine does is others'. */
async function untilQuiet(): Promise<void> {
  for (let waited = 0; waited < quietWithinMs; waited += lookMs) {
    const before = await machineCpuSeconds();
    await sleep(lookMs);
    if ((await machineCpuSeconds()) - before < (quietCores * lookMs) / 1000) return;
  }
}

/** The rate of each stream at which the engine's worker is so busy, as far as that can be sent. */
async function calibrate(server: CallServer, scenario: Scenario, load: number): Promise<number> {
  let packetsPerSecond = firstGuess;
  for (let i = 0; i < guesses; i++) {
    const { workerCpuUs } = await runRound(server, scenario, { ...calibration, packetsPerSecond });
    const wanted = Math.round((load * 1e6) / workerCpuUs / fanOut(scenario));
    packetsPerSecond = Math.max(10, Math.min(packetsPerSecondAtMost, wanted));
  }
  return packetsPerSecond;
}

function describeRound(round: Round): string {
  const { server, workerCpuUs, nodeCpuUs, packetsPerSecond, workerBusy, delayP50Ms, delayP99Ms } = round;
  return (
    `${server}: ${workerCpuUs.toFixed(2)} µs a packet (Node ${nodeCpuUs.toFixed(2)}), ` +
    `${Math.round(packetsPerSecond)}/s, worker ${(workerBusy * 100).toFixed(0)} %, ` +
    `delay ${delayP50Ms.toFixed(2)} / ${delayP99Ms.toFixed(2)} ms, ${round.lost} lost; ` +
    `crowd ${(round.crowdBusy * 100).toFixed(0)} %, ${round.framesSkipped} skipped, ` +
    `probe late by ${round.probeLagP99Ms.toFixed(2)} ms, others ${(round.othersBusy * 100).toFixed(0)} %`
  );
}
