import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port of 127.0.0.1 that was free a moment ago, for TCP and for UDP. */
export async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const server = createServer().listen(0, '127.0.0.1');
    const udp = createSocket('udp4');
    try {
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      await bind(udp, port);
      return port;
    } catch (error) {
      if (attempt === 10) throw error;
    } finally {
      await Promise.all([new Promise((closed) => server.close(closed)), closeUdp(udp)]);
    }
  }
}

async function bind(socket: Socket, port: number): Promise<void> {
  const listening = once(socket, 'listening'); // Rejects on 'error'.
  socket.bind(port, '127.0.0.1');
  await listening;
}

function closeUdp(socket: Socket): Promise<void> {
  return new Promise((closed) => socket.close(closed));
}
