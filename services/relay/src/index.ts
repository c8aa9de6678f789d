export type { RelayConfig } from './relay-config.ts';
export { RelayService, startRelay } from './relay-service.ts';
export { coturnProgram } from './turn-server.ts';
