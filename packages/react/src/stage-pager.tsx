import { ChevronLeft, ChevronRight } from 'lucide-react';
import type { Rect } from './stage-layout.ts';
import { useShortcuts } from './use-shortcuts.ts';
import { useWords } from './words-context.tsx';

export type StagePagerProps = {
  page: number;
  pages: number;
  /** The tiles that it leafs through; it stands below them. */
  box: Rect;
  onPage: (page: number) => void;
};

/** Leafs through those who do not fit on one page, also with the keys PageUp and PageDown. */
export function StagePager({ page, pages, box, onPage }: StagePagerProps) {
  const words = useWords();
  const to = (next: number) => onPage(Math.min(Math.max(next, 0), pages - 1));
  useShortcuts({ pageup: () => to(page - 1), pagedown: () => to(page + 1) });
  if (pages < 2) return null;
  return (
    <nav
      className="weir-pager"
      aria-label={words.pages}
      style={{ left: box.x, top: box.y + box.height, width: box.width }}
      data-testid="pager"
    >
      <button
        type="button"
        className="weir-icon-button"
        onClick={() => to(page - 1)}
        disabled={page === 0}
        aria-label={words.pageBefore}
        title={words.pageBefore}
      >
        <ChevronLeft aria-hidden="true" />
      </button>
      <span aria-live="polite">
        <span className="weir-unseen">{words.pageOf(page + 1, pages)}</span>
        <span aria-hidden="true">
          {page + 1} / {pages}
        </span>
      </span>
      <button
        type="button"
        className="weir-icon-button"
        onClick={() => to(page + 1)}
        disabled={page === pages - 1}
        aria-label={words.pageAfter}
        title={words.pageAfter}
      >
        <ChevronRight aria-hidden="true" />
      </button>
    </nav>
  );
}
