export type { MediaLink, OpenMediaLink } from './media-links.ts';
export { Signaling, type SignalingOptions, signalingPath } from './signaling.ts';
