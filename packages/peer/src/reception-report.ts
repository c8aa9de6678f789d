import type { ReportBlock } from './rtcp.ts';
import { compactNtp } from './wall-clock.ts';

/** What a receiver reports about one stream: loss, jitter and the sender's clock (RFC 3550 appendix A). */
export class ReceptionReport {
  readonly #ssrc: number;
  readonly #ticksPerMs: number;
  #baseSequence = -1;
  #highestSequence = -1;
  #received = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #transit = 0;
  #jitter = 0;
  #lastSenderReport = 0;
  #lastSenderReportAtMs = 0;

  constructor(ssrc: number, clockRate: number) {
    this.#ssrc = ssrc;
    this.#ticksPerMs = clockRate / 1000;
  }

  /** Expected and not received, not even by retransmission; negative with duplicates. */
  get lost(): number {
    return this.#expected - this.#received;
  }

  get jitterMs(): number {
    return this.#jitter / this.#ticksPerMs;
  }

  get #expected(): number {
    return this.#baseSequence < 0 ? 0 : this.#highestSequence - this.#baseSequence + 1;
  }

  /** `sequence` is extended. A repaired packet counts as received and says nothing about jitter. */
  received(sequence: number, timestamp: number, nowMs: number, repaired: boolean): void {
    if (this.#baseSequence < 0) this.#baseSequence = sequence;
    if (sequence < this.#baseSequence) return; // From before we began to count.
    if (sequence > this.#highestSequence) this.#highestSequence = sequence;
    this.#received += 1;
    if (repaired) return;
    const transit = (Math.round(nowMs * this.#ticksPerMs) - timestamp) | 0;
    if (this.#received > 1) {
      const difference = Math.abs((transit - this.#transit) | 0);
      this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#transit = transit;
  }

  receivedSenderReport(ntpSeconds: number, ntpFraction: number, nowMs: number): void {
    this.#lastSenderReport = compactNtp(ntpSeconds, ntpFraction);
    this.#lastSenderReportAtMs = nowMs;
  }

  /** The report since the last one; undefined before the first packet. */
  take(nowMs: number): ReportBlock | undefined {
    if (this.#baseSequence < 0) return undefined;
    const expected = this.#expected - this.#expectedBefore;
    const lost = expected - (this.#received - this.#receivedBefore);
    this.#expectedBefore = this.#expected;
    this.#receivedBefore = this.#received;
    const sinceMs = nowMs - this.#lastSenderReportAtMs;
    return {
      ssrc: this.#ssrc,
      fractionLost: expected <= 0 || lost <= 0 ? 0 : Math.min(255, Math.floor((lost * 256) / expected)),
      cumulativeLost: Math.max(-0x800000, Math.min(0x7fffff, this.lost)),
      // Cycles are counted from the first packet on.
      highestSequence: (this.#highestSequence - (this.#baseSequence - (this.#baseSequence & 0xffff))) >>> 0,
      jitter: Math.round(this.#jitter),
      lastSenderReport: this.#lastSenderReport,
      delaySinceLastSenderReport: this.#lastSenderReport === 0 ? 0 : Math.round(sinceMs * 65.536) >>> 0,
    };
  }
}
