import { type Clock, Lifetime } from '@weir/core';
import type { MediaControl, NoticeParams } from '@weir/protocol';

/** How loud a track is, in dBov: -127 to 0. */
export type Level = NoticeParams<MediaControl, 'room.speakers'>['speakers'][number];

/** Speakers are heard, and told, at most so often. */
export const speakerIntervalMs = 300;
const atMost = 8;
/** Smaller changes of a level are no news. */
const notableDb = 6;

/** The loudest of a room, merged from the levels of all its routers; tells changes, at most one each interval. */
export class SpeakerRanking extends Lifetime {
  readonly #clock: Clock;
  readonly #tell: (speakers: Level[]) => void;
  readonly #bySource = new Map<unknown, Level[]>();
  #told: Level[] = [];
  #toldAt = Number.NEGATIVE_INFINITY;
  #cancel?: () => void;

  constructor(clock: Clock, tell: (speakers: Level[]) => void) {
    super();
    this.#clock = clock;
    this.#tell = tell;
    this.onClose(() => this.#cancel?.());
  }

  /** What `source` hears now, in place of what it heard before. */
  update(source: unknown, levels: Level[]): void {
    if (this.closed) return;
    if (levels.length) this.#bySource.set(source, levels);
    else this.#bySource.delete(source);
    this.#consider();
  }

  #consider(): void {
    if (this.#cancel) return; // It is looked at again when the interval is over.
    const waitMs = this.#toldAt + speakerIntervalMs - this.#clock.now();
    if (waitMs > 0) {
      this.#cancel = this.#clock.after(waitMs, () => {
        this.#cancel = undefined;
        this.#consider();
      });
      return;
    }
    const ranked = [...this.#bySource.values()]
      .flat()
      .sort((a, b) => b.level - a.level)
      .slice(0, atMost);
    if (same(ranked, this.#told)) return;
    this.#told = ranked;
    this.#toldAt = this.#clock.now();
    this.#tell(ranked);
  }
}

function same(a: Level[], b: Level[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ trackId, level }, i) => trackId === b[i]!.trackId && Math.abs(level - b[i]!.level) < notableDb)
  );
}
