import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Lifetime } from '@weir/core';
import type { PipeEndParameters } from '@weir/protocol';
import type { PipeTransport } from 'mediasoup/types';
import { type ListenAddress, socketBufferBytes } from './media-worker.ts';
import type { RoomRouter } from './room-router.ts';

/** One end of a pipe to another node: encrypted, and what is lost on the way is sent again. */
export class PipeEnd extends Lifetime {
  readonly transport: PipeTransport;
  readonly #announced: string;

  /** For one track. Closes with the router. */
  static async open(
    { router, worker }: RoomRouter,
    kind: 'audio' | 'video' | 'data',
    { ip, announcedAddress = ip }: ListenAddress,
  ): Promise<PipeEnd> {
    const transport = await router.createPipeTransport({
      listenInfo: {
        protocol: 'udp',
        ip,
        sendBufferSize: socketBufferBytes,
        recvBufferSize: socketBufferBytes,
      },
      enableRtx: true,
      enableSrtp: true,
      enableSctp: kind === 'data',
    });
    const end = new PipeEnd(transport, announcedAddress);
    worker.count('pipes', end);
    worker.egress.add(transport, end);
    return end;
  }

  private constructor(transport: PipeTransport, announced: string) {
    super();
    this.transport = transport;
    this.#announced = announced;
    transport.observer.once('close', () => this.close('lost'));
    this.onClose(() => transport.close());
  }

  /** What the other end needs to know. */
  describe(): PipeEndParameters {
    const { tuple, srtpParameters } = this.transport;
    const { cryptoSuite, keyBase64 } = srtpParameters!; // Each end is made with SRTP.
    return { address: this.#announced, port: tuple.localPort, srtp: { cryptoSuite, keyBase64 } };
  }

  async connect({ address, port, srtp }: PipeEndParameters): Promise<void> {
    const ip = isIP(address) ? address : (await lookup(address)).address;
    const srtpParameters = srtp as NonNullable<PipeTransport['srtpParameters']>;
    await this.transport.connect({ ip, port, srtpParameters });
  }
}
