import type { BenchOptions } from '@weir/cli';
import type { Scenario } from './busy-room.ts';
import { type CallServer, startBare, startWeir } from './call-server.ts';
import { type Round, type RoundOptions, runRound } from './round.ts';

/** `together`: rounds in which both servers ran, the platform's first. `alone`: rounds of one server after the other. */
export type Outcome = { scenario: Scenario; together: [weir: Round, bare: Round][]; alone: Round[] };

export type CompareOptions = Pick<BenchOptions, 'say' | 'signal'> & {
  rounds: number;
  measureMs: number;
  /** How busy the engine's worker is to be when it is alone, of one core. */
  load: number;
  /** What each stream has, in place of what makes the worker so busy. */
  packetsPerSecond?: number;
  capture: boolean;
};

const warmMs = 2_000;
const calibration = { warmMs: 1_000, measureMs: 2_000 };
const firstGuess = 50;
/** What a stream may have: timers have whole milliseconds, and a sender is not the measurement. */
const packetsPerSecondAtMost = 500;
/** The busier, the cheaper is a packet: the second guess is made nearer to the load that is wanted. */
const guesses = 2;
/** Both servers at once share the cores, with twice the peers. */
const shareWhenTogether = 0.25;

/**
 * Each scenario on the platform and on bare mediasoup: at the same time, since what disturbs the machine then disturbs both
 * alike, for the cost of a packet; and in turns, each alone at the wanted load, for the delay.
 */
export async function compare(scenarios: Scenario[], options: CompareOptions): Promise<Outcome[]> {
  const { rounds, say, signal, measureMs, capture } = options;
  await using stack = new AsyncDisposableStack();
  const [weir, bare] = [await startWeir(stack), await startBare(stack)];
  const outcomes: Outcome[] = [];
  for (const scenario of scenarios) {
    if (signal.aborted) break;
    const outcome: Outcome = { scenario, together: [], alone: [] };
    outcomes.push(outcome);
    let packetsPerSecond = await calibrate(bare, scenario, options, firstGuess);
    const run = async (servers: CallServer[], how: Pick<RoundOptions, 'packetsPerSecond' | 'capture'>) => {
      const found = await runRound(servers, scenario, { warmMs, measureMs, ...how });
      for (const round of found) say(`${scenario.name} ${describeRound(round)}`);
      return found;
    };
    const reduced = Math.max(1, Math.round(packetsPerSecond * shareWhenTogether));
    for (let i = 0; i < rounds && !signal.aborted; i++) {
      const order = i % 2 === 0 ? [weir, bare] : [bare, weir];
      const found = await run(order, { packetsPerSecond: reduced, capture: false });
      const of = (server: CallServer) => found[order.indexOf(server)]!;
      outcome.together.push([of(weir), of(bare)]);
    }
    for (let i = 0; i < rounds && !signal.aborted; i++) {
      // Shared machines are faster and slower from minute to minute.
      if (i > 0) packetsPerSecond = await calibrate(bare, scenario, options, packetsPerSecond);
      for (const server of [weir, bare])
        outcome.alone.push(...(await run([server], { packetsPerSecond, capture })));
    }
  }
  return outcomes;
}

/** The rate of each stream at which the engine's worker is so busy, as far as that can be sent. */
async function calibrate(
  server: CallServer,
  scenario: Scenario,
  { load, capture, packetsPerSecond: given }: CompareOptions,
  guess: number,
): Promise<number> {
  if (given !== undefined) return given;
  let packetsPerSecond = guess;
  for (let i = 0; i < guesses; i++) {
    const [round] = await runRound([server], scenario, { ...calibration, capture, packetsPerSecond });
    const wanted = Math.round((packetsPerSecond * load) / Math.max(0.01, round!.workerBusy));
    packetsPerSecond = Math.max(10, Math.min(packetsPerSecondAtMost, wanted));
  }
  return packetsPerSecond;
}

function describeRound(round: Round): string {
  const ms = (p50: number, p99: number) =>
    Number.isNaN(p50) ? '' : `${p50.toFixed(2)} / ${p99.toFixed(2)} ms`;
  const inNode = ms(round.copyP50Ms, round.copyP99Ms);
  return (
    `${round.server}: ${round.workerCpuUs.toFixed(2)} µs a packet (Node ${round.nodeCpuUs.toFixed(2)}), ` +
    `${Math.round(round.packetsPerSecond)}/s, worker ${(round.workerBusy * 100).toFixed(0)} %, ` +
    `${inNode && `in the node ${inNode}, `}to a peer ${ms(round.peerP50Ms, round.peerP99Ms)}${Number.isNaN(round.lost) ? '' : `, ${round.lost} lost`}; ` +
    `peers ${(round.peersBusy * 100).toFixed(0)} %, others ${(round.othersBusy * 100).toFixed(0)} %`
  );
}
