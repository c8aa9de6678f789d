import { Info, TriangleAlert, X } from 'lucide-react';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import { words } from './words.ts';

export type Toast = {
  text: string;
  /** A problem stays longer and interrupts a screen reader. */
  problem?: boolean;
  action?: { label: string; run: () => void };
};

type ShownToast = Toast & { id: number };

const mostToasts = 3;
const shownMs = { news: 4_500, problem: 9_000 };

const ToastContext = createContext<(toast: Toast) => void>(() => {});

/** Says something in passing, to eyes and screen readers. */
export function useToast(): (toast: Toast) => void {
  return useContext(ToastContext);
}

/** Shows the newest few toasts in a corner; nothing waits for them. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly ShownToast[]>([]);
  const nextId = useRef(1);
  const dismiss = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const say = useCallback(
    (toast: Toast) => {
      const id = nextId.current++;
      setToasts((all) => [...all, { ...toast, id }].slice(-mostToasts));
      setTimeout(() => dismiss(id), toast.problem ? shownMs.problem : shownMs.news);
    },
    [dismiss],
  );
  const list = useMemo(
    () => (
      <div className="meet-toasts" role="log" aria-live="polite" data-testid="toasts">
        {toasts.map((toast) => (
          <ToastCard key={toast.id} toast={toast} onDismiss={() => dismiss(toast.id)} />
        ))}
      </div>
    ),
    [toasts, dismiss],
  );
  return (
    <ToastContext value={say}>
      {children}
      {list}
    </ToastContext>
  );
}

function ToastCard({ toast, onDismiss }: { toast: ShownToast; onDismiss: () => void }) {
  const { text, problem, action } = toast;
  return (
    <div className="meet-toast" role={problem ? 'alert' : undefined} data-testid="toast">
      {problem ? <TriangleAlert className="weir-warn-ink" aria-hidden="true" /> : <Info aria-hidden="true" />}
      <span>{text}</span>
      {action && (
        <button
          type="button"
          className="weir-link-button"
          onClick={() => {
            action.run();
            onDismiss();
          }}
        >
          {action.label}
        </button>
      )}
      <button type="button" className="weir-icon-button" onClick={onDismiss} aria-label={words.dismiss}>
        <X aria-hidden="true" />
      </button>
    </div>
  );
}
