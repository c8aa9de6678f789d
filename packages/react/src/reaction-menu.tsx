import { Heart, Laugh, type LucideIcon, PartyPopper, Smile, ThumbsDown, ThumbsUp } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { useSyncExternalStore } from 'react';
import { type ReactionKind, Reactions, reactionKinds } from './reactions.ts';
import { useRoom } from './room-context.tsx';
import { useWords } from './words-context.tsx';

const icons: Record<ReactionKind, LucideIcon> = {
  agree: ThumbsUp,
  disagree: ThumbsDown,
  thanks: Heart,
  laugh: Laugh,
  celebrate: PartyPopper,
};

/** A button that opens the signs to give. */
export function ReactionMenu({ className = '' }: { className?: string }) {
  const words = useWords();
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger
        className={`weir-bar-button ${className}`}
        aria-label={words.react}
        title={words.react}
        data-testid="reaction-button"
      >
        <Smile aria-hidden="true" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          className="weir-menu weir-menu-row"
          sideOffset={12}
          collisionPadding={8}
          side="top"
        >
          <ReactionChoices />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** The items of a menu: each sends one. */
export function ReactionChoices() {
  const words = useWords();
  const { send } = Reactions.of(useRoom());
  return reactionKinds.map((kind) => {
    const Icon = icons[kind];
    return (
      <DropdownMenu.Item
        key={kind}
        className="weir-menu-item weir-reaction"
        data-kind={kind}
        onSelect={() => send(kind)}
        aria-label={words.reactions[kind]}
        title={words.reactions[kind]}
        data-testid={`react-${kind}`}
      >
        <Icon aria-hidden="true" />
      </DropdownMenu.Item>
    );
  });
}

/** The signs that people give, rising over the stage for a moment. */
export function ReactionOverlay() {
  const words = useWords();
  const reactions = Reactions.of(useRoom());
  const shown = useSyncExternalStore(reactions.subscribe, () => reactions.shown);
  return (
    <div className="weir-reactions" role="log" aria-label={words.react}>
      {shown.map(({ id, kind, name, own }) => {
        const Icon = icons[kind];
        return (
          <span key={id} className="weir-reaction-sign" data-testid="reaction" data-kind={kind}>
            <Icon className="weir-reaction" data-kind={kind} aria-hidden="true" />
            <span className="weir-unseen">{words.reactions[kind]}: </span>
            <span className="weir-ellipsis">{own ? words.you : name}</span>
          </span>
        );
      })}
    </div>
  );
}
