export {};
export { wsChannel } from './ws-channel.ts';
