import type { LucideIcon } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';

export type MenuItemProps = { icon: LucideIcon; label: string; testId?: string; onSelect: () => void };

/** A line of the call's menu; for the app's own ones too (`menuItems` of `<ControlBar>`). */
export function MenuItem({ icon: Icon, label, testId, onSelect }: MenuItemProps) {
  return (
    <DropdownMenu.Item className="weir-menu-item" onSelect={onSelect} data-testid={testId}>
      <Icon aria-hidden="true" />
      {label}
    </DropdownMenu.Item>
  );
}
