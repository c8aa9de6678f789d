import { checkPorts } from './ports.ts';
import { readServeConfig } from './serve-config.ts';
import { untilStopped } from './up.ts';
import { ensureWebApp } from './web-app.ts';

/** One process of a fleet: the roles that it was given, on the Redis and the Postgres that all share. */
export async function run(args: string[]): Promise<number> {
  const config = await readServeConfig(args);
  await checkPorts(config);
  if (config.roles?.includes('director')) await ensureWebApp();
  const { startPlatform } = await import('./platform.ts');
  const platform = await startPlatform(config);
  const { roles = [], fleet } = config;
  process.stdout.write(`weir: ${roles.join(', ')} in region ${fleet!.region} at ${platform.urls.local}\n`);
  return await untilStopped(platform);
}
