export { coturnProgram } from '@weir/relay';
export type { Bench, BenchOptions, BenchResult, Machine } from './bench-result.ts';
export { type Platform, type PlatformConfig, type RelayOptions, startPlatform } from './platform.ts';
export { ownCertificate, type TlsFiles } from './tls.ts';
export { ensureWebApp } from './web-app.ts';
