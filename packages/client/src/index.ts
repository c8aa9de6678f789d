export { type ErrorCode, PlatformError } from '@weir/core';
export type {
  DataMessage,
  Grants,
  LayerPreferences,
  LeaveReason,
  LimitReason,
  RoomSettings,
  Source,
  WaitingParticipant,
} from '@weir/protocol';
export type { AudioSlot } from './audio-slots.ts';
export { devices } from './devices.ts';
export type { Downlink } from './downlink.ts';
export type { LocalParticipant } from './local-participant.ts';
export type {
  DataProduction,
  MediaEngine,
  MediaSignaling,
  Production,
  Reception,
  Standby,
} from './media-engine.ts';
export type { Participant, RemoteParticipant } from './participant.ts';
export type { PeerConnectionUse } from './peer-connections.ts';
export type { Interruption, LocalPublication, Publication, RemotePublication } from './publication.ts';
export type { PublishOptions, VideoCodec } from './publish-options.ts';
export type { ReceivingState } from './receiving-state.ts';
export { Room, type RoomDebug, type RoomOptions, type TokenSource } from './room.ts';
export type { RoomEvents, RoomStatus, Sample } from './room-events.ts';
export type { SampleChannel } from './sample-channel.ts';
export { hasSeat } from './seat-storage.ts';
export type { SelectedPath } from './selected-path.ts';
