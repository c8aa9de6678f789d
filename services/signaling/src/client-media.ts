import type { DrainWatch, Placement, Rooms } from '@weir/cluster';
import type { Logger, Turns } from '@weir/core';
import type { RpcPeer, RtpCapabilities, SignalingClient, SignalingServer } from '@weir/protocol';
import type { MediaLinks } from './media-links.ts';
import type { SeatView } from './seat-view.ts';

export type ClientPeer = RpcPeer<SignalingServer, SignalingClient>;

/** What it takes to have media for a client somewhere. */
export type ClientMedia = {
  seat: SeatView;
  peer: ClientPeer;
  rooms: Rooms;
  links: MediaLinks;
  placement: Placement;
  drains: DrainWatch;
  /** Of those who leave drained media nodes. */
  turns: Turns;
  rtpCapabilities: RtpCapabilities;
  /** Subscribe to so many of the tracks that are there when media is set up, audio first. */
  subscribeAtMost: number;
  /** The client plays audio slots in place of microphones. */
  playsSlots: boolean;
  /** The client can have its media on two nodes for a moment. */
  moves: boolean;
  logger: Logger;
};
