export type { MediaLink, OpenMediaLink } from './media-links.ts';
export type { OfferRelays } from './seat-view.ts';
export { Signaling, type SignalingOptions, signalingPath } from './signaling.ts';
