import { useSyncExternalStore } from 'react';
import { ChatHistory, type ChatSnapshot } from './chat-history.ts';
import { useRoom } from './room-context.tsx';

export type Chat = ChatSnapshot & Pick<ChatHistory, 'send' | 'retry' | 'markRead'>;

/** The messages of a topic (the newest 500 since the first call), how many are unread, and sending. */
export function useChat(topic = 'chat'): Chat {
  const history = ChatHistory.of(useRoom(), topic);
  const snapshot = useSyncExternalStore(history.subscribe, () => history.snapshot);
  return { ...snapshot, send: history.send, retry: history.retry, markRead: history.markRead };
}
