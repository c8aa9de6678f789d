import type { Participant, Publication } from '@weir/client';
import { Hand, MicOff, MonitorUp, Pin } from 'lucide-react';
import { type CSSProperties, useState } from 'react';
import { Avatar } from './avatar.tsx';
import { useLivePicture } from './live-pictures.ts';
import type { PictureRank } from './picture-demand.ts';
import { QualityMark } from './quality-mark.tsx';
import { TileActions } from './tile-actions.tsx';
import { TileNotice } from './tile-notice.tsx';
import { useFullscreen } from './use-fullscreen.ts';
import { useHandPlace, useParticipantFacts } from './use-participants.ts';
import { usePictureDemand } from './use-picture-demand.ts';
import { type PictureState, usePictureState } from './use-picture-state.ts';
import { usePublication, usePublicationFacts } from './use-publications.ts';
import { useIsSpeaking } from './use-speakers.ts';
import { useTrackElement } from './use-track-element.ts';
import { useZoom } from './use-zoom.ts';
import { useWords } from './words-context.tsx';
import type { Zoom } from './zoom.ts';

/** A camera sends 15 or more pictures a second; a screen that nobody touches about one. */
const staleAfterMs = { camera: 2_500, screen: 15_000 };

export type VideoTileProps = {
  participant: Participant;
  /** Whose pictures to show; without one the initials stand for the participant. */
  publication?: Publication | undefined;
  place?: 'main' | 'tile' | 'corner';
  /** How much this picture matters when the line does not carry all. */
  rank?: PictureRank;
  /** Shows a button that makes the tile large for you, or no longer when it is `pinned`. */
  onPin?: (() => void) | undefined;
  pinned?: boolean;
  style?: CSSProperties;
};

/** A participant's picture with the name and state. A picture that stands still never looks live. */
export function VideoTile(props: VideoTileProps) {
  const { participant, publication, place = 'tile', rank = 'rest', onPin, pinned = false, style } = props;
  const words = useWords();
  const [tile, setTile] = useState<HTMLElement | null>(null);
  const { displayName, status, raisedHandAt } = useParticipantFacts(participant);
  const { muted, mutedBy, mediaTrack, heldBack } = usePublicationFacts(publication);
  const microphone = usePublication(participant, 'microphone');
  const { muted: silent } = usePublicationFacts(microphone);
  const handPlace = useHandPlace(participant);
  const speaking = useIsSpeaking(participant);
  const { ref, element: video } = useTrackElement<HTMLVideoElement>(mediaTrack);
  const screen = publication?.source === 'screen';
  const picture = usePictureState(video, screen ? staleAfterMs.screen : staleAfterMs.camera);
  usePictureDemand(publication, tile, rank);
  const zoomable = screen && place === 'main';
  const zoom = useZoom(tile, zoomable);
  const fullscreen = useFullscreen(tile);

  const shown = mediaTrack !== undefined && !muted;
  const name = participant.isLocal ? `${displayName} ${words.youSuffix}`.trim() : displayName;
  const reconnecting = status === 'reconnecting';
  const state: PictureState | 'none' = shown ? picture : 'none';
  useLivePicture(publication, state === 'live');
  return (
    <article
      ref={setTile}
      className="weir-tile"
      style={fullscreen.on ? undefined : style}
      aria-label={screen ? words.screenOf(displayName) : name}
      data-testid="tile"
      data-participant={participant.participantId}
      data-identity={participant.identity}
      data-place={place}
      data-zoomed={zoom.zoom.scale > 1 || undefined}
      data-source={publication?.source ?? 'camera'}
      data-status={status}
      data-picture={state}
      data-live={state === 'live' && !reconnecting}
      data-speaking={speaking && !silent && !screen && !reconnecting}
    >
      {state !== 'live' && !screen && <Avatar name={displayName} identity={participant.identity} />}
      {shown && (
        <video
          ref={ref}
          className="weir-tile-video"
          data-mirrored={participant.isLocal && publication?.source === 'camera'}
          data-fit={screen ? 'contain' : 'cover'}
          style={zoomable ? enlarged(zoom.zoom) : undefined}
          autoPlay
          playsInline
          muted
        />
      )}
      <TileNotice
        reconnecting={reconnecting}
        interrupted={mutedBy === 'device' && !reconnecting}
        heldBack={shown ? heldBack : undefined}
        state={state}
      />
      {raisedHandAt !== undefined && !screen && (
        <span className="weir-tile-hand">
          <Hand role="img" aria-label={handPlace ? words.handPlace(handPlace) : words.handRaised} />
          {handPlace > 0 && <span aria-hidden="true">{handPlace}</span>}
        </span>
      )}
      <span className="weir-tile-label">
        {screen ? (
          <MonitorUp aria-hidden="true" />
        ) : (
          silent && <MicOff className="weir-bad-ink" role="img" aria-label={words.muted} />
        )}
        {pinned && <Pin role="img" aria-label={words.pinned} />}
        <span className="weir-ellipsis">{screen ? words.screenOf(displayName) : name}</span>
        <QualityMark
          name={name}
          video={shown ? publication : undefined}
          audio={screen || silent ? undefined : microphone}
        />
      </span>
      <TileActions
        name={name}
        fullscreen={fullscreen}
        zoom={zoomable ? zoom : undefined}
        pinned={pinned}
        onPin={onPin}
      />
    </article>
  );
}

function enlarged({ scale, x, y }: Zoom): CSSProperties | undefined {
  return scale === 1 ? undefined : { transform: `translate(${x}px, ${y}px) scale(${scale})` };
}
