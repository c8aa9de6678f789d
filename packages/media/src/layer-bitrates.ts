import { type Clock, Lifetime } from '@weir/core';
import type * as engine from 'mediasoup/types';
import { type Level, layerLevels, nominalBps, type SentLayer, sentLayers } from './layer-levels.ts';

const pollEveryMs = 2_000;
/** What nobody asked for so long is measured no longer. */
const interestMs = 5_000;
/** A lull (a still picture) is believed slowly, a burst at once. */
const lullShare = 0.2;
/** The engine counts over the last 2.5 s: of a larger layer that has not been sent for so long it has counted a part only. */
const wholeAfterMs = 2_000;

/** What the levels of one publication cost: as measured while somebody is interested, else as its sender announced. */
export class LayerBitrates extends Lifetime {
  readonly levels: readonly Level[];
  readonly #producer: engine.Producer;
  readonly #clock: Clock;
  readonly #nominal: readonly number[];
  readonly #encodings: number;
  /** The engine copies it whenever it is asked. */
  #score: engine.ProducerScore[];
  readonly #measured = new Map<Level, number>();
  /** Since when each is seen to be sent. */
  readonly #sentSince = new Map<Level, number>();
  #askedAt = Number.NEGATIVE_INFINITY;
  #polling = false;

  constructor(producer: engine.Producer, clock: Clock) {
    super();
    this.#producer = producer;
    this.#clock = clock;
    this.#encodings = producer.rtpParameters.encodings?.length ?? 1;
    this.levels = layerLevels(producer);
    this.#nominal = this.levels.map((level) => nominalBps(producer, level));
    this.#score = producer.score;
    producer.on('score', (score) => {
      this.#score = score;
    });
  }

  /** Bits a second of each level, the lowest first. */
  costs(): number[] {
    this.#askedAt = this.#clock.now();
    if (!this.#polling && this.#producer.kind === 'video') void this.#poll();
    return this.levels.map((level, i) => this.#measured.get(level) ?? this.#nominal[i]!);
  }

  /** Whether packets of this spatial layer come in. Of layers inside one encoding nobody knows: then it is all or none. */
  isSent(spatialLayer: number): boolean {
    const encoding = this.#encodings > 1 ? spatialLayer : 0;
    return this.#score.some((stream) => stream.encodingIdx === encoding && stream.score > 0);
  }

  /** One poll a publication, however many look. */
  async #poll(): Promise<void> {
    this.#polling = true;
    while (!this.closed && this.#clock.now() - this.#askedAt < interestMs) {
      const layers = await this.#producer.getStats().then(
        (stats) => sentLayers(this.#producer, stats),
        () => [], // It closed, or its worker died.
      );
      this.#take(layers);
      await this.#pause();
    }
    this.#polling = false;
    this.#measured.clear();
    this.#sentSince.clear();
  }

  #take(layers: SentLayer[]): void {
    for (const [i, level] of this.levels.entries()) {
      const bitrateBps = layers.find((layer) => isSame(layer, level))?.bitrateBps;
      if (bitrateBps) this.#note(level, bitrateBps, this.#nominal[i]!);
      else {
        this.#measured.delete(level); // Not sent now: it would cost what was announced.
        this.#sentSince.delete(level);
      }
    }
  }

  #note(level: Level, bitrateBps: number, nominal: number): void {
    const now = this.#clock.now();
    const since = this.#sentSince.get(level) ?? now;
    this.#sentSince.set(level, since);
    const isLarger = level.spatialLayer > 0;
    if (isLarger && now - since < wholeAfterMs && bitrateBps < nominal) return;
    // Its sender feels its way to what it announced: what it sends at first is a lull.
    const before = this.#measured.get(level) ?? (isLarger ? Math.max(nominal, bitrateBps) : bitrateBps);
    const isLull = bitrateBps < before;
    this.#measured.set(level, isLull ? before + lullShare * (bitrateBps - before) : bitrateBps);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(pollEveryMs, resolve);
      this.onClose(() => {
        cancel();
        resolve();
      });
    });
  }
}

function isSame(a: Level, b: Level): boolean {
  return a.spatialLayer === b.spatialLayer && a.temporalLayer === b.temporalLayer;
}
