export {
  defaultScalePolicy,
  desiredNodes,
  freshScale,
  type ScalePolicy,
  type ScaleSignals,
  type ScaleState,
} from './autoscale.ts';
export { Autoscaler, type AutoscalerOptions, type NodeDriver } from './autoscaler.ts';
export type { ClusterStore } from './cluster-store.ts';
export {
  cancelDrain,
  type Drain,
  DrainWatch,
  drainOf,
  drains,
  type NodeFacts,
  nodeFacts,
  requestDrain,
} from './drain.ts';
export type { Lease, Leases } from './leases.ts';
export { type MemoryStoreOptions, memoryStore } from './memory-store.ts';
export { NodeLease, type NodeLeaseOptions } from './node-lease.ts';
export {
  type DirectorStatus,
  directorKey,
  directors,
  type Living,
  type MediaNodeStatus,
  mediaNode,
  mediaNodeKey,
  mediaNodes,
  type RelayStatus,
  relayKey,
  relays,
  type SignalingNodeStatus,
  signalingNodeKey,
  signalingNodes,
} from './nodes.ts';
export { type Placed, Placement, type PlacementDecision, type PlacementWish } from './placement.ts';
export { type RedisStoreOptions, redisStore } from './redis-store.ts';
export { chooseRegion, RegionHints, type RegionQuestion } from './region-choice.ts';
export { chooseRelays, type RelayChoice } from './relay-choice.ts';
export { RelayPool } from './relay-pool.ts';
export type { CommitResult, Json, RoomChange, RoomLog, RoomRecord, RoomState } from './room-log.ts';
export { maySee, RoomReader, RoomView, type Viewer } from './room-view.ts';
export { Rooms } from './rooms.ts';
export { mediaScaled, type ScaledNode, type ScaledRole } from './scaled-nodes.ts';
export type { MovedTrack, SeatClaims } from './seats.ts';
export { hashSecret, provesSeat, type Session } from './session.ts';
export type { NewTrack } from './tracks.ts';
