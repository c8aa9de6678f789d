import type { PlatformError } from '@weir/core';
import type { DataMessage, LeaveReason, RoomSettings, WaitingParticipant } from '@weir/protocol';
import type { AudioSlot } from './audio-slots.ts';
import type { Downlink } from './downlink.ts';
import type { Participant, RemoteParticipant } from './participant.ts';
import type { PeerConnectionUse } from './peer-connections.ts';
import type { LocalPublication, Publication, RemotePublication } from './publication.ts';
import type { ReceivingState } from './receiving-state.ts';

export type RoomStatus = 'idle' | 'connecting' | 'waiting' | 'connected' | 'reconnecting' | 'closed';

/** A reading from a sample channel; `capturedAt` in ms since the epoch, by the sender's clock. */
export type Sample = { participantId: string; name: string; payload: Uint8Array; capturedAt: number };

export type RoomEvents = {
  statusChanged: [RoomStatus];
  participantJoined: [RemoteParticipant];
  /** Name, metadata, attributes, grants or status; the local participant's too. */
  participantUpdated: [Participant];
  participantLeft: [RemoteParticipant, LeaveReason];
  trackPublished: [RemotePublication];
  /** Muted, or the layer or what limits it changed; local publications too: a moderator may have muted you. */
  trackUpdated: [Publication];
  trackUnpublished: [Publication];
  /** The device of your camera or microphone gives nothing, or gives again: `publication.interruption` says which. */
  interruptionChanged: [LocalPublication];
  trackSubscribed: [RemotePublication, MediaStreamTrack];
  trackUnsubscribed: [RemotePublication];
  dataReceived: [DataMessage, RemoteParticipant | undefined];
  sampleReceived: [Sample];
  /** Who waits in the lobby; told to admins. */
  lobbyChanged: [WaitingParticipant[]];
  roomUpdated: [RoomSettings];
  /** Which audio slots there are, or whom they carry. */
  audioSlotsChanged: [readonly AudioSlot[]];
  /** Loudest first. */
  speakersChanged: [Participant[]];
  downlinkChanged: [Downlink];
  /** Media is being set up anew; the reason in words. */
  mediaReset: [string];
  /** Of the connections that the browser allows a page 80 % are used up: closed ones count until they are collected. */
  peerConnectionsScarce: [PeerConnectionUse];
  /** Receiving came a step further: for debug panels. */
  receivingChanged: [ReceivingState];
  /** Undefined: you left. */
  closed: [PlatformError | undefined];
};
