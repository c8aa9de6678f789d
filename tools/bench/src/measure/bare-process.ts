// A process of its own with the engine and nothing else: as little as a server can do that lets peers hear each other.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type {
  Direction,
  DtlsParameters,
  RtpCapabilities,
  RtpParameters,
  TransportParameters,
} from '@weir/protocol';
import { createWorker, type types } from 'mediasoup';
import { WebSocketServer } from 'ws';
import { type Handlers, serveParent } from './child.ts';

const socketBufferBytes = 4 * 1024 * 1024;

let worker: types.Worker | undefined;
let server: types.WebRtcServer | undefined;
let sockets: WebSocketServer | undefined;
const routers = new Map<string, Promise<types.Router>>();
const transports = new Map<string, types.WebRtcTransport>();
const consumers = new Map<string, types.Consumer>();

function routerOf(room: string): Promise<types.Router> {
  let router = routers.get(room);
  if (!router) {
    router = worker!.createRouter({
      mediaCodecs: [
        { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 },
        { kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 },
      ],
    });
    routers.set(room, router);
  }
  return router;
}

const handlers = {
  /** One worker, its one port with the same socket options as the platform's. */
  async start(_: undefined) {
    worker = await createWorker({ logLevel: 'warn' });
    const socket = {
      ip: '127.0.0.1',
      sendBufferSize: socketBufferBytes,
      recvBufferSize: socketBufferBytes,
    };
    server = await worker.createWebRtcServer({
      listenInfos: [
        { ...socket, protocol: 'udp' },
        { ...socket, protocol: 'tcp' },
      ],
    });
    return { pid: process.pid, workerPids: [worker.pid] };
  },

  async openTransport({ room }: { room: string; direction: Direction }): Promise<TransportParameters> {
    const router = await routerOf(room);
    const transport = await router.createWebRtcTransport({
      webRtcServer: server!,
      enableUdp: true,
      enableTcp: true,
      preferUdp: true,
      initialAvailableOutgoingBitrate: 1_500_000,
    });
    transports.set(transport.id, transport);
    transport.observer.once('close', () => transports.delete(transport.id));
    const { id, iceParameters, iceCandidates, dtlsParameters } = transport;
    const sctpParameters = { port: 5000, OS: 1024, MIS: 1024, maxMessageSize: 262_144 }; // Not offered, nor used.
    return { id, iceParameters, iceCandidates, dtlsParameters, sctpParameters } as TransportParameters;
  },

  async connect({ id, dtlsParameters }: { id: string; dtlsParameters: DtlsParameters }) {
    await transports.get(id)!.connect({ dtlsParameters: dtlsParameters as types.DtlsParameters });
  },

  async produce(params: { id: string; rtpParameters: RtpParameters; kind?: 'audio'; paused?: boolean }) {
    const { id, kind = 'video', paused = false } = params;
    const rtpParameters = params.rtpParameters as types.RtpParameters;
    return (await transports.get(id)!.produce({ kind, rtpParameters, paused })).id;
  },

  async rtpCapabilities({ room }: { room: string }) {
    return (await routerOf(room)).rtpCapabilities as RtpCapabilities;
  },

  async consume(params: {
    id: string;
    producerId: string;
    rtpCapabilities: RtpCapabilities;
    paused?: boolean;
  }) {
    const { id, producerId, paused = false } = params;
    const rtpCapabilities = params.rtpCapabilities as types.RtpCapabilities;
    const consumer = await transports.get(id)!.consume({ producerId, rtpCapabilities, paused });
    consumers.set(consumer.id, consumer);
    consumer.observer.once('close', () => consumers.delete(consumer.id));
    return { subscriptionId: consumer.id, rtpParameters: consumer.rtpParameters as RtpParameters };
  },

  /**
   * Lets whoever connects to the answered address call the others of these, too: each message is a call, and is answered. What a connection
   * opened ends with it.
   */
  async listen(_: undefined) {
    sockets = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    sockets.on('connection', (socket) => {
      const opened: string[] = [];
      socket.on('message', async (data) => {
        const { id, method, params } = JSON.parse(data.toString()) as BareCall;
        const result = await (handlers as Handlers)[method]!(params);
        if (method === 'openTransport') opened.push((result as TransportParameters).id);
        socket.send(JSON.stringify({ id, result }));
      });
      socket.on('close', () => {
        for (const id of opened) transports.get(id)?.close();
      });
    });
    await once(sockets, 'listening');
    return { url: `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}` };
  },

  async resume({ ids }: { ids: string[] }) {
    await Promise.all(ids.map((id) => consumers.get(id)!.resume()));
  },

  async closeRoom({ room }: { room: string }) {
    (await routers.get(room))?.close();
    routers.delete(room);
  },
};

export type BareProcess = typeof handlers;
export type BareCall = { id: number; method: string; params: unknown };

serveParent(handlers, async () => {
  sockets?.close();
  worker?.close();
});
