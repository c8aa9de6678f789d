export type { ControlConfig } from './control-server.ts';
export { type SfuConfig, SfuService, startSfu } from './sfu-service.ts';
