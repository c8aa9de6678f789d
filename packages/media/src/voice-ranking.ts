/** Levels from here on count as speech, below as the noise of a room; in dBov. */
export const speechDbov = -60;
const silenceDbov = -127;

const times = {
  /** Two packets this close belong together: one alone that is loud is a click, not a word. */
  togetherMs: 150,
  /** Who was quiet for so long begins anew when heard again. */
  pauseMs: 300,
  /** Who has a slot keeps it for so long against somebody louder: about a word. */
  tenureMs: 300,
  /** Who has a slot and says nothing for so long yields it to anybody who speaks, … */
  yieldMs: 500,
  /** … and gives it up after this when nobody wants it. */
  holdMs: 2_000,
};
/** How much louder somebody must be to take a slot from a person who is speaking. */
const marginDb = 6;
/** Between syllables loudness is remembered, fading so fast. */
const fadeDbPerSecond = 10;

/** A slot and who has it from now on; `onsetMs` is when that voice began to speak. */
export type SlotChange<Voice> = { slot: number; voice: Voice | undefined; onsetMs: number };

type Heard = {
  lastMs: number;
  lastDbov: number;
  /** The peaks of its loudness as of `lastMs`. */
  score: number;
  /** When it last was as loud as speech, in one packet; … */
  loudMs: number;
  /** … in two together. */
  spokeMs: number;
  /** When what it says now began. */
  onsetMs: number;
  slot: number | undefined;
  /** When it got its slot. */
  sinceMs: number;
};

/**
 * Who of many voices has one of a few slots. A voice is heard to speak with the second packet in a row that is loud
 * enough, and gets a slot at once when one is free, or one whose voice is silent or clearly quieter. Pure: time comes
 * with the packets.
 */
export class VoiceRanking<Voice> {
  readonly #voices = new Map<Voice, Heard>();
  readonly #slots: (Voice | undefined)[];
  /** Who had each slot last: it gets the same one again when that is free. */
  readonly #formerly: (Voice | undefined)[];

  constructor(slots: number) {
    this.#slots = new Array(slots).fill(undefined);
    this.#formerly = new Array(slots).fill(undefined);
  }

  /** Who has which slot. */
  get slots(): readonly (Voice | undefined)[] {
    return this.#slots;
  }

  /** A packet of this loudness came. */
  heard(voice: Voice, dbov: number, nowMs: number): SlotChange<Voice> | undefined {
    const heard = this.#heard(voice);
    const together = nowMs - heard.lastMs <= times.togetherMs;
    const steady = together ? Math.min(dbov, heard.lastDbov) : silenceDbov;
    heard.score = Math.max(steady, scoreAt(heard, nowMs));
    heard.lastMs = nowMs;
    heard.lastDbov = dbov;
    if (dbov < speechDbov) return undefined;
    if (nowMs - heard.loudMs > times.pauseMs) heard.onsetMs = nowMs;
    heard.loudMs = nowMs;
    if (steady < speechDbov) return undefined;
    heard.spokeMs = nowMs;
    return heard.slot === undefined ? this.#seek(voice, heard, nowMs) : undefined;
  }

  /** Forgets a voice that ended or was muted. */
  gone(voice: Voice): SlotChange<Voice> | undefined {
    const slot = this.#voices.get(voice)?.slot;
    this.#voices.delete(voice);
    for (const [i, former] of this.#formerly.entries()) if (former === voice) this.#formerly[i] = undefined;
    if (slot === undefined) return undefined;
    this.#slots[slot] = undefined;
    return { slot, voice: undefined, onsetMs: 0 };
  }

  /** The slots whose voices have been silent for long are free from now on. */
  expire(nowMs: number): SlotChange<Voice>[] {
    const changes: SlotChange<Voice>[] = [];
    for (const [slot, voice] of this.#slots.entries()) {
      if (voice === undefined) continue;
      const heard = this.#voices.get(voice)!;
      if (nowMs - heard.spokeMs < times.holdMs) continue;
      heard.slot = undefined;
      this.#slots[slot] = undefined;
      changes.push({ slot, voice: undefined, onsetMs: 0 });
    }
    return changes;
  }

  /** Those with a slot who are speaking, loudest first, with their loudness in dBov. */
  speaking(nowMs: number): { voice: Voice; level: number }[] {
    const speaking: { voice: Voice; level: number }[] = [];
    for (const voice of this.#slots) {
      const heard = voice === undefined ? undefined : this.#voices.get(voice);
      if (heard && nowMs - heard.spokeMs < times.yieldMs)
        speaking.push({ voice: voice!, level: Math.round(scoreAt(heard, nowMs)) });
    }
    return speaking.sort((a, b) => b.level - a.level);
  }

  /** In dBov, as compared with that of others. */
  loudness(voice: Voice, nowMs: number): number {
    const heard = this.#voices.get(voice);
    return heard ? scoreAt(heard, nowMs) : silenceDbov;
  }

  #heard(voice: Voice): Heard {
    let heard = this.#voices.get(voice);
    if (!heard) {
      const never = Number.NEGATIVE_INFINITY;
      heard = {
        lastMs: never,
        lastDbov: silenceDbov,
        score: silenceDbov,
        loudMs: never,
        spokeMs: never,
        onsetMs: never,
        slot: undefined,
        sinceMs: never,
      };
      this.#voices.set(voice, heard);
    }
    return heard;
  }

  #seek(voice: Voice, heard: Heard, nowMs: number): SlotChange<Voice> | undefined {
    const slot = this.#freeSlot(voice) ?? this.#yieldedSlot(heard, nowMs);
    if (slot === undefined) return undefined;
    const before = this.#slots[slot];
    if (before !== undefined) this.#voices.get(before)!.slot = undefined;
    this.#slots[slot] = this.#formerly[slot] = voice;
    heard.slot = slot;
    heard.sinceMs = nowMs;
    return { slot, voice, onsetMs: heard.onsetMs };
  }

  #freeSlot(voice: Voice): number | undefined {
    let free: number | undefined;
    for (const [slot, holder] of this.#slots.entries()) {
      if (holder !== undefined) continue;
      if (this.#formerly[slot] === voice) return slot;
      free ??= slot;
    }
    return free;
  }

  /** Of the one that is silent for longest, or of the quietest that may be interrupted and is quiet enough. */
  #yieldedSlot(challenger: Heard, nowMs: number): number | undefined {
    let silent: Heard | undefined;
    let quietest: Heard | undefined;
    for (const voice of this.#slots) {
      const holder = this.#voices.get(voice!)!;
      if (nowMs - holder.spokeMs > times.yieldMs) {
        if (!silent || holder.spokeMs < silent.spokeMs) silent = holder;
      } else if (nowMs - holder.sinceMs >= times.tenureMs) {
        if (!quietest || scoreAt(holder, nowMs) < scoreAt(quietest, nowMs)) quietest = holder;
      }
    }
    if (silent) return silent.slot;
    const louder = quietest && challenger.score > scoreAt(quietest, nowMs) + marginDb;
    return louder ? quietest!.slot : undefined;
  }
}

function scoreAt({ score, lastMs }: Heard, nowMs: number): number {
  if (score === silenceDbov) return silenceDbov;
  return Math.max(silenceDbov, score - (fadeDbPerSecond * (nowMs - lastMs)) / 1000);
}
