import type { ListenAddress } from './media-worker.ts';
import type { OpenPipes } from './pipe-links.ts';
import type { LocateTrack } from './track-fetcher.ts';

/** What a media node needs to share rooms with others. */
export type CascadeConfig = {
  region: string;
  /** Where pipes of other nodes arrive: the private network. */
  listen: ListenAddress;
  /** Pipes of one track out of one node. Default 8. */
  fanOut?: number;
  open: OpenPipes;
  locate: LocateTrack;
  /** How long a track stays after its last subscriber. Default 2 s. */
  lingerMs?: number;
};
