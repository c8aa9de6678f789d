import { useEffect, useRef } from 'react';
import { words } from './words.ts';

type ConfirmDialogProps = {
  title: string;
  text: string;
  confirm: string;
  onConfirm: () => void;
  onCancel: () => void;
};

/** Asks before something that cannot be undone; Esc cancels. */
export function ConfirmDialog({ title, text, confirm, onConfirm, onCancel }: ConfirmDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="meet-dialog" aria-labelledby="confirm-title" onClose={onCancel}>
      <h2 id="confirm-title">{title}</h2>
      <p>{text}</p>
      <div className="meet-dialog-actions">
        <button type="button" className="weir-button" onClick={onCancel}>
          {words.cancel}
        </button>
        <button
          type="button"
          className="weir-button weir-danger"
          onClick={onConfirm}
          data-testid="confirm-button"
        >
          {confirm}
        </button>
      </div>
    </dialog>
  );
}
