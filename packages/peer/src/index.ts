export type { AssembledFrame } from './frame-assembler.ts';
export { loadMedia, type MediaCodec, type MediaFile } from './media-file.ts';
export { numberedSound } from './numbered-sound.ts';
export { PeerDataChannel } from './peer-data-channel.ts';
export { PeerEngine, type PeerEngineOptions } from './peer-engine.ts';
export { preparedTrack, receiverOf } from './peer-media-track.ts';
export {
  PeerTransport,
  type PeerTransportEvents,
  type PeerTransportOptions,
  type TransportStatistics,
} from './peer-transport.ts';
export {
  type AudioDescription,
  type MediaDescription,
  prepareMedia,
  prepareSimulcast,
  type VideoDescription,
} from './prepared-media.ts';
export { rtpCapabilities } from './rtp-capabilities.ts';
export { type ReceivedFrame, type ReceiverStatistics, RtpReceiver } from './rtp-receiver.ts';
export { RtpSender, type SenderStatistics } from './rtp-sender.ts';
export { SendTrack, type SendTrackOptions } from './send-track.ts';
