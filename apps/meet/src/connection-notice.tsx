import { reasonWords, useDownlink, useRoomStatus, useUploadQuality, useWords } from '@weir/react';
import { SignalLow, X } from 'lucide-react';
import { useState } from 'react';
import { words } from './words.ts';

/** While your line does not carry the call: what others see of you, or why you see less of them. */
export function ConnectionNotice() {
  const callWords = useWords();
  const audioOnly = useDownlink() === 'audio-only';
  const upload = useUploadQuality();
  const connected = useRoomStatus() === 'connected';
  const [dismissed, setDismissed] = useState<string>();
  const told = audioOnly
    ? words.audioOnly
    : upload.level === 'poor'
      ? reasonWords(callWords, upload)
      : undefined;
  if (!connected || !told || dismissed === told) return null;
  return (
    <div className="meet-banner" role="status" data-testid="connection-notice">
      <SignalLow aria-hidden="true" />
      <span>{told}</span>
      <button
        type="button"
        className="weir-icon-button"
        onClick={() => setDismissed(told)}
        aria-label={words.dismiss}
      >
        <X aria-hidden="true" />
      </button>
    </div>
  );
}
