import { createServer, type Server } from 'node:net';
import { PlatformError } from '@weir/core';
import { runCommand } from './command.ts';

/** A number that names one network's namespaces, devices and addresses, and is nobody else's while it is held. */
export type NetworkClaim = { number: number; release(): Promise<void> };

const maxNetworks = 64;
const namespacePattern = /^weir-(\d+)-/;

export const namespaceName = (number: number, rest: string) => `weir-${number}-${rest}`;

/** The name of the device that stands in the main namespace. */
export const mainDevice = (number: number) => `weir-${number}`;

/**
 * A number that no other living process has: it names namespaces and addresses. What still bears a free number was left
 * behind by a process that died, and is removed first.
 */
export async function claimNetwork(): Promise<NetworkClaim> {
  const used = new Set((await namespacesOf()).map((name) => Number(namespacePattern.exec(name)![1])));
  let claimed: NetworkClaim | undefined;
  for (let number = 0; number < maxNetworks; number++) {
    if (claimed && !used.has(number)) continue;
    const claim = await tryClaim(number);
    if (!claim) continue;
    let isClean = true;
    if (used.has(number))
      isClean = await removeNamespaces(number).then(
        () => true,
        () => false, // Left to a later network; this one takes another number.
      );
    if (claimed || !isClean) await claim.release();
    else claimed = claim;
  }
  if (!claimed) throw new PlatformError('limit-reached', `${maxNetworks} networks exist`);
  return claimed;
}

/** An abstract socket is the lock: the kernel frees it when its owner ends, however it ends. */
async function tryClaim(number: number): Promise<NetworkClaim | undefined> {
  const server: Server = createServer();
  const listening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(`\0weir-network-${number}`, () => resolve(true));
  });
  if (!listening) return undefined;
  server.unref();
  return { number, release: () => new Promise((released) => server.close(() => released())) };
}

async function namespacesOf(number?: number): Promise<string[]> {
  const listed = await runCommand('ip', ['netns', 'list']);
  return listed
    .split('\n')
    .map((line) => line.split(' ')[0]!)
    .filter((name) => {
      const match = namespacePattern.exec(name);
      return match && (number === undefined || Number(match[1]) === number);
    });
}

/** Kills what runs inside, and removes the namespaces and with them their devices. */
export async function removeNamespaces(number: number): Promise<void> {
  for (const namespace of await namespacesOf(number)) {
    for (const pid of (await runCommand('ip', ['netns', 'pids', namespace])).split('\n').filter(Boolean))
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It ended by itself meanwhile.
      }
    await runCommand('ip', ['netns', 'delete', namespace]);
  }
  // The kernel removes devices some time after their namespace; the next owner of the number needs the name now.
  await runCommand('ip', ['link', 'delete', mainDevice(number)]).catch(() => {});
}
