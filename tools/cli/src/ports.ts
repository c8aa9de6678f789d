import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { PlatformError, withDeadline } from '@weir/core';

/** `mediaPort` is the first of `workers` ports. */
export type Ports = {
  host: string;
  port: number;
  mediaPort?: number;
  workers?: number;
  relay?: { listen: string[]; port: number; tls?: { port: number } };
};

/** Throws `conflict` when a port that the platform will listen on cannot be had. */
export async function checkPorts({ host, port, mediaPort, workers, relay }: Ports): Promise<void> {
  await checkPort('--port', port, listenTcp(host, port));
  for (const address of relay?.listen ?? []) {
    await checkPort('--relay-port', relay!.port, listenTcp(address, relay!.port));
    await checkPort('--relay-port', relay!.port, listenUdp(relay!.port, address));
    if (relay!.tls) await checkPort('--relay-tls-port', relay!.tls.port, listenTcp(address, relay!.tls.port));
  }
  if (mediaPort === undefined) return;
  const last = mediaPort + (workers ?? availableParallelism()) - 1;
  if (last > 65_535)
    throw new PlatformError(
      'bad-request',
      `--media-port ${mediaPort}: the last worker's port would be ${last}`,
    );
  for (let mine = mediaPort; mine <= last; mine++) {
    if (mine === port)
      throw new PlatformError(
        'bad-request',
        `--media-port: the media ports ${mediaPort}–${last} include --port ${port}`,
      );
    await checkPort('--media-port', mine, listenTcp('0.0.0.0', mine));
    await checkPort('--media-port', mine, listenUdp(mine));
  }
}

async function listenTcp(host: string, port: number): Promise<void> {
  const server = createServer();
  server.listen({ host, port });
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}

async function listenUdp(port: number, address?: string): Promise<void> {
  const socket = createSocket(address && isIP(address) === 6 ? 'udp6' : 'udp4');
  socket.bind(port, address);
  await once(socket, 'listening');
  socket.close();
  await once(socket, 'close');
}

async function checkPort(option: string, port: number, listening: Promise<void>): Promise<void> {
  try {
    await withDeadline(listening, 5_000, `port ${port}`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const advice: Record<string, string> = {
      EADDRINUSE: `port ${port} is in use\n  By whom:  ss -lntup 'sport = :${port}'   Or choose another with ${option}.`,
      EACCES: `port ${port} needs more rights: choose one above 1023 with ${option}, or put a proxy in front`,
      EADDRNOTAVAIL: '--host: this machine has no such address',
      ENOTFOUND: '--host: the name does not resolve to an address',
    };
    throw new PlatformError('conflict', advice[code ?? ''] ?? `port ${port}: ${message}`, { cause: error });
  }
}
