export type { OfferRelays } from './attendance.ts';
export type { MediaLink, OpenMediaLink } from './media-links.ts';
export { Signaling, type SignalingOptions, signalingPath } from './signaling.ts';
