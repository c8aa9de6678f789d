import type { IncomingMessage } from 'node:http';
import { type ClusterStore, Rooms } from '@weir/cluster';
import type { Logger } from '@weir/core';
import type { Database } from '@weir/database';
import type { IceServer, ParticipantId, RtpCapabilities } from '@weir/protocol';
import type { HttpApp } from '@weir/service';
import { joinRoutes } from './join-routes.ts';
import { Placement } from './placement.ts';

export type DirectorOptions = {
  app: HttpApp;
  store: ClusterStore;
  database: Database;
  /** Where the client of this request opens its WebSocket, best first. */
  signalingUrls: (request: IncomingMessage) => string[];
  iceServers: (participantId: ParticipantId) => IceServer[];
  /** The fleet's codecs. */
  rtpCapabilities: RtpCapabilities;
  /** Anybody may join any room by its name. */
  guestAccess: boolean;
  logger: Logger;
};

export type DirectorContext = DirectorOptions & { rooms: Rooms; placement: Placement };

/** Registers the HTTP API on `app`, before it listens. */
export async function startDirector(options: DirectorOptions): Promise<void> {
  const context: DirectorContext = {
    ...options,
    rooms: new Rooms(options.store.rooms),
    placement: new Placement(options.store),
  };
  joinRoutes(options.app, context);
}
