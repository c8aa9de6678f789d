// The signaling of a client without its media, for programs that bring their own engine.

export { isPageBusy } from './busy-page.ts';
export {
  type JoinedAnswer,
  type Missed,
  type SignalingEnvironment,
  SignalingLink,
} from './signaling-link.ts';
export {
  defaultTimes,
  nextState,
  type Seat,
  type SignalingState,
  type SignalingTimes,
} from './signaling-state.ts';
export { lookEveryMs, TrafficPulse } from './traffic-pulse.ts';
