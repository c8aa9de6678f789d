import type { Participant, Publication } from '@weir/client';
import { Users } from 'lucide-react';
import { useState } from 'react';
import { useRoom } from './room-context.tsx';
import { fitGrid, gridCapacity, type Rect, spotlightBoxes } from './stage-layout.ts';
import { useElementSize } from './use-element-size.ts';
import { useParticipants } from './use-participants.ts';
import { usePublication, usePublications } from './use-publications.ts';
import { useStageSelection } from './use-stage-selection.ts';
import { VideoTile, type VideoTileProps } from './video-tile.tsx';
import { useWords } from './words-context.tsx';

const gap = 8;
/** More at a time are for a wall, not for a call. */
const mostTiles = 49;

export type ParticipantGridProps = {
  /** Called from the tile that stands for those without a place. */
  onShowEverybody?: () => void;
};

/**
 * Everybody's picture, as large as the box allows. A shared screen, or a tile that was enlarged, is large with the others
 * in a strip. Tiles keep their order, and their elements across layouts: a picture never restarts.
 */
export function ParticipantGrid({ onShowEverybody }: ParticipantGridProps) {
  const words = useWords();
  const room = useRoom();
  const [stage, setStage] = useState<HTMLElement | null>(null);
  const box = useElementSize(stage);
  const [enlarged, setEnlarged] = useState<string | 'none'>();
  const participants = useParticipants();
  const screens = usePublications('screen').filter(({ participant }) => participant !== room.local);

  const spotlight = spotlightKey(enlarged, participants, screens);
  const others = participants.length + screens.length - 1;
  const boxes = spotlight
    ? spotlightBoxes(box, others, gap)
    : { main: undefined, strip: { x: 0, y: 0, ...box } };
  const capacity = gridCapacity(boxes.strip, gap, mostTiles) - screens.length;
  const needed = participants.length - (participants.some((p) => p.participantId === spotlight) ? 1 : 0);
  const places = Math.max(1, needed > capacity ? capacity - 1 : capacity);
  const seen = useStageSelection(participants, needed > capacity ? places : participants.length);
  const unseen = participants.length - seen.length;

  const tiles: { key: string; participant: Participant; screen?: Publication }[] = [
    ...screens.map((screen) => ({ key: screen.trackId, participant: screen.participant, screen })),
    ...seen.map((participant) => ({ key: participant.participantId, participant })),
  ];
  const inStrip = tiles.filter(({ key }) => key !== spotlight);
  const cells = fitGrid(inStrip.length + (unseen > 0 ? 1 : 0), boxes.strip, gap);
  const rectOf = (key: string): Rect | undefined => {
    if (key === spotlight) return boxes.main;
    const cell = cells[inStrip.findIndex((tile) => tile.key === key)];
    return cell && { ...cell, x: cell.x + boxes.strip.x, y: cell.y + boxes.strip.y };
  };
  const toggle = (key: string) => setEnlarged(key === spotlight ? 'none' : key);
  const rest = unseen > 0 ? cells.at(-1) : undefined;
  return (
    <section ref={setStage} className="weir-grid" aria-label={words.stage} data-testid="grid">
      {box.width > 0 &&
        tiles.map(({ key, participant, screen }) => {
          const rect = rectOf(key);
          if (!rect) return null;
          const common = {
            participant,
            style: place(rect),
            enlarged: key === spotlight,
            onEnlarge: others > 0 ? () => toggle(key) : undefined,
          };
          return screen ? (
            <VideoTile key={key} {...common} publication={screen} />
          ) : (
            <CameraTile key={key} {...common} />
          );
        })}
      {rest && (
        <button
          type="button"
          className="weir-tile weir-tile-rest"
          style={place({ ...rest, x: rest.x + boxes.strip.x, y: rest.y + boxes.strip.y })}
          onClick={onShowEverybody}
          title={words.showEverybody}
        >
          <Users aria-hidden="true" />
          {words.more(unseen)}
        </button>
      )}
    </section>
  );
}

function CameraTile(props: Omit<VideoTileProps, 'publication'>) {
  return <VideoTile {...props} publication={usePublication(props.participant, 'camera')} />;
}

/** What is large: the user's choice while it is there, else the newest shared screen unless that was put back. */
function spotlightKey(
  enlarged: string | undefined,
  participants: readonly Participant[],
  screens: readonly Publication[],
): string | undefined {
  if (enlarged === 'none') return undefined;
  const there =
    participants.some((p) => p.participantId === enlarged) || screens.some((s) => s.trackId === enlarged);
  return there && participants.length + screens.length > 1 ? enlarged : screens.at(-1)?.trackId;
}

function place({ x, y, width, height }: Rect) {
  return { width, height, transform: `translate(${x}px, ${y}px)` };
}
