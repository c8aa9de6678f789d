// For end-to-end tests and measurements.
import { setUpDatabase } from '@weir/database/testing';
import { tempDir } from '@weir/testing';
import { type Platform, type PlatformConfig, startPlatform } from './platform.ts';

export { DirectorClient } from './director-client.ts';
export { canStartFleet, childrenOf, Fleet, type FleetNode, type FleetPipe } from './fleet-processes.ts';

export { type Rolled, rollNodes } from './roll.ts';

export type TestPlatform = Platform & AsyncDisposable & { config: PlatformConfig };

/** The whole platform in this process, on free loopback ports and a temporary directory; gone when disposed. */
export async function startTestPlatform(options: Partial<PlatformConfig> = {}): Promise<TestPlatform> {
  await using stack = new AsyncDisposableStack();
  const dataDir = options.dataDir ?? stack.use(await tempDir()).path;
  if (options.dataDir === undefined) await setUpDatabase(dataDir);
  const config: PlatformConfig = {
    host: '127.0.0.1',
    port: 0,
    dataDir,
    workers: 2,
    logLevel: 'error',
    logPretty: false,
    ...options,
  };
  const platform = await startPlatform(config);
  stack.defer(() => platform.close());
  const moved = stack.move();
  const dispose = () => moved.disposeAsync();
  const wrapped = Object.create(platform) as TestPlatform; // `signaling` stays the getter that it is.
  Object.defineProperties(wrapped, {
    config: { value: config },
    [Symbol.asyncDispose]: { value: dispose },
  });
  return wrapped;
}
