import { X } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { useWords } from './words-context.tsx';

/** A titled column beside the stage; on a phone it covers the stage. Takes the focus, and gives it back at the end. */
export function SidePanel(props: {
  title: string;
  testId: string;
  onClose: () => void;
  children: ReactNode;
}) {
  const words = useWords();
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    panel.current?.querySelector<HTMLElement>('textarea, button')?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <aside
      ref={panel}
      className="weir-panel"
      aria-label={props.title}
      data-testid={props.testId}
      onKeyDown={(event) => event.key === 'Escape' && !event.defaultPrevented && props.onClose()}
    >
      <header className="weir-panel-head">
        <h2>{props.title}</h2>
        <button type="button" className="weir-icon-button" onClick={props.onClose} aria-label={words.close}>
          <X aria-hidden="true" />
        </button>
      </header>
      {props.children}
    </aside>
  );
}
