export type { ClusterStore } from './cluster-store.ts';
export type { Lease, Leases } from './leases.ts';
export type { CommitResult, Json, RoomChange, RoomLog, RoomRecord, RoomState } from './room-log.ts';
