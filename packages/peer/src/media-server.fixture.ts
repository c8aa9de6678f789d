import type { RtpParameters, TransportParameters } from '@weir/protocol';
import type { types } from 'mediasoup';
import { createWorker } from 'mediasoup';
import { PeerTransport, type PeerTransportOptions } from './peer-transport.ts';
import { rtpCapabilities } from './rtp-capabilities.ts';
import type { RtpReceiver } from './rtp-receiver.ts';
import type { SendTrack } from './send-track.ts';

/** The engine with one router on loopback, and what signaling would do between it and a peer. */
export class MediaServer implements AsyncDisposable {
  readonly worker: types.Worker;
  readonly router: types.Router;
  readonly #server: types.WebRtcServer;

  constructor(worker: types.Worker, router: types.Router, server: types.WebRtcServer) {
    this.worker = worker;
    this.router = router;
    this.#server = server;
  }

  static async start(): Promise<MediaServer> {
    const worker = await createWorker({ logLevel: 'warn' });
    const server = await worker.createWebRtcServer({
      listenInfos: [
        { protocol: 'udp', ip: '127.0.0.1', recvBufferSize: 4_000_000, sendBufferSize: 4_000_000 },
      ],
    });
    const router = await worker.createRouter({
      mediaCodecs: [
        { kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 },
        { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 },
        {
          kind: 'video',
          mimeType: 'video/H264',
          clockRate: 90_000,
          parameters: { 'packetization-mode': 1, 'profile-level-id': '42e01f', 'level-asymmetry-allowed': 1 },
        },
      ],
    });
    return new MediaServer(worker, router, server);
  }

  createTransport(): Promise<types.WebRtcTransport> {
    return this.router.createWebRtcTransport({ webRtcServer: this.#server, enableSctp: true });
  }

  /** What signaling would tell the peer. */
  parametersOf(transport: types.WebRtcTransport): TransportParameters {
    const { id, iceParameters, iceCandidates, dtlsParameters, sctpParameters } = transport;
    return { id, iceParameters, iceCandidates, dtlsParameters, sctpParameters: sctpParameters! };
  }

  async openTransport(
    direction: 'send' | 'receive',
    options: Partial<PeerTransportOptions> = {},
  ): Promise<{ peer: PeerTransport; server: types.WebRtcTransport }> {
    const server = await this.createTransport();
    const peer = new PeerTransport({ parameters: this.parametersOf(server), direction, ...options });
    await server.connect({ dtlsParameters: peer.dtlsParameters });
    await peer.connect();
    return { peer, server };
  }

  async publish(transport: types.WebRtcTransport, track: SendTrack): Promise<types.Producer> {
    const rtpParameters = track.rtpParameters as types.RtpParameters;
    const producer = await transport.produce({ kind: track.kind, rtpParameters });
    track.start();
    return producer;
  }

  async subscribe(
    transport: types.WebRtcTransport,
    peer: PeerTransport,
    producer: types.Producer,
  ): Promise<{ consumer: types.Consumer; receiver: RtpReceiver }> {
    const consumer = await transport.consume({
      producerId: producer.id,
      rtpCapabilities: rtpCapabilities() as types.RtpCapabilities,
      paused: true,
    });
    const receiver = peer.addReceiver(consumer.rtpParameters as RtpParameters);
    await consumer.resume();
    return { consumer, receiver };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.worker.once('subprocessclose', resolve));
    this.worker.close();
    await closed;
  }
}
