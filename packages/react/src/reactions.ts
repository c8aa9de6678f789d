import type { Participant, Room } from '@weir/client';
import { newId } from '@weir/core';

export const reactionKinds = ['agree', 'disagree', 'thanks', 'laugh', 'celebrate'] as const;
export type ReactionKind = (typeof reactionKinds)[number];

export type Reaction = { id: string; kind: ReactionKind; name: string; own: boolean };

const topic = 'reaction';
const shownMs = 4_000;
/** In a large room more at once are a blur. */
const mostShown = 10;
const mayPress = { times: 4, inMs: 4_000 };
/** One that took longer was held up with its sender's connection: the moment is over. */
const lateMs = 8_000;

const known = new WeakMap<Room, Reactions>();

/** The short-lived signs that people give each other; nothing of them is kept. */
export class Reactions {
  readonly #room: Room;
  readonly #listeners = new Set<() => void>();
  #shown: readonly Reaction[] = [];
  #pressedAt: number[] = [];
  /** Between the sender's server and this clock, as far as is known. */
  #leastDelayMs = Number.POSITIVE_INFINITY;

  static of(room: Room): Reactions {
    let reactions = known.get(room);
    if (!reactions) {
      reactions = new Reactions(room);
      known.set(room, reactions);
    }
    return reactions;
  }

  private constructor(room: Room) {
    this.#room = room;
    room.events.on('dataReceived', (message, from) => {
      const delayMs = Date.now() - message.sentAt;
      this.#leastDelayMs = Math.min(this.#leastDelayMs, delayMs);
      if (message.topic !== topic || delayMs - this.#leastDelayMs > lateMs) return;
      const kind = reactionKinds.find((one) => one === message.payload);
      const own = message.from === room.local.participantId;
      const sender: Participant | undefined = own ? room.local : from;
      if (kind && sender) this.#show({ id: message.messageId, kind, name: sender.displayName, own });
    });
  }

  get shown(): readonly Reaction[] {
    return this.#shown;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Everybody sees it, you too, in a moment. Does nothing when pressed too often, or while the connection is away. */
  readonly send = (kind: ReactionKind): void => {
    const now = Date.now();
    this.#pressedAt = this.#pressedAt.filter((at) => now - at < mayPress.inMs);
    if (this.#pressedAt.length >= mayPress.times || this.#room.status !== 'connected') return;
    this.#pressedAt.push(now);
    this.#room.sendMessage(topic, kind, { messageId: newId('d') }).catch(() => {}); // It is over by then.
  };

  #show(reaction: Reaction): void {
    if (this.#shown.some(({ id }) => id === reaction.id)) return;
    this.#set([...this.#shown, reaction].slice(-mostShown));
    setTimeout(() => this.#set(this.#shown.filter(({ id }) => id !== reaction.id)), shownMs);
  }

  #set(shown: readonly Reaction[]): void {
    this.#shown = shown;
    for (const listener of [...this.#listeners]) listener();
  }
}
