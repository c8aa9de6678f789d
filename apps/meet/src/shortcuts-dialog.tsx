import { useEffect, useRef } from 'react';
import { words } from './words.ts';

/** Which keys do what in a call; Esc closes it. */
export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      className="meet-dialog"
      aria-labelledby="shortcuts-title"
      onClose={onClose}
      data-testid="shortcuts"
    >
      <h2 id="shortcuts-title">{words.shortcuts}</h2>
      <dl className="meet-keys">
        {Object.entries(words.keys).map(([key, does]) => (
          <div key={key}>
            <dt>
              {key.split(' / ').map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <div className="meet-dialog-actions">
        <button type="button" className="weir-button" onClick={() => dialog.current?.close()}>
          {words.close}
        </button>
      </div>
    </dialog>
  );
}
