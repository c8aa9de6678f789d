import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { PlatformError } from '@weir/core';

/** A port that is free for both UDP and TCP at this moment; somebody else may take it before the caller does. */
export async function freePort(ip: string, attempts = 10): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const tcp = createServer().listen(0, ip);
    const udp = createSocket(ip.includes(':') ? 'udp6' : 'udp4');
    try {
      await once(tcp, 'listening');
      const { port } = tcp.address() as { port: number };
      const bound = once(udp, 'listening');
      udp.bind({ port, address: ip, exclusive: true });
      await bound;
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error; // Not ours to bind at all.
    } finally {
      udp.close();
      tcp.close();
    }
  }
  throw new PlatformError('limit-reached', `no port on ${ip} is free for both UDP and TCP`);
}
