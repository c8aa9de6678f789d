import { Check } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import type { ReactNode } from 'react';

/** A check mark where chosen; its place is kept where not. */
export function MenuMark({ fallback }: { fallback?: ReactNode }) {
  return (
    <span className="weir-menu-mark">
      <DropdownMenu.ItemIndicator>
        <Check aria-hidden="true" />
      </DropdownMenu.ItemIndicator>
      {fallback && <span className="weir-menu-fallback">{fallback}</span>}
    </span>
  );
}
