import { type DataMessage, PlatformError, type Room } from '@weir/client';
import { newId } from '@weir/core';

export type ChatMessage = {
  /** The data message's id. */
  id: string;
  /** Empty: sent by the service itself. */
  from: string;
  /** The sender's name when it was sent: it stays after the sender has left. */
  name: string;
  own: boolean;
  text: string;
  /** ms since the epoch. */
  sentAt: number;
  state: 'sending' | 'sent' | 'failed';
  /** Why it failed. */
  error?: PlatformError | undefined;
};

export type ChatSnapshot = { messages: readonly ChatMessage[]; unread: number };

export const chatHistoryLimit = 500;

const known = new WeakMap<Room, Map<string, ChatHistory>>();

/** A topic's messages since it was first looked at, the newest 500; kept while the room lives. */
export class ChatHistory {
  readonly #room: Room;
  readonly #topic: string;
  readonly #listeners = new Set<() => void>();
  #snapshot: ChatSnapshot = { messages: [], unread: 0 };

  static of(room: Room, topic: string): ChatHistory {
    let topics = known.get(room);
    if (!topics) {
      topics = new Map();
      known.set(room, topics);
    }
    let history = topics.get(topic);
    if (!history) {
      history = new ChatHistory(room, topic);
      topics.set(topic, history);
    }
    return history;
  }

  constructor(room: Room, topic: string) {
    this.#room = room;
    this.#topic = topic;
    room.events.on('dataReceived', (message, participant) => {
      if (message.topic === topic && message.encoding === 'utf8')
        this.#receive(message, participant?.displayName ?? '');
    });
  }

  get snapshot(): ChatSnapshot {
    return this.#snapshot;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Shows the message at once; it is `sent` when the room has it, `failed` when it could not be sent. */
  readonly send = async (text: string): Promise<void> => {
    const { local } = this.#room;
    const message: ChatMessage = {
      id: newId('m'),
      from: local.participantId,
      name: local.displayName,
      own: true,
      text,
      sentAt: Date.now(),
      state: 'sending',
    };
    this.#set([...this.#snapshot.messages, message], this.#snapshot.unread);
    await this.#deliver(message);
  };

  /** Sends a failed message again. */
  readonly retry = async (id: string): Promise<void> => {
    const message = this.#snapshot.messages.find((m) => m.id === id && m.state === 'failed');
    if (!message) return;
    this.#replace(id, { state: 'sending', error: undefined });
    await this.#deliver(message);
  };

  readonly markRead = (): void => {
    if (this.#snapshot.unread > 0) this.#set(this.#snapshot.messages, 0);
  };

  async #deliver({ id, text }: ChatMessage): Promise<void> {
    try {
      await this.#room.sendMessage(this.#topic, text, { messageId: id });
      this.#replace(id, { state: 'sent' });
    } catch (error) {
      this.#replace(id, { state: 'failed', error: PlatformError.from(error) });
    }
  }

  #receive(message: DataMessage, name: string): void {
    const { messages, unread } = this.#snapshot;
    const { messageId: id, from, payload: text, sentAt } = message;
    // Our own comes back in the room's order. One that we do not know was sent before a page reload.
    if (messages.some((m) => m.id === id)) return this.#replace(id, { state: 'sent' });
    const { local } = this.#room;
    const own = from !== '' && from === local.participantId;
    const entry: ChatMessage = {
      id,
      from,
      name: own ? local.displayName : name,
      own,
      text,
      sentAt,
      state: 'sent',
    };
    this.#set([...messages, entry], own ? unread : unread + 1);
  }

  #replace(id: string, changes: Partial<ChatMessage>): void {
    const { messages, unread } = this.#snapshot;
    this.#set(
      messages.map((m) => (m.id === id ? { ...m, ...changes } : m)),
      unread,
    );
  }

  #set(messages: readonly ChatMessage[], unread: number): void {
    this.#snapshot = { messages: messages.slice(-chatHistoryLimit), unread };
    for (const listener of [...this.#listeners]) listener();
  }
}
