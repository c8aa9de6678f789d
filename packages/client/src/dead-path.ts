import { chosenPair, type Entry, entriesOf } from './selected-path.ts';

/** What a connection's pairs of addresses have got so far (`RTCIceCandidatePairStats`). */
export type PairTraffic = {
  /** The pair that carries what is sent. */
  selectedId: string;
  /** Media or its feedback came over it before: it is not one that was only just chosen. */
  wasUsed: boolean;
  /** Bytes and answers to connectivity checks, over that pair. */
  came: number;
  /** Answers to connectivity checks, over all the others. */
  answersOfOthers: number;
};

export type Judgement = 'dead' | 'alive' | undefined;

const looksInARow = 2;

/** Undefined where the browser does not say so much. */
export function pairTraffic(report: RTCStatsReport): PairTraffic | undefined {
  const entries = entriesOf(report);
  const pairs = [...entries.values()].filter(({ type }) => type === 'candidate-pair');
  const selected = chosenPair(entries);
  if (!selected || selected.responsesReceived === undefined) return undefined;
  const answers = (pair: Entry) => Number(pair.responsesReceived ?? 0);
  return {
    selectedId: selected.id,
    wasUsed: Number(selected.bytesReceived ?? 0) > 0,
    came: Number(selected.bytesReceived ?? 0) + answers(selected),
    answersOfOthers: pairs.reduce((sum, pair) => sum + (pair === selected ? 0 : answers(pair)), 0),
  };
}

/**
 * Tells from looks at a connection over which nothing seems to come any more whether it sends into a path that is dead while
 * another one answers: a browser that prefers a network keeps to it for seconds after it has gone.
 */
export class DeadPath {
  #first: PairTraffic | undefined;
  #inARow = 0;
  #anotherAnswers = false;

  /** The same machine gets through another way: its signaling did. */
  anotherAnswers(): void {
    this.#anotherAnswers = true;
  }

  /** `traffic`: undefined when the browser itself has given the pair up and looks for another one. */
  look(traffic: PairTraffic | undefined): Judgement {
    if (!traffic) return this.#anotherAnswers ? 'dead' : undefined;
    const first = this.#first;
    this.#first ??= traffic;
    if (!first) return undefined;
    if (traffic.selectedId !== first.selectedId || traffic.came > first.came) return 'alive';
    // Those of pairs that have gone are counted no more.
    if (traffic.answersOfOthers < first.answersOfOthers) this.#first = traffic;
    this.#inARow = traffic.answersOfOthers > first.answersOfOthers ? this.#inARow + 1 : 0;
    if (!traffic.wasUsed) return undefined;
    return this.#anotherAnswers || this.#inARow >= looksInARow ? 'dead' : undefined;
  }
}
