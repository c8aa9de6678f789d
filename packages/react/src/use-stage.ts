import type { Participant, Publication } from '@weir/client';
import { useRef } from 'react';
import { nextArrangement, type StageArrangement, shownOf } from './stage-arrangement.ts';
import type { Rect, Size } from './stage-layout.ts';
import { type StageFrame, stageFrame, stageTiles, visiblePlaces } from './stage-plan.ts';
import { useStageView } from './stage-view.tsx';
import { useAbsentees } from './use-absentees.ts';
import { useParticipants } from './use-participants.ts';
import { usePublications } from './use-publications.ts';
import { useMainSpeaker, useSpeakers } from './use-speakers.ts';

export type StageTile = {
  key: string;
  participant: Participant;
  screen?: Publication | undefined;
  rect: Rect;
};

export type Stage = { frame: StageFrame; tiles: readonly StageTile[]; others: number };

/**
 * Who and what is where on a stage of that size. Nobody changes place without need. Whoever lost the connection a while ago
 * has no tile until they are back at their place.
 */
export function useStage(box: Size, page: number): Stage {
  const { layout, self, pinned } = useStageView();
  const participants = useParticipants();
  const local = participants[0]!;
  const absent = useAbsentees(participants.slice(1));
  const isHere = ({ participantId }: Participant) => !absent.has(participantId);
  const screens = usePublications('screen').filter(
    ({ participant }) => participant !== local && isHere(participant),
  );
  const people = new Map(participants.map((participant) => [participant.participantId, participant]));
  const ids = [...people.keys()];
  const frame = stageFrame({
    box,
    layout,
    self,
    pinned,
    speaker: useMainSpeaker()?.participantId,
    local: local.participantId,
    people: ids,
    absent,
    screens: screens.map(({ trackId }) => trackId),
    page,
  });
  const apart = frame.corner ? local.participantId : undefined;
  const arranged = useArrangement(
    ids.filter((id) => id !== apart),
    frame,
    absent,
    local.participantId,
  );
  const shown = shownOf(arranged, { main: frame.main, absent, visible: visiblePlaces(frame) });
  const rects = stageTiles(frame, shown, local.participantId);
  // In an order that layouts do not change: elements that move in the document lose their picture for a moment.
  const all: Omit<StageTile, 'rect'>[] = [
    ...screens.map((screen) => ({ key: screen.trackId, participant: screen.participant, screen })),
    ...participants.map((participant) => ({ key: participant.participantId, participant })),
  ];
  const tiles = all.flatMap((tile) => {
    const rect = rects.get(tile.key);
    return rect ? [{ ...tile, rect }] : [];
  });
  return { frame, tiles, others: participants.length - absent.size + screens.length - 1 };
}

function useArrangement(
  ids: readonly string[],
  frame: StageFrame,
  absent: ReadonlySet<string>,
  local: string,
): StageArrangement {
  const speakers = useSpeakers().map(({ participantId }) => participantId);
  const previous = useRef<StageArrangement>([]);
  const mainBefore = useRef<string>(undefined);
  const lastSpokeAt = useRef(new Map<string, number>());
  const present = new Set(ids);
  for (const id of speakers) lastSpokeAt.current.set(id, Date.now());
  for (const id of lastSpokeAt.current.keys()) if (!present.has(id)) lastSpokeAt.current.delete(id);
  previous.current = nextArrangement(previous.current, ids, {
    main: frame.main,
    mainBefore: mainBefore.current,
    absent,
    speakers,
    lastSpokeAt: lastSpokeAt.current,
    visible: visiblePlaces(frame),
    fixed: local,
  });
  mainBefore.current = frame.main ?? mainBefore.current;
  return previous.current;
}
