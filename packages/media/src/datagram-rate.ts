import { readFile } from 'node:fs/promises';
import { type Clock, Lifetime, systemClock } from '@weir/core';

const lookEveryMs = 1_000;
const counters = '/proc/net/snmp';

/** UDP packets in and out of this machine (on Linux its network namespace) a second; 0 where the system does not tell. */
export class DatagramRate extends Lifetime {
  readonly #clock: Clock;
  readonly #read: () => Promise<string>;
  #before: { at: number; count: number } | undefined;
  #perSecond = 0;
  #cancel?: () => void;

  constructor(clock: Clock = systemClock, read = () => readFile(counters, 'utf8')) {
    super();
    this.#clock = clock;
    this.#read = read;
    this.onClose(() => this.#cancel?.());
    void this.#look();
  }

  get perSecond(): number {
    return this.#perSecond;
  }

  async #look(): Promise<void> {
    const count = await this.#read().then(datagrams, () => undefined);
    if (this.closed || count === undefined) return;
    const at = this.#clock.now();
    const before = this.#before;
    if (before && at > before.at)
      this.#perSecond = (Math.max(0, count - before.count) * 1_000) / (at - before.at);
    this.#before = { at, count };
    this.#cancel = this.#clock.after(lookEveryMs, () => void this.#look());
  }
}

/** Names stand in one line, their numbers in the next. */
export function datagrams(text: string): number | undefined {
  const [names, numbers] = text
    .split('\n')
    .filter((line) => line.startsWith('Udp:'))
    .map((line) => line.split(/\s+/));
  const of = (name: string) => Number(numbers?.[names?.indexOf(name) ?? -1]);
  const sum = of('InDatagrams') + of('OutDatagrams');
  return Number.isFinite(sum) ? sum : undefined;
}
