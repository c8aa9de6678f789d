import { Maximize, Minimize, Minus, Pin, PinOff, Plus } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Fullscreen } from './use-fullscreen.ts';
import type { ZoomControls } from './use-zoom.ts';
import { useWords } from './words-context.tsx';

export type TileActionsProps = {
  name: string;
  fullscreen: Fullscreen;
  /** For a picture that can be enlarged inside its tile. */
  zoom: ZoomControls | undefined;
  pinned: boolean;
  onPin: (() => void) | undefined;
};

/** What can be done with a tile; shown where the hand is. */
export function TileActions({ name, fullscreen, zoom, pinned, onPin }: TileActionsProps) {
  const words = useWords();
  const scale = zoom?.zoom.scale ?? 1;
  return (
    <div className="weir-tile-actions">
      {zoom && (
        <>
          <TileAction label={words.zoomOut} disabled={scale === 1} onClick={() => zoom.change(-1)}>
            <Minus aria-hidden="true" />
          </TileAction>
          <TileAction
            label={words.zoomIn}
            disabled={scale === 8}
            onClick={() => zoom.change(1)}
            testId="zoom-in"
          >
            <Plus aria-hidden="true" />
          </TileAction>
          {fullscreen.possible && (
            <TileAction
              label={fullscreen.on ? words.leaveFullscreen : words.fullscreen}
              onClick={fullscreen.flip}
              testId="fullscreen-button"
            >
              {fullscreen.on ? <Minimize aria-hidden="true" /> : <Maximize aria-hidden="true" />}
            </TileAction>
          )}
        </>
      )}
      {onPin && !fullscreen.on && (
        <TileAction label={pinned ? words.unpin(name) : words.pin(name)} pressed={pinned} onClick={onPin}>
          {pinned ? <PinOff aria-hidden="true" /> : <Pin aria-hidden="true" />}
        </TileAction>
      )}
    </div>
  );
}

type TileActionProps = {
  label: string;
  pressed?: boolean;
  disabled?: boolean;
  testId?: string;
  onClick: () => void;
  children: ReactNode;
};

function TileAction({ label, pressed, disabled, testId, onClick, children }: TileActionProps) {
  return (
    <button
      type="button"
      className="weir-tile-action"
      onClick={onClick}
      disabled={disabled}
      aria-label={label}
      aria-pressed={pressed}
      title={label}
      data-testid={testId}
    >
      {children}
    </button>
  );
}
