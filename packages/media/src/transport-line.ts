import { type Clock, Lifetime } from '@weir/core';
import type { TransportTraceEventData, WebRtcTransport } from 'mediasoup/types';
import { bitrates } from './engine-words.ts';
import { LineTrial } from './line-trial.ts';

/** The engine looks for no more than a little above what it wants: an estimate near that says nothing of the line's end. */
const foundAllShare = 0.9;
/** While it has never fallen below this share of its highest it is still climbing: the line may carry more. */
const climbingShare = 0.9;
/** An estimate that falls below this share of what it was within the last second has collapsed. */
const collapseShare = 0.5;
const collapseMs = 1_000;
/** Share of the packets: a line that loses more is too full, or too bad for pictures. */
const losingFrom = 0.1;
/** What is kept up is kept up with room for a burst, … */
const keptShare = 1.5;
/** … until the engine estimates as much more by itself. */
const recoveredShare = 1.05;
/** So long after an absence the engine's estimate is on its way from what it was before to what it fell to in the silence. */
const graceMs = 2_000;

/** What is asked of a transport. */
export type LineTransport = Pick<
  WebRtcTransport,
  'id' | 'on' | 'observer' | 'enableTraceEvent' | 'dtlsState' | 'setMinOutgoingBitrate' | 'getStats'
>;

export type LineEvents = {
  /** Whether all that is received comes over it: then its estimate in a trial is that of the whole. */
  isAlone(): boolean;
  /** Another estimate, or more or less is lost. */
  estimated(): void;
  /** What was known of it holds nothing back any more: it is tried anew, or may be another line after an absence. */
  forgotten(why: 'trial' | 'absence'): void;
  /** Pictures may flow again, or can not any more. */
  flowChanged(): void;
  /** No picture will come over this transport any more; another one has to take its place. */
  stuck(): void;
};

/** What the engine finds out about the line behind one transport, and what it is made to believe. Closes with it. */
export class TransportLine extends Lifetime {
  readonly #transport: LineTransport;
  readonly #clock: Clock;
  readonly #events: LineEvents;
  readonly #trial: LineTrial;
  readonly #floors = { trial: 0, kept: 0 };
  #floorBps = 0;
  #bps: number | undefined;
  /** The highest estimate, until the first that fell. */
  #highestBps: number | undefined = bitrates.initialOutgoingBps;
  #collapsedAt = Number.NEGATIVE_INFINITY;
  /** The estimates of the last second. */
  #recent: { at: number; bps: number }[] = [];
  /** In a trial what the estimate does not carry yet must not flow: at the start and after an absence the engine sees to that. */
  #isTried = false;
  #losing = false;
  #isCutOff = false;
  #graceUntil = 0;

  constructor(transport: LineTransport, clock: Clock, events: LineEvents) {
    super();
    this.#transport = transport;
    this.#clock = clock;
    this.#events = events;
    this.#trial = this.own(
      new LineTrial(transport, clock, {
        floor: (bps) => this.#floor('trial', bps),
        begins: (floorBps) => this.#forget('trial', events.isAlone() ? floorBps : undefined),
        stuck: () => events.stuck(),
      }),
    );
    transport.on('trace', (trace) => {
      if (isEstimate(trace) && !this.isUnsure) this.#estimated(trace.info);
    });
    transport.on('icestatechange', (state) => {
      if (state === 'disconnected') this.#isCutOff = true;
      else if (this.#isCutOff) this.#returned();
    });
    transport.on('dtlsstatechange', () => events.flowChanged());
    transport.observer.once('close', () => this.close());
    transport.enableTraceEvent(['bwe']).catch(() => {}); // It has closed.
  }

  /** What it is estimated to carry, bits a second; infinite: all that is wanted; undefined: not known yet. */
  get bps(): number | undefined {
    return this.#bps;
  }

  /** The estimate has only risen so far: it says what the line carries, and not what it does not. */
  get climbs(): boolean {
    return this.#highestBps !== undefined;
  }

