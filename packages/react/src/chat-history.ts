import { type DataMessage, PlatformError, type Room } from '@weir/client';

export type ChatMessage = {
  id: number;
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
  #nextId = 1;

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
      id: this.#nextId++,
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
  readonly retry = async (id: number): Promise<void> => {
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
      await this.#room.sendMessage(this.#topic, text);
      this.#replace(id, { state: 'sent' });
    } catch (error) {
      this.#replace(id, { state: 'failed', error: PlatformError.from(error) });
    }
  }

  #receive(message: DataMessage, name: string): void {
    const own = message.from !== '' && message.from === this.#room.local.participantId;
    if (own) return this.#confirm(message);
    const { messages, unread } = this.#snapshot;
    const { from, payload, sentAt } = message;
    const entry = { id: this.#nextId++, from, name, own, text: payload, sentAt, state: 'sent' } as const;
    this.#set([...messages, entry], unread + 1);
  }

  /** Our own message came back in the room's order; one that we do not know was sent before a page reload. */
  #confirm({ payload, from, sentAt }: DataMessage): void {
    const { messages, unread } = this.#snapshot;
    const mine = messages.find((m) => m.own && m.text === payload && sentAt - m.sentAt < 60_000);
    if (mine) return this.#replace(mine.id, { state: 'sent' });
    const name = this.#room.local.displayName;
    const entry = {
      id: this.#nextId++,
      from,
      name,
      own: true,
      text: payload,
      sentAt,
      state: 'sent',
    } as const;
    this.#set([...messages, entry], unread);
  }

  #replace(id: number, changes: Partial<ChatMessage>): void {
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
