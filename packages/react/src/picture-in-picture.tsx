import { type ReactNode, useEffect, useState } from 'react';
import { createPortal } from 'react-dom';
import { useParticipants } from './use-participants.ts';
import { usePublication, usePublications } from './use-publications.ts';
import { useMainSpeaker } from './use-speakers.ts';
import { VideoTile } from './video-tile.tsx';

/** Not in TypeScript's own types of the browser. */
type DocumentPictureInPicture = {
  requestWindow(options: { width: number; height: number }): Promise<Window>;
};

const size = { width: 384, height: 216 };

export type PictureInPicture = {
  possible: boolean;
  on: boolean;
  flip: () => void;
  /** Render it anywhere inside the room: it appears in the window. */
  window: ReactNode;
};

/** A small window above all others with what matters most in the call; where browsers lack it, with a video alone. */
export function usePictureInPicture(): PictureInPicture {
  const [small, setSmall] = useState<Window>();
  const [video, setVideo] = useState<HTMLVideoElement>();
  useEffect(() => () => small?.close(), [small]);
  const api = (globalThis as { documentPictureInPicture?: DocumentPictureInPicture })
    .documentPictureInPicture;

  const open = async () => {
    if (api) {
      const opened = await api.requestWindow(size);
      dress(opened.document);
      opened.addEventListener('pagehide', () => setSmall(undefined));
      return setSmall(opened);
    }
    const element = document.querySelector<HTMLVideoElement>(mainVideo) ?? undefined;
    if (!element) return;
    await element.requestPictureInPicture();
    element.addEventListener('leavepictureinpicture', () => setVideo(undefined), { once: true });
    setVideo(element);
  };
  const close = async () => {
    small?.close();
    if (video) await document.exitPictureInPicture();
  };
  const on = small !== undefined || video !== undefined;
  return {
    possible: api !== undefined || document.pictureInPictureEnabled === true,
    on,
    flip: () => void (on ? close() : open()).catch(() => {}), // Not without a click, or forbidden in this frame.
    window: small ? createPortal(<SmallStage />, small.document.body) : null,
  };
}

const mainVideo =
  '.weir-tile[data-place="main"] video, .weir-tile[data-speaking="true"] video, .weir-tile[data-place="tile"] video';

/** One picture: the newest shared screen, else who speaks, else the first of the others. */
function SmallStage() {
  const participants = useParticipants();
  const speaker = useMainSpeaker();
  const screen = usePublications('screen').findLast(({ participant }) => !participant.isLocal);
  const shown = screen?.participant ?? speaker ?? participants[1] ?? participants[0]!;
  const camera = usePublication(shown, 'camera');
  return (
    <div className="weir-small-window" data-testid="small-window">
      <VideoTile
        key={screen?.trackId ?? shown.participantId}
        participant={shown}
        publication={screen ?? camera}
        rank="speaker"
        style={{ width: '100%', height: '100%' }}
      />
    </div>
  );
}

/** The looks of this page. */
function dress(target: Document): void {
  const { documentElement: root } = document;
  target.documentElement.lang = root.lang;
  target.documentElement.style.cssText = root.style.cssText;
  target.title = document.title;
  for (const sheet of document.querySelectorAll('link[rel="stylesheet"], style'))
    target.head.append(target.importNode(sheet, true));
}