  /** Packets are lost there, as far as is known; looked at while the line limits anything. */
  get losing(): boolean {
    return this.#losing;
  }

  /** It has just turned out to carry much less than is sent. */
  get collapses(): boolean {
    return this.#clock.now() - this.#collapsedAt < collapseMs;
  }

  /** What the engine does there says nothing of the line: it has lost its path, or has just found it again. */
  get isUnsure(): boolean {
    return this.#isCutOff || this.#clock.now() < this.#graceUntil;
  }

  get carriesPictures(): boolean {
    return this.#transport.dtlsState === 'connected' && !this.#isCutOff;
  }

  /** What the smallest picture costs that should flow and does not, bits a second; undefined: one flows, or none should. */
  missing(bps: number | undefined): void {
    this.#trial.update(bps);
  }

  /** Pictures of so many bits a second arrive: the engine goes on with them although it estimates less. 0: none need that. */
  keep(bps: number): void {
    const { kept } = this.#floors;
    const isLow = (this.#bps ?? Number.POSITIVE_INFINITY) < (kept > 0 ? recoveredShare * kept : bps);
    this.#floor('kept', isLow ? keptShare * bps : 0);
  }

  #estimated({ availableBitrate, maxBitrate }: Estimate): void {
    const fell =
      this.#highestBps !== undefined &&
      availableBitrate < Math.min(this.#highestBps * climbingShare, maxBitrate * foundAllShare);
    if (fell) this.#highestBps = undefined;
    else if (this.#highestBps !== undefined) this.#highestBps = Math.max(this.#highestBps, availableBitrate);
    const foundAll = availableBitrate >= maxBitrate * foundAllShare;
    const isUnknown = this.climbs && !this.#isTried;
    this.#bps = foundAll || isUnknown ? Number.POSITIVE_INFINITY : availableBitrate;
    this.#lookForCollapse(availableBitrate);
    this.#events.estimated();
    if (this.#bps < Number.POSITIVE_INFINITY) void this.#lookForLoss();
    else this.#losing = false; // What was lost is over.
  }

  #lookForCollapse(bps: number): void {
    const now = this.#clock.now();
    this.#recent = this.#recent.filter(({ at }) => now - at < collapseMs);
    if (this.#recent.some((before) => bps < collapseShare * before.bps)) this.#collapsedAt = now;
    this.#recent.push({ at: now, bps });
  }

  async #lookForLoss(): Promise<void> {
    const [stats] = await this.#transport.getStats().catch(() => []); // It has closed.
    if (this.closed || !stats) return;
    const { rtpPacketLossSent = 1 } = stats;
    const losing = rtpPacketLossSent >= losingFrom;
    if (losing === this.#losing) return;
    this.#losing = losing;
    if (losing) this.#events.estimated();
  }

  /** After an absence it may be another line. */
  #returned(): void {
    this.#isCutOff = false;
    this.#graceUntil = this.#clock.now() + graceMs;
    this.#forget('absence', undefined);
    this.#trial.returned();
    this.#events.flowChanged();
  }

  /** In a silence the engine's estimate has fallen: from there it climbs. */
  #forget(why: 'trial' | 'absence', bps: number | undefined): void {
    this.#bps = bps;
    this.#isTried = bps !== undefined;
    this.#highestBps = 0;
    this.#events.forgotten(why);
  }

  #floor(of: 'trial' | 'kept', bps: number): void {
    this.#floors[of] = Math.round(bps);
    const floorBps = Math.max(this.#floors.trial, this.#floors.kept);
    if (floorBps === this.#floorBps) return;
    this.#floorBps = floorBps;
    this.#transport.setMinOutgoingBitrate(floorBps).catch(() => {}); // It has closed.
  }
}

type Estimate = { availableBitrate: number; maxBitrate: number };

/** The engine types this of `info` only as unknown. */
function isEstimate(trace: TransportTraceEventData): trace is TransportTraceEventData & { info: Estimate } {
  return trace.type === 'bwe';
}
