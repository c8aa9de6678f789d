import type { ReactNode } from 'react';
import { Page } from './page.tsx';

/** One thing to say in the middle of the page, and what can be done about it. */
export function MessagePage(props: {
  icon: ReactNode;
  title: string;
  text: string;
  testId?: string;
  children?: ReactNode;
}) {
  return (
    <Page {...(props.testId ? { testId: props.testId } : {})}>
      <section className="meet-message" role="status">
        <span className="meet-message-icon">{props.icon}</span>
        <h1>{props.title}</h1>
        <p>{props.text}</p>
        <div className="meet-message-actions">{props.children}</div>
      </section>
    </Page>
  );
}
