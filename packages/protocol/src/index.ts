export * from './contract.ts';
export * from './director.ts';
export { limits, protocolVersion, subprotocol } from './limits.ts';
export * from './media-control.ts';
export * from './media-pipes.ts';
export * from './room.ts';
export * from './rpc-peer.ts';
export * from './rtp.ts';
export * from './signaling.ts';
