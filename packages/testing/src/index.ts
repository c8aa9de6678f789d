export type { DevicesKit, FakeDevicesOptions } from './browser/devices.ts';
export type { FrameCode, FrameCodeKit } from './browser/frame-code.ts';
export { type BrowserKit, browserKitScript } from './browser/kit.ts';
export type { GlassToGlass, MeasureKit } from './browser/measure.ts';
export type { FrameCodeSourceOptions, SourcesKit, ToneSourceOptions } from './browser/sources.ts';
export {
  chromiumPath,
  firefoxPath,
  type LaunchOptions,
  launchChromium,
  launchFirefox,
  launchUnloggedChromium,
  windowUserAgent,
} from './browsers.ts';
export { codeBlocks } from './code-blocks.ts';
export { type EventuallyOptions, eventually, type Reached } from './eventually.ts';
export { FakeClock } from './fake-clock.ts';
export { freePort } from './free-port.ts';
export { hasHaproxy, startHaproxy } from './haproxy.ts';
export type { DropCause, Impairment, PathCounters } from './impairment.ts';
export {
  canMakeNamespaces,
  createNetwork,
  type HostOptions,
  type Network,
  type PerDirection,
} from './network.ts';
export { bundlePage } from './page-bundle.ts';
export { type PostgresServer, postgresPrograms, startPostgres } from './postgres-server.ts';
export { hasRedis, type RedisServer, startRedis, startRedisCluster } from './redis-server.ts';
export { type Seed, seededRandom, withSeed } from './seeded-random.ts';
export {
  type Direction,
  type Fate,
  type MessageChannelEnd,
  type SocketPair,
  type SocketPairOptions,
  socketPair,
} from './socket-pair.ts';
export {
  type StreamImpairment,
  type TcpProxy,
  type TcpProxyCounters,
  type TcpProxyOptions,
  tcpProxy,
} from './tcp-proxy.ts';
export { type TempDir, tempDir } from './temp-dir.ts';
export { tied } from './tied.ts';
export { type UdpProxy, type UdpProxyCounters, type UdpProxyOptions, udpProxy } from './udp-proxy.ts';
