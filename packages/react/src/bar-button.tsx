import type { LucideIcon } from 'lucide-react';
import type { MediaSwitch } from './use-media-switch.ts';
import { useWords } from './words-context.tsx';

type SwitchButtonProps = {
  media: MediaSwitch;
  /** On, off. */
  icons: [LucideIcon, LucideIcon];
  /** What a click does when on, when off. */
  labels: [string, string];
  shortcut: string;
  testId: string;
  onClick: () => void;
};

/** Turns a microphone or camera on and off. */
export function SwitchButton({ media, icons, labels, shortcut, testId, onClick }: SwitchButtonProps) {
  const words = useWords();
  const { on, locked, pending } = media;
  const why = locked === 'moderator' ? words.lockedByModerator : locked && words.lockedByGrants;
  return (
    <BarButton
      icon={on ? icons[0] : icons[1]}
      label={on ? labels[0] : labels[1]}
      hint={why}
      shortcut={shortcut}
      testId={testId}
      off={!on}
      busy={pending}
      locked={locked !== undefined}
      onClick={onClick}
    />
  );
}

type BarButtonProps = {
  icon: LucideIcon;
  label: string;
  hint?: string | undefined;
  shortcut: string;
  testId: string;
  active?: boolean;
  off?: boolean;
  busy?: boolean;
  locked?: boolean;
  badge?: number;
  wideOnly?: boolean;
  onClick: () => void;
};

/** A round button of the call's bar, with its key in the title. */
export function BarButton(props: BarButtonProps) {
  const { icon: Icon, label, hint, shortcut, testId, badge = 0 } = props;
  const full = hint ? `${label}: ${hint}` : label;
  return (
    <button
      type="button"
      className={`weir-bar-button${props.wideOnly ? ' weir-wide-only' : ''}`}
      onClick={props.onClick}
      aria-label={full}
      aria-keyshortcuts={shortcut}
      aria-pressed={props.active}
      aria-busy={props.busy}
      data-on={props.off === undefined ? undefined : !props.off}
      data-locked={props.locked || undefined}
      data-testid={testId}
      title={`${full} (${shortcut})`}
    >
      <Icon aria-hidden="true" />
      {badge > 0 && <span className="weir-badge">{badge > 99 ? '99+' : badge}</span>}
    </button>
  );
}
