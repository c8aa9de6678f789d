import { CameraOff, CloudOff, LoaderCircle, Snowflake } from 'lucide-react';
import type { PictureState } from './use-picture-state.ts';
import { useWords } from './words-context.tsx';

export type TileNoticeProps = {
  reconnecting: boolean;
  /** Its camera was taken away for a while. */
  interrupted: boolean;
  heldBack: 'bandwidth' | 'publisher' | 'server' | undefined;
  state: PictureState | 'none';
};

/** Over a picture that does not move: why, as well as it is known. */
export function TileNotice({ reconnecting, interrupted, heldBack, state }: TileNoticeProps) {
  const words = useWords();
  if (reconnecting)
    return (
      <span className="weir-tile-notice">
        <LoaderCircle className="weir-spin" aria-hidden="true" />
        {words.reconnecting}
      </span>
    );
  if (interrupted)
    return (
      <span className="weir-tile-notice">
        <CameraOff aria-hidden="true" />
        {words.interrupted}
      </span>
    );
  if (heldBack && state !== 'live')
    return (
      <span className="weir-tile-notice">
        <CloudOff aria-hidden="true" />
        {{ bandwidth: words.pausedForSound, publisher: words.notSent, server: words.serverBusy }[heldBack]}
      </span>
    );
  if (state === 'frozen')
    return (
      <span className="weir-tile-notice">
        <Snowflake aria-hidden="true" />
        {words.frozen}
      </span>
    );
  return null;
}
