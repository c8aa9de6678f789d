import { LayoutGrid, PanelRight, PanelTop, Sparkles } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { MenuMark } from './menu-mark.tsx';
import { type StageLayout, stageLayouts } from './stage-plan.ts';
import { useStageView } from './stage-view.tsx';
import { useWords } from './words-context.tsx';

const icons = { auto: Sparkles, grid: LayoutGrid, speaker: PanelTop, sidebar: PanelRight };

/** A button that opens the choice of layouts. */
export function LayoutMenu({ className = '' }: { className?: string }) {
  const words = useWords();
  const { layout } = useStageView();
  const Icon = icons[layout === 'auto' ? 'grid' : layout];
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger
        className={`weir-bar-button ${className}`}
        aria-label={words.layout}
        title={words.layout}
        data-testid="layout-button"
      >
        <Icon aria-hidden="true" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="weir-menu" sideOffset={12} collisionPadding={8} side="top">
          <LayoutChoices />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** The items of a menu: the layout, and where you see yourself. */
export function LayoutChoices() {
  const words = useWords();
  const { layout, self, choose } = useStageView();
  return (
    <>
      <DropdownMenu.RadioGroup
        value={layout}
        onValueChange={(value) => choose({ layout: value as StageLayout })}
      >
        <DropdownMenu.Label className="weir-menu-title">{words.layout}</DropdownMenu.Label>
        {stageLayouts.map((value) => {
          const Icon = icons[value];
          return (
            <DropdownMenu.RadioItem
              key={value}
              value={value}
              className="weir-menu-item"
              data-testid={`layout-${value}`}
            >
              <MenuMark fallback={<Icon aria-hidden="true" />} />
              {words.layouts[value]}
            </DropdownMenu.RadioItem>
          );
        })}
      </DropdownMenu.RadioGroup>
      <DropdownMenu.Separator className="weir-menu-line" />
      <DropdownMenu.CheckboxItem
        className="weir-menu-item"
        checked={self === 'corner'}
        onCheckedChange={(corner) => choose({ self: corner ? 'corner' : 'auto' })}
        data-testid="self-corner"
      >
        <MenuMark />
        {words.selfInCorner}
      </DropdownMenu.CheckboxItem>
    </>
  );
}
