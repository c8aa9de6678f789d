import { createContext, type ReactNode, useContext, useMemo, useState } from 'react';
import type { SelfView, StageLayout } from './stage-plan.ts';

/** How you look at the stage. A choice of your own: nobody else sees it. */
export type StageChoice = { layout: StageLayout; self: SelfView };

export type StageView = StageChoice & {
  /** A participant's or shared screen's key that is large for you. */
  pinned: string | undefined;
  choose(changes: Partial<StageChoice>): void;
  /** Undefined: nothing is pinned any more. */
  pin(key: string | undefined): void;
};

const StageViewContext = createContext<StageView | undefined>(undefined);

export type StageViewProviderProps = {
  initial?: Partial<StageChoice> | undefined;
  /** Told when another view is chosen: the place to remember it. */
  onChoice?: ((choice: StageChoice) => void) | undefined;
  children: ReactNode;
};

/** Holds what the user chose for the stage; `<RoomProvider>` has one inside. */
export function StageViewProvider({ initial, onChoice, children }: StageViewProviderProps) {
  const [choice, setChoice] = useState<StageChoice>({ layout: 'auto', self: 'auto', ...initial });
  const [pinned, pin] = useState<string>();
  const view = useMemo(
    () => ({
      ...choice,
      pinned,
      pin,
      choose: (changes: Partial<StageChoice>) => {
        const next = { ...choice, ...changes };
        setChoice(next);
        // Who asks for another layout wants to see it.
        if (changes.layout) pin(undefined);
        onChoice?.(next);
      },
    }),
    [choice, pinned, onChoice],
  );
  return <StageViewContext value={view}>{children}</StageViewContext>;
}

/** How the stage is looked at, and changing it. */
export function useStageView(): StageView {
  const view = useContext(StageViewContext);
  if (!view) throw new Error('the stage belongs inside <RoomProvider>');
  return view;
}
