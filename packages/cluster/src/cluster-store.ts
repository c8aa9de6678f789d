import type { Leases } from './leases.ts';
import type { RoomLog } from './room-log.ts';

/** What the nodes of a fleet share. */
export interface ClusterStore {
  readonly rooms: RoomLog;
  readonly leases: Leases;
  /** How often something was found in it that cannot be read. */
  readonly unreadable: number;
  close(): Promise<void>;
}
