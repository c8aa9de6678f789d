import type { IncomingMessage } from 'node:http';
import { type ClusterStore, Placement, type RegionHints, Rooms } from '@weir/cluster';
import type { Logger } from '@weir/core';
import type { Database } from '@weir/database';
import type { IceServer, MediaPaths, ParticipantId, RtpCapabilities } from '@weir/protocol';
import type { HttpApp } from '@weir/service';
import { guardRoutes } from './access.ts';
import { Callers } from './callers.ts';
import { joinRoutes } from './join-routes.ts';
import { KeyRing } from './key-ring.ts';
import { NodeDirectory } from './node-directory.ts';
import { nodeRoutes } from './node-routes.ts';
import { describeRoutes } from './openapi.ts';
import { participantRoutes } from './participant-routes.ts';
import { placementRoutes } from './placement-routes.ts';
import { preflightRoutes } from './preflight-routes.ts';
import { RegionFinder } from './region-finder.ts';
import { regionRoutes } from './region-routes.ts';
import { RoomDirectory } from './room-directory.ts';
import { roomRoutes } from './room-routes.ts';
import { tokenRoutes } from './token-routes.ts';

export type DirectorOptions = {
  app: HttpApp;
  store: ClusterStore;
  /** Where this director is, and so probably those who ask it. */
  region?: string;
  /** What is known of where clients are, and the header in which a proxy says it. */
  regionHints?: RegionHints;
  regionHeader?: string;
  database: Database;
  /** Where the client of this request opens its WebSocket, best first. */
  signalingUrls: (request: IncomingMessage) => Promise<string[]>;
  /** The relays for a participant, as far as the room's `paths` allow them. */
  iceServers: (participantId: ParticipantId, paths: MediaPaths, region?: string) => IceServer[];
  /** The fleet's codecs. */
  rtpCapabilities: RtpCapabilities;
  /** Anybody may join any room by its name. */
  guestAccess: boolean;
  /** Anybody may test the connection; else only who has a join token. */
  publicPreflight: boolean;
  logger: Logger;
};

export type DirectorContext = DirectorOptions & {
  rooms: Rooms;
  directory: RoomDirectory;
  keys: KeyRing;
  placement: Placement;
  regions: RegionFinder;
  nodes: NodeDirectory;
};

/** Registers the HTTP API on `app`, before it listens. */
export async function startDirector(options: DirectorOptions): Promise<void> {
  const { app, store, database } = options;
  const rooms = new Rooms(store.rooms);
  const keys = new KeyRing(database.apiKeys);
  const context: DirectorContext = {
    ...options,
    rooms,
    keys,
    directory: new RoomDirectory(rooms, database),
    placement: new Placement(store, { region: options.region }),
    regions: new RegionFinder(options),
    nodes: new NodeDirectory(store),
  };
  await app.register(async (scope) => {
    const api = scope as unknown as HttpApp;
    guardRoutes(api, new Callers(keys));
    await describeRoutes(api);
    for (const add of [
      joinRoutes,
      regionRoutes,
      preflightRoutes,
      roomRoutes,
      participantRoutes,
      tokenRoutes,
      placementRoutes,
      nodeRoutes,
    ])
      add(api, context);
  });
}
