import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { PipeEndParameters } from '@weir/protocol';
import { seededRandom } from '@weir/testing';

/** A line between the ends of a pipe that drops each packet with the same chance, and tells what it saw. */
export class LossyLine implements AsyncDisposable {
  /** On the way to the edge. */
  readonly towardsEdge: Buffer[] = [];
  dropped = 0;
  readonly #loss: number;
  readonly #random = seededRandom(7);
  /** As the origin sees the edge, and the other way round. */
  readonly #edge: Socket;
  readonly #origin: Socket;
  readonly #ports = { edge: 0, origin: 0 };

  static async open(loss: number): Promise<LossyLine> {
    const line = new LossyLine(loss);
    for (const socket of [line.#edge, line.#origin]) {
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
    }
    return line;
  }

  private constructor(loss: number) {
    this.#loss = loss;
    this.#edge = createSocket('udp4');
    this.#origin = createSocket('udp4');
    this.#edge.on('message', (packet) => {
      this.towardsEdge.push(packet);
      this.#pass(packet, this.#origin, this.#ports.edge);
    });
    this.#origin.on('message', (packet) => this.#pass(packet, this.#edge, this.#ports.origin));
  }

  /** What the other end is told instead of `end`. */
  inPlaceOf(side: 'edge' | 'origin', end: PipeEndParameters): PipeEndParameters {
    this.#ports[side] = end.port;
    return { ...end, port: (side === 'edge' ? this.#edge : this.#origin).address().port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#edge.close();
    this.#origin.close();
  }

  #pass(packet: Buffer, from: Socket, port: number): void {
    if (this.#random() < this.#loss) this.dropped++;
    else if (port) from.send(packet, port, '127.0.0.1');
  }
}
