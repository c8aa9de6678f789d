import { type Clock, Lifetime } from '@weir/core';
import type { TransportTraceEventData, WebRtcTransport } from 'mediasoup/types';
import { allocate, fallTo, freshLine, isUnlimited, type LineState } from './bandwidth-allocation.ts';
import { bitrates } from './engine-words.ts';
import { LineTrial } from './line-trial.ts';
import type { TrackSubscription } from './track-subscription.ts';

/** Changes that come together are weighed together. */
const gatherMs = 100;
/** The engine looks for no more than a little above what it wants: an estimate near that says nothing of the line's end. */
const foundAllShare = 0.9;
/** While it has never fallen below this share of its highest it is still climbing, and says nothing of the line's end either. */
const climbingShare = 0.9;

/** So long after an absence the engine's estimate is on its way from what it was before to what it fell to in the silence. */
const graceMs = 2_000;

/** What is asked of a transport. */
export type LineTransport = Pick<
  WebRtcTransport,
  'id' | 'on' | 'observer' | 'enableTraceEvent' | 'dtlsState' | 'setMinOutgoingBitrate' | 'getStats'
>;
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
  readonly #estimatesBps = new Map<string, number>();
  /** The highest estimate of each transport that has not fallen yet. */
  readonly #climbing = new Map<string, number>();
  /** Transports that have lost their path: what the engine does there says nothing of the line. */
  readonly #cutOff = new Set<string>();
  /** Transports whose path has just come back: the same holds, until then. */
  readonly #graceUntil = new Map<string, number>();
  readonly #trials = new Map<string, { transport: LineTransport; trial: LineTrial }>();
  readonly #subscriptions = new Set<Sharer>();
  #line: LineState = freshLine;
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
    this.#climbing.set(id, bitrates.initialOutgoingBps);
    const trial = this.own(
      new LineTrial(transport, this.#clock, {
        begins: () => this.#forgetLine(id),
        stuck: () => this.#stuck(id),
      }),
    );
    this.#trials.set(id, { transport, trial });
    transport.on('trace', (trace) => {
      if (!isEstimate(trace) || this.#isUnsure(id)) return;
      const { availableBitrate, maxBitrate } = trace.info;
      const foundAll = availableBitrate >= maxBitrate * foundAllShare;
      const unknown = foundAll || this.#climbs(id, availableBitrate);
      this.#estimatesBps.set(id, unknown ? Number.POSITIVE_INFINITY : availableBitrate);
      if (this.#isLimited) this.#share(); // About once a second, at once when it fell far.
    });
    transport.on('icestatechange', (state) => {
      if (state === 'disconnected') this.#cutOff.add(id);
      else if (this.#cutOff.delete(id)) this.#returned(id);
    });
    transport.on('dtlsstatechange', () => this.flowChanged());
    transport.observer.once('close', () => {
      trial.close();
      this.#trials.delete(id);
      this.#estimatesBps.delete(id);
      this.#climbing.delete(id);
      this.#cutOff.delete(id);
      this.#graceUntil.delete(id);
    });
    transport.enableTraceEvent(['bwe']).catch(() => {}); // It has closed.
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

  /** Something else flows, or is sent. */
  flowChanged(): void {
    if (this.closed) return;
    this.#cancelLook ??= this.#clock.after(gatherMs, () => this.#lookForPictures());
  }

  /** It fell to this level, -1 for none, because the line carries no more: the engine did it, or nothing arrived. */
  fell({ trackId, transportId }: Sharer, level: number): void {
    if (this.#isUnsure(transportId)) return;
    this.#line = fallTo(this.#line, trackId, level, this.#clock.now());
    this.review();
  }

  /** After an absence it may be another line: what was known of the old one holds nothing back. */
  #returned(transportId: string): void {
    this.#graceUntil.set(transportId, this.#clock.now() + graceMs);
    this.#forgetLine(transportId);
    this.#trials.get(transportId)?.trial.returned();
    this.flowChanged();
  }

  /** In a silence the engine's estimate has fallen: from there it climbs, and holds nothing back. */
  #forgetLine(transportId: string): void {
    this.#line = freshLine;
    this.#estimatesBps.delete(transportId);
    this.#climbing.set(transportId, 0);
    this.#share();
  }

  /** Where pictures should flow and none does, the smallest is tried. */
  #lookForPictures(): void {
    this.#cancelLook = undefined;
    if (this.closed) return;
    for (const [id, { transport, trial }] of this.#trials) {
      const here = [...this.#subscriptions].filter(({ transportId }) => transportId === id);
      const isDry =
        transport.dtlsState === 'connected' &&
        !this.#cutOff.has(id) &&
        !here.some(({ picture }) => picture === 'flows');
      const missing = isDry ? here.filter(({ picture }) => picture === 'missing') : [];
      const costs = missing.map(({ demand }) => demand?.levelsBps[0] ?? 0);
      trial.update(missing.length > 0 ? Math.min(...costs) : undefined);
    }
  }

  /** What the engine does there says nothing of the line. */
  #isUnsure(transportId: string): boolean {
    return this.#cutOff.has(transportId) || this.#clock.now() < (this.#graceUntil.get(transportId) ?? 0);
  }

  #climbs(transportId: string, estimateBps: number): boolean {
    const highest = this.#climbing.get(transportId);
    if (highest === undefined) return false;
    const climbs = estimateBps >= highest * climbingShare;
    if (climbs) this.#climbing.set(transportId, Math.max(highest, estimateBps));
    else this.#climbing.delete(transportId);
    return climbs;
  }

  get #estimateBps(): number {
    return [...this.#estimatesBps.values()].reduce((sum, bps) => sum + bps, 0) || Number.POSITIVE_INFINITY;
  }

  get #isLimited(): boolean {
    return this.#line !== freshLine || this.#estimateBps < Number.POSITIVE_INFINITY;
  }

  #share(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.closed) return;
    const now = this.#clock.now();
    const demands = [...this.#subscriptions].flatMap((subscription) => subscription.demand ?? []);
    const { decisions, line } = allocate(demands, this.#estimateBps, this.#line, now);
    const wide = this.#estimateBps === Number.POSITIVE_INFINITY && isUnlimited(line, now);
    this.#line = wide ? freshLine : line;
    for (const subscription of this.#subscriptions) {
      const decision = decisions.get(subscription.trackId);
      if (decision) subscription.allow(decision.reason === 'bandwidth' ? (decision.level ?? -1) : undefined);
    }
  }
}

/** The engine types this of `info` only as unknown. */
function isEstimate(
  trace: TransportTraceEventData,
): trace is TransportTraceEventData & { info: { availableBitrate: number; maxBitrate: number } } {
  return trace.type === 'bwe';
}
