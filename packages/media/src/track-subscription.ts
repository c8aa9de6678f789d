import { type Clock, Lifetime, PlatformError } from '@weir/core';
import type { LayerPreferences, LimitReason, RtpCapabilities, Subscription } from '@weir/protocol';
import type { WebRtcTransport } from 'mediasoup/types';
import type { TrackDemand } from './bandwidth-allocation.ts';
import type { DegradeLadder } from './degrade-ladder.ts';
import { Drain } from './drain.ts';
import {
  applyPreferences,
  type Consumed,
  consume,
  describeSubscription,
  isMediaConsumer,
} from './engine-words.ts';
import type { Publication } from './publication.ts';
import type { RoomRouter } from './room-router.ts';
import type { SubscriberBandwidth } from './subscriber-bandwidth.ts';
import { isComplete, limitReason, type TrackFlow } from './track-flow.ts';

export type Layers = { spatialLayer: number | null; temporalLayer: number | null };
/** What is told of a subscription: what flows, and why no more. */
export type FlowReport = Layers & { reason?: LimitReason };

export type SubscriptionOptions = {
  publication: Publication;
  router: RoomRouter;
  transport: WebRtcTransport;
  rtpCapabilities: RtpCapabilities;
  started: boolean;
  /** Not a packet of it flows until `withhold(false)`. */
  withheld?: boolean;
  clock: Clock;
  bandwidth: SubscriberBandwidth;
  ladder: Pick<DegradeLadder, 'has'>;
  onFlow: (report: FlowReport) => void;
};

const nothing: Layers = { spatialLayer: null, temporalLayer: null };
const doubtMs = 200;
/** A switch that takes longer is no switch any more. */
const settleMs = 3_000;
/** Less is a still picture, of which it is no wonder that nothing arrives. */
const sendingBps = 10_000;
/** Its client tells each second that nothing arrives. */
const lookAgainMs = 2_000;
/** By then the line behind a screen that has begun to flow is known; and whatever does not flow by then will not. */
const startMs = { flowing: 1_000, atMost: 3_000 };
/** A video of this priority is what its participant looks at: it flows also from a node that gives up all others. */
const pinnedFrom = 128;

/** A publication flowing to one participant. Closes with the publication. */
export class TrackSubscription extends Lifetime {
  readonly publication: Publication;
  /** Resolves when it is set up; rejects when it cannot be, and closes. */
  readonly ready: Promise<void>;
  readonly #options: SubscriptionOptions;
  #consumed?: Consumed;
  #started: boolean;
  #preferences: LayerPreferences = {};
  /** The level that its participant's line carries, -1 for none; undefined: whatever is asked for. */
  #allowed: number | undefined;
  #withheld: boolean;
  #withholding = 0;
  #flowing: boolean;
  #settled: Promise<void> | undefined;
  #applied = '';
  #layers: Layers = nothing;
  #told: string;
  #doubt?: () => void;
  readonly #drain: Drain;
  /**
   * A shared screen begins with what narrow lines get of it: a whole page is more than such a line can swallow in one go, and until it is
   * known how wide the line is, its first picture would be lost there.
   */
  #isStarting: boolean;
  #sentAtLook?: { at: number; packets: number };
  /** While less than all flows: when it began, and a look at whether it still does. */
  #lacking?: { since: number; cancel: () => void };

  constructor(options: SubscriptionOptions) {
    super();
    this.#options = options;
    this.publication = options.publication;
    this.#started = options.started;
    this.#withheld = options.withheld ?? false;
    this.#flowing = options.started && !this.#withheld;
    this.#told = JSON.stringify(this.#report(nothing, this.publication.muted ? 'muted' : undefined));
    this.#drain = this.own(
      new Drain(options.clock, {
        over: () => void this.#reconcile().catch(() => {}), // It closes, or its worker died.
        settled: () => this.#layersSettled(),
      }),
    );
    options.router.worker.count('consumers', this);
    const { source, bitrates } = this.publication;
    this.#isStarting = source === 'screen' && (bitrates?.levels.at(-1)?.spatialLayer ?? 0) > 0;
    if (this.#isStarting) this.onClose(options.clock.after(startMs.atMost, () => this.#endStart()));
    this.publication.subscribe(this);
    options.bandwidth.add(this);
    this.onClose(() => {
      this.#doubt?.();
      this.#lacking?.cancel();
    });
    this.ready = this.#open();
    this.ready.catch(() => this.close('failed'));
  }

  get id(): string | undefined {
    return this.#consumed?.id;
  }

  /** True while its packets go to the participant. */
  get flowing(): boolean {
    return this.#flowing && this.#consumed !== undefined && !this.closed;
  }

