import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Lifetime } from '@weir/core';
import { RedisCommands } from './redis-commands.ts';
import type { TurnServerFeed } from './turn-server-config.ts';

export type FeedListener = (channel: string, message: string) => void;

/**
 * Listens on loopback as if it were the Redis server to which coturn publishes what becomes of its allocations: this is
 * how it tells, and a relay needs no Redis for it. Takes what is published with its password, and nothing else.
 */
export class StatusFeed extends Lifetime {
  readonly address: TurnServerFeed;
  readonly #listener: FeedListener;
  readonly #sockets = new Set<Socket>();

  static async listen(listener: FeedListener): Promise<StatusFeed> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new StatusFeed(server, listener);
  }

  private constructor(server: Server, listener: FeedListener) {
    super();
    this.#listener = listener;
    this.address = {
      port: (server.address() as AddressInfo).port,
      password: randomBytes(24).toString('hex'),
    };
    server.on('connection', (socket) => this.#serve(socket));
    this.onClose(() => {
      server.close();
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  #serve(socket: Socket): void {
    const commands = new RedisCommands();
    let trusted = false;
    const cut = () => void socket.destroy();
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', cut);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      try {
        for (const [name = '', ...words] of commands.push(text)) {
          trusted ||= name.toLowerCase() === 'auth' && words[0] === this.address.password;
          if (!trusted) return cut();
          if (name.toLowerCase() === 'publish') this.#listener(words[0] ?? '', words[1] ?? '');
          socket.write(name.toLowerCase() === 'keys' ? '*0\r\n' : '+OK\r\n');
        }
      } catch {
        cut();
      }
    });
  }
}
