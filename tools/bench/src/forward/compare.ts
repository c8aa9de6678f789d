import type { BenchOptions } from '@weir/cli';
import { type CallServer, startBare, startWeir } from './call-server.ts';
import { fanOut, type Round, runRound, type Scenario } from './round.ts';

export type Outcome = { scenario: Scenario; packetsPerSecond: number; rounds: Round[] };

export type CompareOptions = Pick<BenchOptions, 'say' | 'signal'> & {
  rounds: number;
  measureMs: number;
  /** How busy the engine's worker is to be, of one core. */
  load: number;
};

const warmMs = 2_000;
const calibration = { packetsPerSecond: 50, warmMs, measureMs: 3_000 };
/** What a stream may have: timers have whole milliseconds, and a sender is not the measurement. */
const packetsPerSecondAtMost = 500;

/** Each scenario on the platform and on bare mediasoup in turn. */
export async function compare(scenarios: Scenario[], options: CompareOptions): Promise<Outcome[]> {
  const { say, signal, measureMs } = options;
  await using stack = new AsyncDisposableStack();
  const servers = [await startWeir(stack), await startBare(stack)];
  const outcomes: Outcome[] = [];
  for (const scenario of scenarios) {
    if (signal.aborted) break;
    const packetsPerSecond = await calibrate(servers[1]!, scenario, options.load);
    const outcome: Outcome = { scenario, packetsPerSecond, rounds: [] };
    for (let i = 0; i < options.rounds * servers.length && !signal.aborted; i++) {
      const server = servers[i % servers.length]!;
      const round = await runRound(server, scenario, { packetsPerSecond, warmMs, measureMs });
      outcome.rounds.push(round);
      say(`${scenario.name} ${describeRound(round)}`);
    }
    outcomes.push(outcome);
  }
  return outcomes;
}

/** The rate of each stream at which the engine's worker is so busy. */
async function calibrate(server: CallServer, scenario: Scenario, load: number): Promise<number> {
  const { workerCpuUs } = await runRound(server, scenario, calibration);
  const perSecond = (load * 1e6) / workerCpuUs / fanOut(scenario);
  return Math.max(10, Math.min(packetsPerSecondAtMost, Math.round(perSecond)));
}

function describeRound(round: Round): string {
  const { server, workerCpuUs, nodeCpuUs, packetsPerSecond, workerBusy, delayP50Ms, delayP99Ms } = round;
  return (
    `${server}: ${workerCpuUs.toFixed(2)} µs a packet (Node ${nodeCpuUs.toFixed(2)}), ` +
    `${Math.round(packetsPerSecond)}/s, worker ${(workerBusy * 100).toFixed(0)} %, ` +
    `delay ${delayP50Ms.toFixed(2)} / ${delayP99Ms.toFixed(2)} ms, ${round.lost} lost; ` +
    `crowd ${(round.crowdBusy * 100).toFixed(0)} %, ${round.framesSkipped} skipped, ` +
    `probe late by ${round.probeLagP99Ms.toFixed(2)} ms`
  );
}