  get transportId(): string {
    return this.#options.transport.id;
  }

  get trackId(): string {
    return this.publication.trackId;
  }

  /** The spatial layer that its publisher should send for it; at the start too: it takes seconds to find out what it can send. */
  get wantedLayer(): number | null {
    const { bitrates } = this.publication;
    if (!bitrates || this.#preferences.paused || this.#limit === -1) return null;
    return bitrates.levels[Math.max(0, Math.min(this.#askedLevel, this.#limit))]!.spatialLayer;
  }

  /** What it would have of its participant's line; undefined for data. */
  get demand(): TrackDemand | undefined {
    const { produced, bitrates, trackId, muted } = this.publication;
    if (!bitrates || !('kind' in produced)) return undefined;
    const { paused, priority = 1 } = this.#preferences;
    const given = Math.min(this.#wantedLevel, this.#given);
    const wanted = paused || given < 0 ? null : given;
    return { trackId, kind: produced.kind, levelsBps: bitrates.costs(), wanted, muted, priority };
  }

  /** Whether its pictures flow, or should and do not; `none` of audio and data, and of what is not shown. */
  get picture(): 'flows' | 'missing' | 'none' {
    const { demand, bitrates, muted } = this.publication;
    if (!demand || muted || !this.#started || this.#preferences.paused || this.#withheld) return 'none';
    if (this.#given === -1) return 'none';
    if (this.#allowed === -1) return 'missing';
    if (this.#flow.flowing !== null) return 'flows';
    return bitrates!.isSent(0) ? 'missing' : 'none';
  }

  /** As its client gets it; once it is ready. */
  describe(): Subscription {
    return describeSubscription(this.#consumed!, this.publication, this.transportId, this.#started);
  }

  async start(): Promise<void> {
    this.#started = true;
    await this.#reconcile();
  }

  /** Keeps its packets from the participant, whatever that asked for. Resolves when that holds. */
  async withhold(withheld: boolean): Promise<void> {
    const turn = ++this.#withholding;
    // An answer comes after all that was under way between the worker and this process: none of it slips through.
    if (!withheld && this.#withheld && this.#consumed && !this.closed) await this.#consumed.pause();
    if (turn !== this.#withholding) return;
    this.#withheld = withheld;
    // The engine may be about to let it flow, as it was asked to at first. Nobody else waits for it: a voice would come late to all.
    if (withheld) await this.ready.catch(() => {});
    await this.#reconcile();
  }

  async setPreferences(wanted: LayerPreferences): Promise<void> {
    this.#preferences = { ...this.#preferences, ...wanted }; // At once: a start that follows must not let packets through.
    await this.ready;
    this.publication.demand?.update();
    this.#options.bandwidth.review();
    await this.#reconcile();
  }

  /**
   * No more than this level (-1: nothing), because of the line; undefined: whatever is asked for. `drain`: the line has collapsed under
   * what is sent.
   */
  allow(level: number | undefined, drain = false): void {
    if (level === this.#allowed || this.closed) return;
    this.#allowed = level;
    if (drain && this.flowing && this.publication.bitrates && this.#mustShrink) this.#drain.begin();
    this.publication.demand?.update();
    this.#reconcile().catch(() => {}); // It closes, or its worker died.
  }

  /** Its node gives up more, or less, than before. */
  degrade(): void {
    if (this.closed || !this.publication.demand) return;
    this.publication.demand.update();
    this.#options.bandwidth.review();
    this.#reconcile().catch(() => {}); // It closes, or its worker died.
  }

  /**
   * Whether pictures are being sent to the participant, arrive or not. Of a shared screen none may come for seconds, after a large
   * one: there it takes two looks, of which the second finds more sent than the first.
   */
  async isSending(): Promise<boolean> {
    const consumed = this.#consumed;
    if (!this.flowing || !consumed || !isMediaConsumer(consumed) || consumed.kind !== 'video') return false;
    const stats = await consumed.getStats();
    const sent = stats.find(({ type }) => type === 'outbound-rtp');
    if (!sent || sent.bitrate <= sendingBps) return false;
    if (this.publication.source !== 'screen') return true;
    const now = this.#options.clock.now();
    const before = this.#sentAtLook;
    this.#sentAtLook = { at: now, packets: sent.packetCount };
    return before !== undefined && now - before.at < lookAgainMs && sent.packetCount > before.packets;
  }

  /** Tells again how it stands, to somebody who may not have heard. */
  repeat(): void {
    this.#options.onFlow(JSON.parse(this.#told) as FlowReport);
  }

  /** Its packets have a way to the participant, from now on or again: what does not flow yet may in a moment. */
  pathFound(): void {
    this.#lacking?.cancel();
    this.#lacking = undefined;
    this.review();
  }

  /** Looks at what is asked for and what flows, and tells what changed. */
  review(): void {
    if (this.closed || this.#drain.isOn || !this.publication.demand) return; // Of audio and data there is nothing to tell.
    this.#options.bandwidth.flowChanged();
    const flow = this.#flow;
    if (isComplete(flow) || flow.paused || flow.muted) {
      this.#lacking?.cancel();
      this.#lacking = undefined;
    } else this.#lacking ??= this.#beginLacking();
    const report = this.#report(flow.flowing === null ? nothing : this.#layers, limitReason(flow));
    const text = JSON.stringify(report);
    if (text === this.#told) return;
    this.#told = text;
    this.#options.onFlow(report);
  }

  async #open(): Promise<void> {
    const { publication, router, transport, rtpCapabilities } = this.#options;
    const local = router.bring(publication);
    this.onClose(local.release);
    const here = await local.produced;
    this.#assertOpen();
    const consumed = await consume(transport, here, rtpCapabilities, this.#flowing);
    this.#consumed = consumed;
    this.onClose(() => consumed.close());
    this.#assertOpen();
    if (isMediaConsumer(consumed)) {
      consumed.on('producerclose', () => this.close('lost'));
      consumed.on('layerschange', (layers) => {
        if (layers || !this.#drain.isQuiet) this.#layersChanged(layersOf(layers));
      });
    } else consumed.on('dataproducerclose', () => this.close('lost'));
    await this.#reconcile(); // It may have been started or paused meanwhile.
  }

  #assertOpen(): void {
    if (this.closed)
      throw new PlatformError('track-not-found', `track ${this.publication.trackId} closed meanwhile`);
  }

  get #wantedLevel(): number {
    return this.#levelUpTo(this.#isStarting ? 0 : 7);
  }

  get #askedLevel(): number {
    return this.#levelUpTo(7);
  }

  #levelUpTo(spatialLayerAtMost: number): number {
    const { maxSpatialLayer = 7, maxTemporalLayer = 7 } = this.#preferences;
    const { levels } = this.publication.bitrates!;
    const top = Math.min(maxSpatialLayer, spatialLayerAtMost);
    const level = levels.findLastIndex(
      ({ spatialLayer, temporalLayer }) =>
        spatialLayer <= top && (spatialLayer > 0 || temporalLayer <= maxTemporalLayer),
    );
    return Math.max(0, level);
  }

  /** The level that its node gives, -1 for none, whatever the line carries. */
  get #given(): number {
    const { demand, bitrates } = this.publication;
    const { ladder } = this.#options;
    if (!demand || !ladder.has('top-layers')) return Number.POSITIVE_INFINITY;
    const { priority = 1 } = this.#preferences;
    if (ladder.has('unpinned-video') && priority < pinnedFrom) return -1;
    const top = bitrates!.levels.at(-1)!.spatialLayer;
    return top === 0
      ? Number.POSITIVE_INFINITY
      : bitrates!.levels.findLastIndex(({ spatialLayer }) => spatialLayer < top);
  }

  /** Both together. */
  get #limit(): number {
    return Math.min(this.#given, this.#allowed ?? Number.POSITIVE_INFINITY);
  }

  /** As high as is asked for and allowed. */
  get #level(): number {
    return Math.max(0, Math.min(this.#wantedLevel, this.#limit));
  }

  get #flow(): TrackFlow {
    const { bitrates, muted } = this.publication;
    const wanted = bitrates!.levels[this.#wantedLevel]!.spatialLayer;
    const given = Math.min(this.#wantedLevel, this.#given);
    const narrow = this.#allowed !== undefined && this.#allowed < given;
    return {
      paused: this.#preferences.paused ?? false,
      muted,
      wanted,
      narrow,
      stopped: this.#allowed === -1,
      degraded: given < this.#wantedLevel && !narrow,
      flowing: this.#isLayered ? this.#layers.spatialLayer : this.#flowing ? wanted : null,
      sent: bitrates!.isSent(wanted),
      settled: this.#isSettled,
    };
  }

  /** The engine tells the layers of these only. */
  get #isLayered(): boolean {
    const consumed = this.#consumed;
    return consumed !== undefined && isMediaConsumer(consumed) && consumed.type !== 'simple';
  }

  /** A smaller picture than flows has to do. */
  get #mustShrink(): boolean {
    const { levels } = this.publication.bitrates!;
    return this.#limit >= 0 && levels[this.#level]!.spatialLayer < (this.#layers.spatialLayer ?? 0);
  }

  #endStart(): void {
    if (!this.#isStarting) return;
    this.#isStarting = false;
    this.#options.bandwidth.reviewNow(); // What the line does not carry must not flow for a moment.
    this.#reconcile().catch(() => {}); // It closes, or its worker died.
  }

  #layersSettled(): void {
    const consumed = this.#consumed;
    if (consumed && isMediaConsumer(consumed) && this.#isLayered)
      this.#layersChanged(layersOf(consumed.currentLayers));
  }

  /** Without a path yet nothing is known of the line. */
  get #isSettled(): boolean {
    const { clock, transport } = this.#options;
    const isLasting = this.#lacking !== undefined && clock.now() - this.#lacking.since >= settleMs;
    return isLasting && transport.dtlsState === 'connected';
  }

  #beginLacking(): { since: number; cancel: () => void } {
    const { clock } = this.#options;
    return { since: clock.now(), cancel: clock.after(settleMs, () => this.review()) };
  }

  #report({ spatialLayer, temporalLayer }: Layers, reason: LimitReason | undefined): FlowReport {
    return { spatialLayer, temporalLayer, ...(reason ? { reason } : {}) };
  }

  #layersChanged(layers: Layers): void {
    const before = this.#layers.spatialLayer;
    this.#layers = layers;
    if (this.#isStarting && before === null && layers.spatialLayer !== null)
      this.onClose(this.#options.clock.after(startMs.flowing, () => this.#endStart()));
    if (this.#fell(before)) {
      this.#doubt?.();
      // That its publisher stopped sending is told in the same moment.
      this.#doubt = this.#options.clock.after(doubtMs, () => {
        if (!this.closed && this.#fell(before))
          this.#options.bandwidth.fell(this, this.#levelOf(this.#layers.spatialLayer));
      });
    }
    this.review();
  }

  /** Whether the engine took it down although more is asked for, allowed and sent. */
  #fell(before: number | null): boolean {
    const { bitrates, muted } = this.publication;
    const now = this.#layers.spatialLayer ?? -1;
    if (!bitrates || before === null || now >= before || muted || !this.#shouldFlow) return false;
    return now < bitrates.levels[this.#level]!.spatialLayer && bitrates.isSent(before);
  }

  #levelOf(spatialLayer: number | null): number {
    // Nothing counts as the lowest: whether that fits beside the audio is for the estimate to say.
    return this.publication.bitrates!.levels.findLastIndex(
      (level) => level.spatialLayer <= (spatialLayer ?? 0),
    );
  }

  get #shouldFlow(): boolean {
    const held = this.#withheld || this.#drain.isOn;
    return this.#started && !this.#preferences.paused && !held && this.#limit !== -1;
  }

  /** Makes the engine do what is asked for and allowed. What it is told last holds. */
  async #reconcile(): Promise<void> {
    const consumed = this.#consumed;
    if (!consumed || this.closed) return;
    const layered = isMediaConsumer(consumed) ? this.#applyLayers(consumed) : undefined;
    const flowing = this.#shouldFlow;
    if (flowing !== this.#flowing) this.#settled = flowing ? consumed.resume() : consumed.pause();
    this.#flowing = flowing;
    this.review();
    await Promise.all([layered, this.#settled]); // It may be another's change that is under way.
  }

  async #applyLayers(consumer: Parameters<typeof applyPreferences>[0]): Promise<void> {
    const level = this.publication.bitrates!.levels[this.#level]!;
    const { maxSpatialLayer, maxTemporalLayer = 7, priority } = this.#preferences;
    const asked = maxSpatialLayer !== undefined || this.#preferences.maxTemporalLayer !== undefined;
    const limited = this.#limit < this.#wantedLevel;
    const wanted: LayerPreferences = {
      ...(asked || limited || this.#isStarting || this.#applied
        ? {
            maxSpatialLayer: level.spatialLayer,
            maxTemporalLayer: limited ? Math.min(maxTemporalLayer, level.temporalLayer) : maxTemporalLayer,
          }
        : {}),
      ...(priority === undefined ? {} : { priority }),
    };
    const text = JSON.stringify(wanted);
    if (text === '{}' || text === this.#applied) return;
    this.#applied = text;
    await applyPreferences(consumer, wanted);
  }
}

function layersOf(layers: { spatialLayer: number; temporalLayer?: number } | undefined | null): Layers {
  return { spatialLayer: layers?.spatialLayer ?? null, temporalLayer: layers?.temporalLayer ?? null };
}
