import { type Clock, Lifetime } from '@weir/core';
import {
  allocate,
  fallTo,
  freshLine,
  isUnlimited,
  type LineState,
  leastBps,
  mayStop,
  provedNothing,
  triedAnew,
} from './bandwidth-allocation.ts';
import type { TrackSubscription } from './track-subscription.ts';
import { type LineTransport, TransportLine } from './transport-line.ts';

/** Changes that come together are weighed together. */
const gatherMs = 100;

/** What is asked of a subscription. */
export type Sharer = Pick<
  TrackSubscription,
  'trackId' | 'transportId' | 'demand' | 'picture' | 'allow' | 'onClose'
>;

/**
 * Shares one subscriber's line, over all its transports, between its tracks. The engine chooses layers from moment to moment;
 * this sets how high it may go, stops what the line does not carry beside the audio, and keeps the two from going up and down.
 */
export class SubscriberBandwidth extends Lifetime {
  readonly #clock: Clock;
  readonly #stuck: (transportId: string) => void;
  /** By transport. */
  readonly #lines = new Map<string, TransportLine>();
  readonly #subscriptions = new Set<Sharer>();
  #line: LineState = freshLine;
  /** Something gets less than is asked for. */
  #holdsBack = false;
  #cancel?: () => void;
  #cancelLook?: () => void;

  /** `stuck`: no picture will come over this transport any more; another one has to take its place. */
  constructor(clock: Clock, stuck: (transportId: string) => void) {
    super();
    this.#clock = clock;
    this.#stuck = stuck;
    this.onClose(() => {
      this.#cancel?.();
      this.#cancelLook?.();
    });
  }

  /** Counts what the engine finds out about the line of this transport. */
  listen(transport: LineTransport): void {
    const { id } = transport;
    const line = this.own(
      new TransportLine(transport, this.#clock, {
        isAlone: () => this.#lines.size === 1,
        estimated: () => this.#isLimited && this.#share(), // About once a second, at once when it fell far.
        forgotten: (why) => {
          this.#line = why === 'trial' ? triedAnew(this.#line, this.#clock.now()) : freshLine;
          this.#share();
        },
        flowChanged: () => this.flowChanged(),
        stuck: () => this.#stuck(id),
      }),
    );
    this.#lines.set(id, line);
    line.onClose(() => this.#lines.delete(id));
  }

  /** Gives `subscription` its share until it closes. */
  add(subscription: Sharer): void {
    this.#subscriptions.add(subscription);
    subscription.onClose(() => {
      this.#subscriptions.delete(subscription);
      this.review();
      this.flowChanged();
    });
    this.review();
    this.flowChanged();
  }

  /** Something else is asked for, or sent. */
  review(): void {
    if (this.closed || !this.#isLimited) return;
    this.#cancel ??= this.#clock.after(gatherMs, () => this.#share());
  }

  /** More is asked for than the line may carry. */
  reviewNow(): void {
    if (this.#isLimited) this.#share();
  }

  /** Something else flows, or is sent. */
  flowChanged(): void {
    if (this.closed) return;
    this.#cancelLook ??= this.#clock.after(gatherMs, () => this.#lookForPictures());
  }

  /** It fell to this level, -1 for none, because the line carries no more: the engine did it, or nothing arrived. */
  fell({ trackId, transportId }: Sharer, level: number): void {
    if (this.#lines.get(transportId)?.isUnsure) return;
    this.#line = fallTo(this.#line, trackId, level, this.#clock.now());
    this.review();
  }

  /** Where pictures should flow and none does, the smallest is tried. */
  #lookForPictures(): void {
    this.#cancelLook = undefined;
    if (this.closed) return;
    for (const [id, line] of this.#lines) {
      const here = this.#sharersOf(id);
      const isDry = line.carriesPictures && !here.some(({ picture }) => picture === 'flows');
      const missing = isDry ? here.filter(({ picture }) => picture === 'missing') : [];
      const costs = missing.map(({ demand }) => demand?.levelsBps[0] ?? 0);
      line.missing(missing.length > 0 ? Math.min(...costs) : undefined);
    }
  }

  #sharersOf(transportId: string): Sharer[] {
    return [...this.#subscriptions].filter((one) => one.transportId === transportId);
  }

  get #estimateBps(): number {
    const known = [...this.#lines.values()].flatMap(({ bps }) => bps ?? []);
    return known.reduce((sum, bps) => sum + bps, 0) || Number.POSITIVE_INFINITY;
  }

  get #isLimited(): boolean {
    return this.#holdsBack || this.#line !== freshLine || this.#estimateBps < Number.POSITIVE_INFINITY;
  }

  #share(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.closed) return;
    const now = this.#clock.now();
    const estimateBps = this.#estimateBps;
    const lines = [...this.#lines.values()];
    const demands = [...this.#subscriptions].flatMap((subscription) => subscription.demand ?? []);
    const isLosing = lines.some((line) => line.losing);
    if (isLosing) this.#line = provedNothing(this.#line, now);
    const losing = isLosing && mayStop(demands, this.#line, now);
    const { decisions, line } = allocate(demands, estimateBps, this.#line, now, losing);
    // What an estimate that climbs does not carry yet it may in a moment: little is to be remembered of that.
    const isUnknown = lines.some(({ climbs }) => climbs);
    const isWide = estimateBps === Number.POSITIVE_INFINITY && isUnlimited(line, now);
    this.#line = isWide ? freshLine : isUnknown ? triedAnew(line, now) : line;
    for (const [id, transportLine] of this.#lines) {
      const here = this.#sharersOf(id).flatMap(({ demand }) => demand ?? []);
      transportLine.keep(losing ? 0 : leastBps(here, line, now));
    }
    this.#holdsBack = [...decisions.values()].some(({ reason }) => reason === 'bandwidth');
    for (const subscription of this.#subscriptions) {
      const decision = decisions.get(subscription.trackId);
      const level = decision?.reason === 'bandwidth' ? (decision.level ?? -1) : undefined;
      if (decision) subscription.allow(level, this.#lines.get(subscription.transportId)?.collapses);
    }
  }
}
