import { CircleAlert, MessageSquare, SendHorizontal } from 'lucide-react';
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { ChatMessage } from './chat-history.ts';
import { localeOf } from './counting.ts';
import { linkParts } from './link-parts.ts';
import { SidePanel } from './side-panel.tsx';
import { type Chat, useChat } from './use-chat.ts';
import { useLocalParticipant } from './use-participants.ts';
import { useWords } from './words-context.tsx';

/** Well below what a message may carry, in any script. */
const longestMessage = 4_000;
const nearEndPx = 48;

/** A topic's messages and a field to write one. What comes while it is open counts as read. */
export function ChatPanel({ topic = 'chat', onClose }: { topic?: string; onClose: () => void }) {
  const words = useWords();
  const chat = useChat(topic);
  const { unread, markRead } = chat;
  const mayWrite = useLocalParticipant().grants.data;
  useEffect(() => {
    if (unread > 0) markRead();
  }, [unread, markRead]);
  return (
    <SidePanel title={words.chat} testId="chat-panel" onClose={onClose}>
      <MessageList {...chat} />
      {mayWrite ? (
        <MessageField onSend={chat.send} />
      ) : (
        <p className="weir-panel-note">{words.chatForbidden}</p>
      )}
    </SidePanel>
  );
}

/** Follows the newest message while its end is in sight, and stays where it was scrolled to otherwise. */
function MessageList({ messages, retry }: Chat) {
  const words = useWords();
  const list = useRef<HTMLOListElement>(null);
  const [following, setFollowing] = useState(true);
  const newest = messages.at(-1)?.id;
  const toEnd = () => list.current?.scrollTo({ top: list.current.scrollHeight });
  useLayoutEffect(() => {
    if (following && newest !== undefined) list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [newest, following]);

  if (messages.length === 0)
    return (
      <div className="weir-panel-empty">
        <MessageSquare aria-hidden="true" />
        <p>{words.chatEmpty}</p>
        <p className="weir-quiet">{words.chatEmptyHint}</p>
      </div>
    );
  return (
    <div className="weir-chat">
      <ol
        ref={list}
        className="weir-chat-list"
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) =>
          setFollowing(scrollHeight - scrollTop - clientHeight < nearEndPx)
        }
      >
        {messages.map((message, index) => (
          <Message
            key={message.id}
            message={message}
            continued={continues(messages[index - 1], message)}
            onRetry={() => retry(message.id)}
          />
        ))}
      </ol>
      {!following && (
        <button type="button" className="weir-chat-end" onClick={toEnd}>
          {words.newMessages}
        </button>
      )}
    </div>
  );
}

/** Several messages of one person in a row stand under one name. */
function continues(before: ChatMessage | undefined, message: ChatMessage): boolean {
  return before?.from === message.from && message.sentAt - before.sentAt < 120_000;
}

type MessageProps = { message: ChatMessage; continued: boolean; onRetry: () => void };

function Message({ message, continued, onRetry }: MessageProps) {
  const words = useWords();
  const { own, from, name, text, sentAt, state } = message;
  const author = own ? words.you : from === '' ? words.service : name;
  return (
    <li className="weir-message" data-own={own} data-state={state} data-testid="chat-message">
      {!continued && (
        <p className="weir-message-head">
          <span className="weir-message-author">{author}</span>
          <time dateTime={new Date(sentAt).toISOString()}>{timeOf(sentAt, words.language)}</time>
        </p>
      )}
      <p className="weir-message-text">
        {linkParts(text).map(({ text: part, href, at }) =>
          href ? (
            <a key={at} href={href} target="_blank" rel="noopener noreferrer nofollow">
              {part}
            </a>
          ) : (
            part
          ),
        )}
      </p>
      {state === 'failed' && (
        <p className="weir-message-failed">
          <CircleAlert aria-hidden="true" />
          {words.sendingFailed}
          <button type="button" className="weir-link-button" onClick={onRetry}>
            {words.tryAgain}
          </button>
        </p>
      )}
    </li>
  );
}

function timeOf(at: number, language: string): string {
  return new Date(at).toLocaleTimeString(localeOf(language), { hour: '2-digit', minute: '2-digit' });
}

function MessageField({ onSend }: { onSend: (text: string) => Promise<void> }) {
  const words = useWords();
  const [text, setText] = useState('');
  const ready = text.trim() !== '';
  const send = () => {
    if (!ready) return;
    void onSend(text.trim());
    setText('');
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      className="weir-chat-form"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        value={text}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={onKey}
        rows={1}
        maxLength={longestMessage}
        placeholder={words.chatPlaceholder}
        aria-label={words.chatPlaceholder}
        data-testid="chat-input"
      />
      <button
        type="submit"
        className="weir-icon-button weir-send"
        disabled={!ready}
        aria-label={words.send}
        data-testid="chat-send"
      >
        <SendHorizontal aria-hidden="true" />
      </button>
    </form>
  );
}
