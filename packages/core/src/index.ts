export { type BackoffOptions, backoffMs } from './backoff.ts';
export { type Clock, systemClock } from './clock.ts';
export { sleep, withDeadline } from './deadline.ts';
export { Emitter } from './emitter.ts';
export { type ErrorCode, type ErrorInfo, errorTable, isErrorCode, PlatformError } from './errors.ts';
export { newId, newSecret } from './id.ts';
export { type CloseReason, Lifetime } from './lifetime.ts';
export { type Logger, silentLogger } from './logger.ts';
export { TokenBucket } from './token-bucket.ts';
