import { withDeadline } from '@weir/core';
import { newAudioSlotId } from '@weir/protocol';
import type { Producer } from 'mediasoup/types';
import { produceSlot } from './engine-words.ts';
import type { MicrophoneTap } from './microphone-tap.ts';
import type { ParticipantSession } from './participant-session.ts';
import { Publication } from './publication.ts';
import type { RoomRouter } from './room-router.ts';
import { SlotStream } from './slot-stream.ts';

/** What came just before the first loud packet belongs to the word, too. */
const preRollMs = 60;
/** A worker that does not answer for so long forwards nothing either. */
const heedTimeoutMs = 300;

/** A sound stream of a big room, piped and subscribed to like a track, that carries one microphone at a time. */
export class AudioSlot extends Publication {
  readonly #sessions: () => Iterable<ParticipantSession>;
  readonly #stream: SlotStream;
  #tap: MicrophoneTap | undefined;
  /** True when packets go on as they come. */
  #live = false;
  #turn = 0;

  /** `sessions` are those that may subscribe to it. */
  static async open(origin: RoomRouter, sessions: () => Iterable<ParticipantSession>): Promise<AudioSlot> {
    const { producer, ...stream } = await produceSlot(origin.router, await origin.direct());
    return new AudioSlot(origin, producer, new SlotStream(stream), sessions);
  }

  private constructor(
    origin: RoomRouter,
    produced: Producer,
    stream: SlotStream,
    sessions: () => Iterable<ParticipantSession>,
  ) {
    super({ trackId: newAudioSlotId(), participantId: '', epoch: 1, origin, produced, muted: false });
    this.#stream = stream;
    this.#sessions = sessions;
    this.onClose(() => void this.carry(undefined, 0));
  }

  /** The microphone that it carries. */
  get carries(): Publication | undefined {
    return this.#tap?.publication;
  }

  /**
   * From now on it carries this microphone, beginning with what was said since `onsetMs`. Nothing goes out before it is
   * withheld from those who must not hear it.
   */
  async carry(tap: MicrophoneTap | undefined, onsetMs: number): Promise<void> {
    const turn = ++this.#turn;
    if (this.#tap) this.#tap.slot = undefined;
    this.#live = false;
    this.#tap = tap;
    if (tap) tap.slot = this;
    if (this.closed) return;
    const heeded = [...this.#sessions()].map((session) => session.heed(this));
    await withDeadline(Promise.allSettled(heeded), heedTimeoutMs, 'withholding a slot').catch(() => {});
    if (turn !== this.#turn || this.closed || !tap) return;
    this.#stream.begin();
    this.#live = true;
    const nowMs = performance.now();
    for (const packet of tap.recent.takeSince(onsetMs - preRollMs)) this.#send(packet, nowMs);
  }

  /** A packet of the microphone that it carries. */
  take(packet: Buffer, nowMs: number): void {
    if (this.#live) this.#send(packet, nowMs);
    else this.#tap?.recent.push(packet, nowMs);
  }

  #send(packet: Buffer, nowMs: number): void {
    const next = this.#stream.next(packet, nowMs);
    if (next && !this.closed) (this.produced as Producer).send(next);
  }
}
