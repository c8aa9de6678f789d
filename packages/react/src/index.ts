export { AudioRenderer } from './audio-renderer.tsx';
export { Avatar } from './avatar.tsx';
export { type ChatMessage, chatHistoryLimit } from './chat-history.ts';
export { ChatPanel } from './chat-panel.tsx';
export type { Quality, QualityLevel, QualityReason } from './connection-quality.ts';
export { ControlBar, type ControlBarProps, type Panel } from './control-bar.tsx';
export { type Count, counting, localeOf } from './counting.ts';
export { DebugPanel } from './debug-panel.tsx';
export { LayoutMenu } from './layout-menu.tsx';
export { LobbyPanel } from './lobby-panel.tsx';
export { MenuItem, type MenuItemProps } from './menu-item.tsx';
export { ParticipantGrid } from './participant-grid.tsx';
export { ParticipantsPanel } from './participants-panel.tsx';
export { type PictureInPicture, usePictureInPicture } from './picture-in-picture.tsx';
export { type JoinChoice, PreJoin, type PreJoinProps } from './pre-join.tsx';
export { reasonWords } from './quality-mark.tsx';
export { ReactionMenu, ReactionOverlay } from './reaction-menu.tsx';
export {
  type DeviceChoice,
  type DeviceKind,
  RoomProvider,
  type RoomProviderProps,
  useRoom,
} from './room-context.tsx';
export type { RoomEventType } from './room-revisions.ts';
export { fitGrid, type Rect, type Size } from './stage-layout.ts';
export { type SelfView, type StageLayout, stageLayouts } from './stage-plan.ts';
export { type StageChoice, type StageView, useStageView } from './stage-view.tsx';
export type { StreamReading } from './stream-reading.ts';
export { useAudioSlots } from './use-audio-slots.ts';
export { type Chat, useChat } from './use-chat.ts';
export { type DeviceLists, useDeviceLists, useDevices } from './use-devices.ts';
export { useLevel } from './use-level.ts';
export { type Lobby, useLobby } from './use-lobby.ts';
export { type MediaSwitch, type SwitchSource, useMediaSwitch } from './use-media-switch.ts';
export {
  raisedHand,
  useHandPlace,
  useLocalParticipant,
  useParticipantFacts,
  useParticipants,
  useRaisedHand,
} from './use-participants.ts';
export { type PictureState, usePictureState } from './use-picture-state.ts';
export { usePublication, usePublicationFacts, usePublications } from './use-publications.ts';
export { useQuality, useStreamReading, useUploadQuality } from './use-quality.ts';
export { useCloseError, useDownlink, useRoomSettings, useRoomStatus } from './use-room-status.ts';
export { useRoomRevision, useRoomValue } from './use-room-value.ts';
export { useShortcuts } from './use-shortcuts.ts';
export { useIsSpeaking, useMainSpeaker, useSpeakers } from './use-speakers.ts';
export { useTrackElement } from './use-track-element.ts';
export { VideoTile, type VideoTileProps } from './video-tile.tsx';
export { type Words, words } from './words.ts';
export { deviceProblem, useWords, WordsProvider } from './words-context.tsx';
