import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Lifetime } from '@weir/core';

const connectTimeoutMs = 2_000;

/** One address in front of several: each connection goes to the next of them that takes it. */
export class FrontDoor extends Lifetime {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #ports: readonly number[];
  #next = 0;

  /** `ports`: of loopback, behind it. */
  static async open(host: string, port: number, ports: readonly number[]): Promise<FrontDoor> {
    const server = createServer({ allowHalfOpen: true });
    server.listen({ host, port });
    await once(server, 'listening');
    return new FrontDoor(server, ports);
  }

  private constructor(server: Server, ports: readonly number[]) {
    super();
    this.#server = server;
    this.#ports = ports;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => void this.#lead(socket));
    this.onClose(() => {
      server.close();
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  /** Resolves when nothing is open any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.close();
    await closed;
  }

  async #lead(client: Socket): Promise<void> {
    this.#keep(client);
    client.pause();
    const first = this.#next++;
    for (let i = 0; i < this.#ports.length; i++) {
      const inner = await reach(this.#ports[(first + i) % this.#ports.length]!);
      if (!inner) continue;
      if (client.destroyed || this.closed) return void inner.destroy();
      this.#keep(inner);
      client.once('close', () => inner.destroy());
      inner.once('close', () => client.destroy());
      client.pipe(inner).pipe(client);
      return;
    }
    client.destroy();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay();
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

/** Undefined when nobody answers there. */
function reach(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    const timer = setTimeout(() => socket.destroy(), connectTimeoutMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.once('error', () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}
