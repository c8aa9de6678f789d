import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { PlatformError } from '@weir/core';

/** Below those that Linux gives to whoever asks for any: no connection of somebody else takes one before it is used. */
const range = { first: 10_240, last: 32_767 };
const attemptsAtMost = 100;
const given = new Set<number>();

/** A port of 127.0.0.1 that is free, for TCP and for UDP, and was given to nobody else in this process. */
export async function freePort(): Promise<number> {
  let cause: unknown;
  for (let attempt = 0; attempt < attemptsAtMost; attempt++) {
    const port = range.first + Math.floor(Math.random() * (range.last - range.first + 1));
    if (given.has(port)) continue;
    given.add(port);
    const server = createServer().listen(port, '127.0.0.1');
    const udp = createSocket('udp4');
    try {
      await once(server, 'listening');
      await bind(udp, port);
      return port;
    } catch (error) {
      cause = error;
    } finally {
      await Promise.all([new Promise((closed) => server.close(closed)), closeUdp(udp)]);
    }
  }
  throw new PlatformError('limit-reached', `no free port after ${attemptsAtMost} attempts`, { cause });
}

async function bind(socket: Socket, port: number): Promise<void> {
  const listening = once(socket, 'listening'); // Rejects on 'error'.
  socket.bind(port, '127.0.0.1');
  await listening;
}

function closeUdp(socket: Socket): Promise<void> {
  return new Promise((closed) => socket.close(closed));
}
