import { Bug } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { MessagePage } from './message-page.tsx';
import { words } from './words.ts';

/** Says so when the page itself fails, instead of going blank; a reload takes the seat in the call up again. */
export class FaultBoundary extends Component<{ children: ReactNode }, { fault?: Error }> {
  override state: { fault?: Error } = {};

  static getDerivedStateFromError(fault: Error) {
    return { fault };
  }

  override render() {
    const { fault } = this.state;
    if (!fault) return this.props.children;
    return (
      <MessagePage
        icon={<Bug aria-hidden="true" />}
        title={words.faultTitle}
        text={words.faultText}
        testId="fault-page"
      >
        <button type="button" className="weir-button weir-primary" onClick={() => location.reload()}>
          {words.reload}
        </button>
        <details className="meet-details">
          <summary>{words.details}</summary>
          <code>{fault.message}</code>
        </details>
      </MessagePage>
    );
  }
}
