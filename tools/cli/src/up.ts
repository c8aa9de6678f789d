import { once } from 'node:events';
import { withDeadline } from '@weir/core';
import { banner } from './banner.ts';
import type { Platform } from './platform.ts';
import { checkPorts } from './ports.ts';
import { readUpConfig } from './up-config.ts';
import { ensureWebApp } from './web-app.ts';

const stopMs = 10_000;

/** Starts the platform and stays until a signal ends it. */
export async function run(args: string[]): Promise<number> {
  if (args.some((arg) => /^--(nodes|regions)(=|$)/.test(arg)))
    return (await import('./up-fleet.ts')).run(args);
  const config = await readUpConfig(args);
  await checkPorts(config);
  await ensureWebApp();
  const { startPlatform } = await import('./platform.ts');
  const platform = await startPlatform(config);
  process.stdout.write(banner(platform, config, process.stdout.isTTY ?? false));
  return await untilStopped(platform);
}

/** Stays until a signal comes, then closes everything; answers the exit status. */
export async function untilStopped(platform: Platform): Promise<number> {
  // A listener that throws is a bug of ours; the calls of everybody else go on, and the log says what it was.
  process.on('uncaughtException', (error) =>
    platform.logger.error({ err: error }, 'an error that nobody caught'),
  );
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  await Promise.race(signals.map((signal) => once(process, signal)));
  process.stderr.write('weir: stopping … (again to stop at once)\n');
  for (const signal of signals) process.on(signal, () => process.exit(130));
  try {
    await withDeadline(platform.close(), stopMs, 'stopping');
    return 0;
  } catch (error) {
    process.stderr.write(`weir: did not stop cleanly: ${(error as Error).message}\n`);
    return 1;
  }
}
