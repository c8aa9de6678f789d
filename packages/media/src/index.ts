export { callsTo, handlersFor, pipeHandlersFor } from './bound-handlers.ts';
export type { CascadeConfig } from './cascade-config.ts';
export { mediaCodecs, routerRtpCapabilities } from './codecs.ts';
export { MediaNode, type MediaNodeConfig, type MediaNodeEvents } from './media-node.ts';
export type { ListenAddress } from './media-worker.ts';
export type { MediaListener } from './participant-session.ts';
export type { SoundLimits } from './room-sound.ts';
export type { EdgeListener } from './track-distributor.ts';
export type { TrackPlace } from './track-fetcher.ts';
