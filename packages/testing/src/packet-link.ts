import type { Clock } from '@weir/core';
import { DelayLine } from './delay-line.ts';
import { Bottleneck, type ImpairedPath } from './impairment.ts';
import { type Seed, seededRandom } from './seeded-random.ts';

const maxBytesUnderWay = 32 * 2 ** 20;

/** One client's packets in one direction, impaired as its path says. The seed decides on each packet. */
export class PacketLink {
  readonly #path: ImpairedPath;
  readonly #clock: Clock;
  readonly #line: DelayLine<Uint8Array>;
  readonly #bottleneck = new Bottleneck();
  // One source for each effect, so that changing one rate does not change what else happens.
  readonly #random: Record<'loss' | 'burst' | 'burstLoss' | 'jitter' | 'reorder' | 'duplicate', () => number>;
  #inBurst = false;
  #lastDueAt = 0;
  #bytesUnderWay = 0;

  constructor(path: ImpairedPath, seed: Seed, clock: Clock, deliver: (packet: Uint8Array) => void) {
    this.#path = path;
    this.#clock = clock;
    const source = (effect: string) => seededRandom(`${seed}/${effect}`);
    this.#random = {
      loss: source('loss'),
      burst: source('burst'),
      burstLoss: source('burstLoss'),
      jitter: source('jitter'),
      reorder: source('reorder'),
      duplicate: source('duplicate'),
    };
    this.#line = new DelayLine(clock, (packet) => {
      this.#bytesUnderWay -= packet.byteLength;
      path.counters.forwarded++;
      path.counters.forwardedBytes += packet.byteLength;
      deliver(packet);
    });
  }

  send(packet: Uint8Array): void {
    const { impairment, counters } = this.#path;
    const now = this.#clock.now();
    counters.received++;
    counters.receivedBytes += packet.byteLength;
    const lost = this.#isLost(); // Drawn in a blackout too: a blackout does not shift the losses after it.
    const jitterMs = (2 * this.#random.jitter() - 1) * (impairment.jitterMs ?? 0);
    const overtaken = this.#random.reorder() < (impairment.reorderRate ?? 0);
    const twice = this.#random.duplicate() < (impairment.duplicateRate ?? 0);

    if (this.#path.blackoutEnd(now) !== undefined) counters.dropped.blackout++;
    else if (lost) counters.dropped.loss++;
    else if (this.#bytesUnderWay > maxBytesUnderWay) counters.dropped.overflow++;
    else {
      const departsAt = this.#bottleneck.departure(now, packet.byteLength, impairment);
      if (departsAt === undefined) {
        counters.dropped.queue++;
        return;
      }
      const dueAt = this.#dueAt(departsAt, Math.max(0, (impairment.delayMs ?? 0) + jitterMs), overtaken);
      this.#enter(dueAt, packet);
      if (twice) {
        counters.duplicated++;
        this.#enter(dueAt, packet);
      }
    }
  }

  /** Loses all that is under way. */
  clear(): void {
    this.#line.clear();
    this.#bytesUnderWay = 0;
  }

  #isLost(): boolean {
    const { lossRate = 0, burstLoss } = this.#path.impairment;
    const [single, turn, inBurst] = [this.#random.loss(), this.#random.burst(), this.#random.burstLoss()];
    if (!burstLoss) this.#inBurst = false;
    else if (turn < (this.#inBurst ? burstLoss.leaveRate : burstLoss.enterRate))
      this.#inBurst = !this.#inBurst;
    return single < lossRate || (this.#inBurst && inBurst < (burstLoss?.lossRate ?? 1));
  }

  #dueAt(departsAt: number, delayMs: number, overtaken: boolean): number {
    const { keepOrder = true, reorderMs = 20 } = this.#path.impairment;
    if (overtaken) {
      this.#path.counters.reordered++;
      return departsAt + delayMs + reorderMs;
    }
    if (!keepOrder) return departsAt + delayMs;
    this.#lastDueAt = Math.max(this.#lastDueAt, departsAt + delayMs);
    return this.#lastDueAt;
  }

  #enter(dueAt: number, packet: Uint8Array): void {
    this.#bytesUnderWay += packet.byteLength;
    this.#line.push(dueAt, packet);
  }
}
