import type { Participant } from '@weir/client';
import { useState } from 'react';
import type { Rect } from './stage-layout.ts';
import { StagePager } from './stage-pager.tsx';
import { useStageView } from './stage-view.tsx';
import { useElementSize } from './use-element-size.ts';
import { usePublication } from './use-publications.ts';
import { useMainSpeaker } from './use-speakers.ts';
import { useStage } from './use-stage.ts';
import { VideoTile, type VideoTileProps } from './video-tile.tsx';
import { useWords } from './words-context.tsx';

/**
 * Everybody's picture, as large as the box allows, in the layout of `useStageView`. Tiles keep their places and their
 * elements across layouts: a picture never restarts. Who does not fit is on another page.
 */
export function ParticipantGrid() {
  const words = useWords();
  const [stage, setStage] = useState<HTMLElement | null>(null);
  const box = useElementSize(stage);
  const [page, setPage] = useState(0);
  const { pinned, pin } = useStageView();
  const speaker = useMainSpeaker();
  const { frame, tiles, others } = useStage(box, page);
  const rankOf = (key: string, participant: Participant) => {
    if (key === pinned) return 'pinned';
    return key === frame.main || participant === speaker ? 'speaker' : 'rest';
  };
  return (
    <section
      ref={setStage}
      className="weir-grid"
      aria-label={words.stage}
      data-testid="grid"
      data-layout={frame.layout}
    >
      {box.width > 0 &&
        tiles.map(({ key, participant, screen, rect }) => {
          const common = {
            participant,
            style: place(rect),
            place: key === frame.main ? 'main' : rect === frame.corner ? 'corner' : 'tile',
            rank: rankOf(key, participant),
            pinned: key === pinned,
            onPin: others > 0 ? () => pin(key === pinned ? undefined : key) : undefined,
          } as const;
          return screen ? (
            <VideoTile key={key} {...common} publication={screen} />
          ) : (
            <CameraTile key={key} {...common} />
          );
        })}
      <StagePager page={frame.page} pages={frame.pages} box={frame.strip} onPage={setPage} />
    </section>
  );
}

function CameraTile(props: Omit<VideoTileProps, 'publication'>) {
  return <VideoTile {...props} publication={usePublication(props.participant, 'camera')} />;
}

function place({ x, y, width, height }: Rect) {
  return { width, height, transform: `translate(${x}px, ${y}px)` };
}
