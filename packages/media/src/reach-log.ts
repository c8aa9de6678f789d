import { type Clock, Lifetime } from '@weir/core';
import type { ParticipantId } from '@weir/protocol';

/** How somebody's attempt to reach this node ended. */
export type Outcome = 'udp' | 'tcp' | 'failed';

/** Of the people who tried of late, each one's last attempt. */
export type ReachCounts = { tried: number; failed: number; byTcp: number };

const rememberedMs = 30_000;
const peopleAtMost = 1_000;
/** A path that takes longer may still come, and counts then. Less than what its client is moved after (SG65). */
const patienceMs = 4_000;

/** How clients got through to this node in the last half minute. */
export class ReachLog extends Lifetime {
  readonly #clock: Clock;
  readonly #waiting = new Map<ParticipantId, () => void>();
  /** The oldest first. */
  readonly #outcomes = new Map<ParticipantId, { at: number; outcome: Outcome }>();

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
    this.onClose(() => {
      for (const cancel of this.#waiting.values()) cancel();
    });
  }

  /** Somebody begins to look for a path: failed, unless `attempt` closes or an outcome comes in time. */
  expect(participantId: ParticipantId, attempt: Lifetime): void {
    this.#settle(participantId);
    const cancel = this.#clock.after(patienceMs, () => this.note(participantId, 'failed'));
    this.#waiting.set(participantId, cancel);
    attempt.onClose(() => {
      if (this.#waiting.get(participantId) === cancel) this.#settle(participantId);
    });
  }

  note(participantId: ParticipantId, outcome: Outcome): void {
    this.#settle(participantId);
    if (this.closed) return;
    this.#outcomes.delete(participantId);
    this.#outcomes.set(participantId, { at: this.#clock.now(), outcome });
    const [oldest] = this.#outcomes.keys();
    if (this.#outcomes.size > peopleAtMost) this.#outcomes.delete(oldest!);
  }

  get counts(): ReachCounts {
    const since = this.#clock.now() - rememberedMs;
    const counts = { tried: 0, failed: 0, byTcp: 0 };
    for (const [participantId, { at, outcome }] of this.#outcomes) {
      if (at < since) this.#outcomes.delete(participantId);
      else {
        counts.tried++;
        if (outcome === 'failed') counts.failed++;
        if (outcome === 'tcp') counts.byTcp++;
      }
    }
    return counts;
  }
  #settle(participantId: ParticipantId): void {
    this.#waiting.get(participantId)?.();
    this.#waiting.delete(participantId);
  }
}
