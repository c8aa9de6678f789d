import { type Clock, PlatformError, systemClock } from '@weir/core';
import { DelayLine } from './delay-line.ts';
import { type Seed, seededRandom } from './seeded-random.ts';

/** Whole text messages, in order, both ways: the same shape as the protocol's `Channel`, which it may stand for. */
export interface MessageChannelEnd {
  /** Throws when closed. */
  send(text: string): void;
  close(code: number, reason: string): void;
  onMessage(listener: (text: string) => void): void;
  onClose(listener: (code: number, reason: string) => void): void;
}

/** `up`: from the client to the server. */
export type Direction = 'up' | 'down';

/** What becomes of one message. `cut` breaks the connection just before it; a delay holds back later ones too. */
export type Fate = 'deliver' | 'drop' | 'duplicate' | 'cut' | { delayMs: number };

export type SocketPairOptions = {
  seed: Seed;
  /** Probability that a message is lost. */
  drop?: number;
  /** Probability that a message comes twice. */
  duplicate?: number;
  /** Probability that a message is held back so that later ones overtake it. */
  reorder?: number;
  /** Range of the random delay of each message; without `reorder` the order is kept all the same. */
  delayMs?: [min: number, max: number];
  clock?: Clock;
  /** Decides on the `index`-th message (from 0) of a direction; `undefined` leaves it to the seed. */
  script?: (direction: Direction, index: number, text: string) => Fate | undefined;
};

export type SocketPair = {
  readonly client: MessageChannelEnd;
  readonly server: MessageChannelEnd;
  /** How many messages each direction was given so far. */
  readonly sent: Readonly<Record<Direction, number>>;
  /** Breaks the connection: both ends see a close with 1006, what was under way is lost. */
  cut(): void;
  /** Loses all that is under way or sent from now on, and tells nobody. */
  silence(): void;
};

/** No close code was received. */
const abnormalClosure = 1006;

/** How much longer than the longest delay a message is held so that others overtake it. */
const overtakingMs = 5;

/** Messages for a listener that is not there yet. */
const maxUnheard = 1000;

/** Two ends of a connection in memory. The seed (or the script) alone decides what becomes of each message. */
export function socketPair(options: SocketPairOptions): SocketPair {
  return new Pair(options);
}

class Pair implements SocketPair {
  readonly client: End;
  readonly server: End;
  readonly sent = { up: 0, down: 0 };
  readonly #options: SocketPairOptions;
  #silent = false;

  constructor(options: SocketPairOptions) {
    this.#options = options;
    this.client = new End(this.#path('up', () => this.server));
    this.server = new End(this.#path('down', () => this.client));
  }

  cut(): void {
    this.client.lose();
    this.server.lose();
  }

  silence(): void {
    this.#silent = true;
  }

  #path(direction: Direction, to: () => End): Path {
    const { seed, clock = systemClock, delayMs: [minMs, maxMs] = [0, 0] } = this.#options;
    const random = seededRandom(`${seed}/${direction}`);
    const line = new DelayLine<(end: End) => void>(clock, (act) => {
      if (!this.#silent) act(to());
    });
    let lastDueAt = 0;
    const enter = (delayMs: number, overtaken: boolean, act: (end: End) => void) => {
      let dueAt = clock.now() + delayMs;
      if (overtaken) dueAt += maxMs + overtakingMs;
      else {
        dueAt = Math.max(dueAt, lastDueAt);
        lastDueAt = dueAt;
      }
      queueMicrotask(() => line.push(dueAt, act)); // Never delivered from within send().
    };
    return {
      close: (code, reason) => enter(minMs, false, (end) => end.closed(code, reason)),
      send: (text) => {
        // Each message takes the same number of draws, so that one option does not shift the effects of another.
        const [drop, duplicate, reorder, delay] = [random(), random(), random(), random()];
        const index = this.sent[direction]++;
        const fate = this.#options.script?.(direction, index, text);
        if (fate === 'cut') return this.cut();
        if (fate === 'drop' || (!fate && drop < (this.#options.drop ?? 0))) return;
        const delayMs = typeof fate === 'object' ? fate.delayMs : minMs + delay * (maxMs - minMs);
        const overtaken = !fate && reorder < (this.#options.reorder ?? 0);
        const twice = fate ? fate === 'duplicate' : duplicate < (this.#options.duplicate ?? 0);
        for (let copy = twice ? 2 : 1; copy > 0; copy--)
          enter(delayMs, overtaken, (end) => end.receive(text));
      },
    };
  }
}

type Path = { send(text: string): void; close(code: number, reason: string): void };

class End implements MessageChannelEnd {
  readonly #out: Path;
  readonly #messageListeners: ((text: string) => void)[] = [];
  readonly #closeListeners: ((code: number, reason: string) => void)[] = [];
  readonly #unheard: string[] = [];
  #closed?: { code: number; reason: string };

  constructor(out: Path) {
    this.#out = out;
  }

  send(text: string): void {
    if (this.#closed) throw new PlatformError('connection-lost', 'the channel is closed');
    this.#out.send(text);
  }

  /** The other end learns of it after the messages that were sent before. */
  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#out.close(code, reason);
    this.closed(code, reason);
  }

  onMessage(listener: (text: string) => void): void {
    this.#messageListeners.push(listener);
    for (const text of this.#unheard.splice(0)) listener(text);
  }

  onClose(listener: (code: number, reason: string) => void): void {
    const closed = this.#closed;
    if (closed) queueMicrotask(() => listener(closed.code, closed.reason));
    else this.#closeListeners.push(listener);
  }

  receive(text: string): void {
    if (this.#closed) return;
    if (this.#messageListeners.length > 0) for (const listener of this.#messageListeners) listener(text);
    else if (this.#unheard.push(text) > maxUnheard)
      throw new PlatformError('limit-reached', `${maxUnheard} messages and no listener`);
  }

  closed(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = { code, reason };
    queueMicrotask(() => {
      for (const listener of this.#closeListeners.splice(0)) listener(code, reason);
    });
  }

  lose(): void {
    this.closed(abnormalClosure, 'the connection was cut');
  }
}
