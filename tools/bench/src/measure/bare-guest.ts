import { once } from 'node:events';
import { type MediaFile, PeerTransport, rtpCapabilities } from '@weir/peer';
import type { Direction, DtlsParameters, TransportParameters } from '@weir/protocol';
import { WebSocket } from 'ws';
import type { BareCall, BareProcess } from './bare-process.ts';

type Connection = { transport: PeerTransport; connected: Promise<void> };
type Answer = { id: number; result: unknown };

/** Somebody on mediasoup alone: the same connections as a participant of ours has, with no room and no session. */
export class BareGuest {
  readonly #socket: WebSocket;
  readonly #room: string;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  readonly #connections = new Map<Direction, Promise<Connection>>();
  #calls = 0;

  private constructor(socket: WebSocket, room: string) {
    this.#socket = socket;
    this.#room = room;
    socket.on('message', (data) => {
      const { id, result } = JSON.parse(data.toString()) as Answer;
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  static async enter(url: string, room: string): Promise<BareGuest> {
    const socket = new WebSocket(url);
    await once(socket, 'open');
    return new BareGuest(socket, room);
  }

  /** Connects both ways, before anything is sent or received. */
  async connect(): Promise<void> {
    await Promise.all(
      (['send', 'receive'] as const).map(async (direction) => (await this.#connection(direction)).connected),
    );
  }

  /** Resolves with the producer's id when it is sent. A muted one sends nothing. */
  async publish(layers: readonly MediaFile[], { muted = false } = {}): Promise<string> {
    const { transport, connected } = await this.#connection('send');
    const track = transport.addSendTrack({ layers });
    const kind = track.kind === 'audio' ? { kind: track.kind } : {};
    const [id] = await Promise.all([
      this.#call<'produce'>('produce', {
        id: transport.id,
        rtpParameters: track.rtpParameters,
        ...kind,
        paused: muted,
      }),
      connected,
    ]);
    track.start();
    if (muted) track.setMuted(true);
    return id;
  }

  /** Receives them. `onFrame`: a picture came. */
  async receive(producerIds: readonly string[], onFrame: () => void): Promise<void> {
    const { transport, connected } = await this.#connection('receive');
    const ask = { id: transport.id, rtpCapabilities: rtpCapabilities() };
    const consume = async (producerId: string) => {
      const { rtpParameters } = await this.#call<'consume'>('consume', { ...ask, producerId });
      const receiver = transport.addReceiver(rtpParameters);
      if (receiver.kind === 'video') receiver.onFrame = onFrame;
    };
    await Promise.all([connected, ...producerIds.map(consume)]);
  }

  async leave(): Promise<void> {
    this.#socket.close();
    for (const connection of this.#connections.values()) (await connection).transport.close();
  }

  #connection(direction: Direction): Promise<Connection> {
    const known = this.#connections.get(direction) ?? this.#connect(direction);
    this.#connections.set(direction, known);
    return known;
  }

  async #connect(direction: Direction): Promise<Connection> {
    const parameters: TransportParameters = await this.#call<'openTransport'>('openTransport', {
      room: this.#room,
      direction,
    });
    const transport = new PeerTransport({
      parameters,
      direction,
      dataChannels: false,
      bindAddress: '127.0.0.1',
    });
    const dtlsParameters: DtlsParameters = transport.dtlsParameters;
    const connected = this.#call<'connect'>('connect', { id: transport.id, dtlsParameters }).then(() =>
      transport.connect(),
    );
    connected.catch(() => {}); // Whoever waits for it hears of it.
    return { transport, connected };
  }

  #call<M extends keyof BareProcess>(
    method: M,
    params: Parameters<BareProcess[M]>[0],
  ): Promise<Awaited<ReturnType<BareProcess[M]>>> {
    const id = ++this.#calls;
    const answer = new Promise<unknown>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params } satisfies BareCall));
    return answer as never;
  }
}
