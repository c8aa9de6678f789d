import type { PlatformError } from '@weir/client';
import { CircleSlash, Copy, DoorClosed, LogOut, RotateCcw, TriangleAlert, WifiOff } from 'lucide-react';
import { MessagePage } from './message-page.tsx';
import { type EndWords, words } from './words.ts';

/** After a call, or instead of one: what happened, and the way back where there is one. */
export function EndedPage({ error, onRejoin }: { error: PlatformError | undefined; onRejoin: () => void }) {
  const { title, text, again } = error ? endWords(error) : leftWords();
  return (
    <MessagePage icon={<EndIcon code={error?.code} />} title={title} text={text} testId="ended-page">
      {again && (
        <button
          type="button"
          className="weir-button weir-primary"
          onClick={error?.code === 'unsupported-version' ? () => location.reload() : onRejoin}
          data-testid="rejoin-button"
        >
          <RotateCcw aria-hidden="true" />
          {again}
        </button>
      )}
      <a className="weir-button" href="/">
        {words.toStart}
      </a>
      {error && (
        <details className="meet-details" data-code={error.code}>
          <summary>{words.details}</summary>
          <code>
            {error.code}: {error.message}
          </code>
        </details>
      )}
    </MessagePage>
  );
}

function leftWords(): EndWords {
  return { title: words.leftTitle, text: words.leftText, again: words.rejoin };
}

/** The words for an error: its own, else those of its kind. */
export function endWords(error: PlatformError): EndWords {
  const own: EndWords | undefined = words.ends[error.code as keyof typeof words.ends];
  if (own) return own;
  return networkCodes.has(error.code) ? words.ends.network : words.ends.other;
}

const networkCodes = new Set(['connection-lost', 'timeout', 'going-away', 'slow-consumer', 'media-lost']);

function EndIcon({ code }: { code: string | undefined }) {
  if (code === undefined) return <LogOut aria-hidden="true" />;
  if (code === 'room-ended') return <DoorClosed aria-hidden="true" />;
  if (code === 'session-replaced') return <Copy aria-hidden="true" />;
  if (code === 'removed' || code === 'lobby-refused' || code === 'forbidden')
    return <CircleSlash aria-hidden="true" />;
  return networkCodes.has(code) ? <WifiOff aria-hidden="true" /> : <TriangleAlert aria-hidden="true" />;
}
