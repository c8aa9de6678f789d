import { type Clock, Lifetime, type Logger } from '@weir/core';
import type { AudioSlot as AudioSlotInfo } from '@weir/protocol';
import { AudioSlot } from './audio-slot.ts';
import { MicrophoneTap } from './microphone-tap.ts';
import type { ParticipantSession } from './participant-session.ts';
import type { Publication } from './publication.ts';
import type { RoomRouter } from './room-router.ts';
import type { Level } from './speaker-ranking.ts';
import { type SlotChange, VoiceRanking } from './voice-ranking.ts';

export type LoudestFewOptions = {
  slots: number;
  sessions: () => Iterable<ParticipantSession>;
  clock: Clock;
  logger: Logger;
  /** Whom the slots carry changed. */
  onChange: () => void;
  onLevels: (from: LoudestFew, levels: Level[]) => void;
};

const lookEveryMs = 100;
/**
 * When what workers tell waits so long to be read, this process has no time to hear everybody: half of those without a slot,
 * the quietest, are not heard for a while. A worker whose answers came later still would count as hung.
 */
const overload = { lagMs: 400, restMs: 3_000 };

/** The microphones of a big room, heard packet by packet; its slots carry those of whoever is loudest. */
export class LoudestFew extends Lifetime {
  readonly slots: readonly AudioSlot[];
  readonly #options: LoudestFewOptions;
  readonly #ranking: VoiceRanking<MicrophoneTap>;
  readonly #taps = new Map<Publication, MicrophoneTap>();
  #cancelLook?: () => void;
  #restUntilMs = 0;

  /** The slots are made on `origin`; with that it closes as `lost`. */
  static async open(origin: RoomRouter, options: LoudestFewOptions): Promise<LoudestFew> {
    const slots = await Promise.all(
      Array.from({ length: options.slots }, () => AudioSlot.open(origin, options.sessions)),
    );
    return new LoudestFew(origin, slots, options);
  }

  private constructor(origin: RoomRouter, slots: AudioSlot[], options: LoudestFewOptions) {
    super();
    this.#options = options;
    this.slots = slots.map((slot) => this.own(slot));
    this.#ranking = new VoiceRanking(slots.length);
    origin.onClose(() => this.close('lost'), this.signal);
    this.onClose(() => {
      this.#cancelLook?.();
      for (const tap of this.#taps.values()) tap.close();
      options.onLevels(this, []);
    });
    this.#lookAgain();
  }

  /** As clients are told. */
  describe(): AudioSlotInfo[] {
    return this.slots.map(({ trackId: slotId, carries }) => ({
      slotId,
      carries: carries ? { trackId: carries.trackId, participantId: carries.participantId } : null,
    }));
  }

  /** Counts a microphone among those that may be carried. */
  listenTo(publication: Publication): void {
    if (this.closed || publication.closed || this.#taps.has(publication)) return;
    const tap = new MicrophoneTap(
      publication,
      (from, packet, dbov) => this.#heard(from, packet, dbov),
      this.#options.logger,
    );
    this.#taps.set(publication, tap);
    const forget = () => {
      tap.recent.clear(); // What was said before a mute is not to be heard after it.
      this.#apply(this.#ranking.gone(tap));
    };
    publication.events.on('muteChanged', (muted) => muted && forget(), tap.signal);
    tap.onClose(() => {
      this.#taps.delete(publication);
      if (!this.closed) forget();
    });
  }

  /** Hears it no more. */
  leave(publication: Publication): void {
    this.#taps.get(publication)?.close();
  }

  #heard(tap: MicrophoneTap, packet: Buffer, dbov: number): void {
    const nowMs = performance.now();
    if (tap.slot) tap.slot.take(packet, nowMs);
    else tap.recent.push(packet, nowMs);
    this.#apply(this.#ranking.heard(tap, dbov, nowMs));
  }

  #apply(change: SlotChange<MicrophoneTap> | undefined): void {
    if (!change || this.closed) return;
    void this.slots[change.slot]!.carry(change.voice, change.onsetMs);
    this.#options.onChange();
    this.#tellLevels();
  }

  #lookAgain(): void {
    this.#cancelLook = this.#options.clock.after(lookEveryMs, () => {
      for (const change of this.#ranking.expire(performance.now())) this.#apply(change);
      this.#relieve(performance.now());
      this.#tellLevels();
      this.#lookAgain();
    });
  }

  #relieve(nowMs: number): void {
    if (nowMs < this.#restUntilMs) return;
    const lagging = [...this.#taps.keys()].some(({ origin }) => origin.worker.lagMs > overload.lagMs);
    const awake = [...this.#taps.values()].filter(
      (tap) => !tap.resting && !tap.slot && !tap.publication.muted,
    );
    if (lagging && awake.length > 1) {
      this.#restUntilMs = nowMs + overload.restMs;
      const quietestFirst = awake.sort(
        (a, b) => this.#ranking.loudness(a, nowMs) - this.#ranking.loudness(b, nowMs),
      );
      for (const tap of quietestFirst.slice(0, Math.ceil(awake.length / 2))) tap.rest(true);
      this.#options.logger.warn(
        { microphones: this.#taps.size },
        'no time to hear all microphones of a room',
      );
    } else if (!lagging) for (const tap of this.#taps.values()) tap.rest(false);
  }

  #tellLevels(): void {
    const levels = this.#ranking.speaking(performance.now()).map(({ voice, level }) => ({
      trackId: voice.publication.trackId,
      participantId: voice.publication.participantId,
      level,
    }));
    this.#options.onLevels(this, levels);
  }
}
