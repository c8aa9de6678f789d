import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { PlatformError, withDeadline } from '@weir/core';

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

// Bridges and pairs that only containers and virtual machines on this machine see.
const inward = /^(docker|br-|veth|virbr|vnet|vmnet|lxc|lxd|podman|cni|cali|flannel|kube|weave|dummy)/;

/** The addresses under which other machines may reach this one: IPv4 first, the default route's interface first. */
export function lanAddresses(interfaces: Interfaces = networkInterfaces(), routes = readRoutes()): string[] {
  const first = defaultInterface(routes);
  return Object.entries(interfaces)
    .filter(([name]) => !inward.test(name))
    .flatMap(([name, infos = []]) => infos.map((info) => ({ ...info, name })))
    .filter(
      ({ internal, address }) => !internal && !address.startsWith('fe80:') && !address.startsWith('169.254.'),
    )
    .sort((a, b) => rank(a) - rank(b))
    .map(({ address }) => address);

  function rank({ family, name }: { family: string; name: string }): number {
    return (family === 'IPv4' ? 0 : 2) + (name === first ? 0 : 1);
  }
}

/** The interface of the default route with the lowest metric, from the text of /proc/net/route. */
export function defaultInterface(routes: string): string | undefined {
  return routes
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')
    .sort((a, b) => Number(a[6]) - Number(b[6]))[0]?.[0];
}

function readRoutes(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8');
  } catch {
    return ''; // Not Linux: then the system's own order of interfaces stands.
  }
}

/**
 * Makes sure that media sent to `address` arrives at this machine: it is one of this machine's, or a packet sent to it
 * comes back. Otherwise `bad-request`, saying which addresses there are. `port` is the media port, 0 for any.
 */
export async function checkAnnounced(address: string, port = 0): Promise<void> {
  const ip = await resolveAddress(address);
  const own = Object.values(networkInterfaces()).flatMap((infos = []) => infos.map((info) => info.address));
  if (own.includes(ip) || (await comesBack(ip, port))) return;
  throw new PlatformError(
    'bad-request',
    [
      `--announce ${address}: that is no address of this machine, and a UDP packet sent to it did not come back`,
      `  This machine has: ${lanAddresses().join(', ') || 'no address but localhost'}`,
      '  A router in front must forward the media port (UDP and TCP) to one of these, and should also do so for',
      '  packets from inside. If you know that it is right, add --announce-unchecked.',
    ].join('\n'),
  );
}

async function resolveAddress(address: string): Promise<string> {
  if (isIP(address)) return address;
  try {
    return (await withDeadline(lookup(address), 5_000, address)).address;
  } catch (error) {
    throw new PlatformError('bad-request', `--announce ${address}: the name does not resolve to an address`, {
      cause: error,
    });
  }
}

/** Whether a packet to `ip` arrives at a socket of this machine: on its way to the clients' side and back (hairpin). */
export async function comesBack(ip: string, port: number, timeoutMs = 1_500): Promise<boolean> {
  const socket = createSocket(isIP(ip) === 6 ? 'udp6' : 'udp4');
  const nonce = randomBytes(16);
  let resend: ReturnType<typeof setInterval> | undefined;
  try {
    socket.bind(port);
    await once(socket, 'listening');
    const arrived = new Promise<void>((resolve) => {
      socket.on('message', (message) => message.equals(nonce) && resolve());
    });
    const send = () => socket.send(nonce, socket.address().port, ip, () => {}); // Not reachable is an answer too.
    socket.on('error', () => {});
    send();
    resend = setInterval(send, 200);
    await withDeadline(arrived, timeoutMs, ip);
    return true;
  } catch {
    return false;
  } finally {
    clearInterval(resend);
    socket.close();
  }
}
