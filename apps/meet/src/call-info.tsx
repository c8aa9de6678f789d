import { useParticipants, useRoom } from '@weir/react';
import { Link2 } from 'lucide-react';
import { Logo } from './page.tsx';
import { meetPath } from './router.ts';
import { useToast } from './toasts.tsx';
import { words } from './words.ts';

/** Which room this is, how many are in it, and its link. */
export function CallInfo() {
  const { roomId } = useRoom();
  const count = useParticipants().length;
  const copy = useCopyLink();
  return (
    <div className="meet-info">
      <Logo />
      <h1 className="weir-ellipsis">{roomId}</h1>
      <span className="weir-quiet">{words.people(count)}</span>
      <button
        type="button"
        className="weir-icon-button"
        onClick={copy}
        aria-label={words.copyLink}
        title={words.copyLink}
      >
        <Link2 aria-hidden="true" />
      </button>
    </div>
  );
}

/** For the one who waits for the others. */
export function AloneHint() {
  const alone = useParticipants().length === 1;
  const copy = useCopyLink();
  if (!alone) return null;
  return (
    <div className="meet-alone">
      <p>
        <strong>{words.aloneTitle}</strong> {words.aloneText}
      </p>
      <button type="button" className="weir-button weir-small" onClick={copy} data-testid="copy-link">
        <Link2 aria-hidden="true" />
        {words.copyLink}
      </button>
    </div>
  );
}

function useCopyLink(): () => void {
  const { roomId } = useRoom();
  const toast = useToast();
  return () => {
    const link = new URL(meetPath(roomId), location.origin).href;
    // Without the permission, or on an insecure page, the link itself is the message.
    const write = navigator.clipboard?.writeText(link) ?? Promise.reject(new Error('no clipboard'));
    write.then(
      () => toast({ text: words.copied }),
      () => toast({ text: link }),
    );
  };
}
