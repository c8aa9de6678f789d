import type {
  DataProduction,
  MediaEngine,
  MediaSignaling,
  Production,
  PublishOptions,
  Reception,
  Standby,
} from '@weir/client';
import { isPageBusy, lookEveryMs, TrafficPulse } from '@weir/client/signaling';
import { Lifetime, PlatformError, sleep } from '@weir/core';
import type {
  Direction,
  IceServer,
  MediaSession,
  RtpCapabilities,
  RtpParameters,
  SctpStreamParameters,
  Subscription,
} from '@weir/protocol';
import { audioLevelOf, layersOf, receivedTrack } from './peer-media-track.ts';
import { PeerTransport, type PeerTransportOptions } from './peer-transport.ts';
import { rtpCapabilities } from './rtp-capabilities.ts';

type Connection = { transport: PeerTransport; connected: Promise<void> };
type Session = Lifetime & {
  media: MediaSession;
  signaling: MediaSignaling;
  send?: Connection;
  receive?: Connection;
  nextStreamId: number;
};

const flowLookMs = 20;

export type PeerEngineOptions = Pick<PeerTransportOptions, 'bindAddress' | 'dataChannels' | 'losesPacket'>;

/** The client's engine for a headless peer: it publishes tracks made by `preparedTrack` and counts what it receives. */
export class PeerEngine implements MediaEngine {
  readonly #options: PeerEngineOptions;
  #session: Session | undefined;
  #standby: Session | undefined;
  /** The media session before, while all moves from it to the one that there is. */
  #earlier: Session | undefined;

  constructor(options: PeerEngineOptions = {}) {
    this.#options = options;
  }

  get mediaSessionId(): string | undefined {
    return this.#session?.media.mediaSessionId;
  }

  /** The connections now in use, for their statistics. */
  get transports(): { send: PeerTransport | undefined; receive: PeerTransport | undefined } {
    const { send, receive } = this.#session ?? {};
    return { send: send?.transport, receive: receive?.transport };
  }

  load(_fleet: RtpCapabilities): Promise<RtpCapabilities> {
    return Promise.resolve(rtpCapabilities());
  }

  /** ICE servers are of no use yet: a peer reaches the server directly. */
  open(media: MediaSession, _iceServers: IceServer[], signaling: MediaSignaling): void {
    this.closeEarlier();
    this.#session?.close();
    this.#use(media, signaling);
  }

  openBeside(media: MediaSession, _iceServers: IceServer[], signaling: MediaSignaling): void {
    this.closeEarlier();
    this.#earlier = this.#session;
    this.#use(media, signaling);
  }

  closeEarlier(part?: 'received'): void {
    if (part === 'received') return this.#earlier?.receive?.transport.close();
    this.#earlier?.close();
    this.#earlier = undefined;
  }

  standBy(standby: Standby | undefined): void {
    const known = [this.mediaSessionId, this.#standby?.media.mediaSessionId];
    if (standby && known.includes(standby.media.mediaSessionId)) return;
    this.#standby?.close();
    this.#standby = standby && this.#makeSession(standby.media, standby.signaling);
    if (standby?.media.send) this.#sendConnection(this.#standby);
  }

  /** Whether there is a standby whose transports are connected. */
  get standsBy(): boolean {
    const { send, receive } = this.#standby ?? {};
    return [send, receive].every((one) => one?.transport.connected);
  }

  #use(media: MediaSession, signaling: MediaSignaling): void {
    const standby = this.#standby;
    const isReady = standby?.media.mediaSessionId === media.mediaSessionId && !standby.closed;
    if (isReady) this.#standby = undefined;
    const session = isReady ? standby : this.#makeSession(media, signaling);
    this.#session = session;
    this.#watch(session);
  }

  #makeSession(media: MediaSession, signaling: MediaSignaling): Session {
    const session: Session = Object.assign(new Lifetime(), { media, signaling, nextStreamId: 0 });
    if (media.receive) session.receive = this.#connect(session, 'receive');
    return session;
  }

  close(): void {
    this.closeEarlier();
    this.#session?.close();
    this.#standby?.close();
    this.#session = this.#standby = undefined;
  }

  async publish(
    track: MediaStreamTrack,
    _options: PublishOptions,
    announce: (rtpParameters: RtpParameters) => Promise<void>,
  ): Promise<Production> {
    const layers = layersOf(track);
    if (!layers) throw new PlatformError('bad-request', 'a peer publishes prepared tracks only');
    const { transport, connected } = this.#sendConnection();
    const audioLevelDbov = audioLevelOf(track);
    const sent = transport.addSendTrack({
      layers,
      ...(audioLevelDbov === undefined ? {} : { audioLevelDbov }),
    });
    try {
      await Promise.all([announce(sent.rtpParameters), connected]);
    } catch (error) {
      sent.close('failed');
      throw error;
    }
    sent.start();
    let paused = false;
    let present = true;
    const update = () => sent.setMuted(paused || !present);
    return {
      replaceTrack: async (next) => {
        if (next && layersOf(next) !== layers)
          throw new PlatformError('wrong-state', 'a peer keeps its media');
        present = next !== null;
        update();
      },
      setPaused: (value) => {
        paused = value;
        update();
      },
      setDemand: () => {}, // What is prepared costs nothing to encode: its receivers see a steady sender.
      close: () => sent.close(),
    };
  }

  async publishData(
    _options: { name: string; maxAgeMs: number },
    announce: (sctpStreamParameters: SctpStreamParameters) => Promise<void>,
  ): Promise<DataProduction> {
    const { transport, connected } = this.#sendConnection();
    const parameters = { streamId: this.#session!.nextStreamId++, ordered: false, maxRetransmits: 0 };
    const channel = transport.openDataChannel(parameters);
    try {
      await Promise.all([announce(parameters), connected]);
      await channel.opened();
    } catch (error) {
      channel.close('failed');
      throw error;
    }
    return {
      send: (payload) => void channel.send(payload),
      get backlogBytes() {
        return channel.open ? channel.backlogBytes : Number.POSITIVE_INFINITY;
      },
      close: () => channel.close(),
    };
  }

  async receive(
    subscriptions: Subscription[],
    _streamIdOf: (trackId: string) => string,
    onData: (trackId: string, payload: Uint8Array) => void,
  ): Promise<Map<string, Reception>> {
    const receptions = new Map<string, Reception>();
    const transport = this.#session?.receive?.transport;
    if (!transport || transport.closed) return receptions;
    for (const subscription of subscriptions) {
      receptions.set(subscription.trackId, receiveOne(transport, subscription, onData));
    }
    return receptions;
  }

  /** Says when nothing comes any more, as browsers do. */
  #watch(session: Session): void {
    let pulse = new TrafficPulse();
    const timer = setInterval(() => {
      const { send, receive } = session;
      const packets = [send, receive].map((connection) => connection?.transport.statistics);
      const count = packets.reduce((sum, one) => sum + (one ? one.packetsReceived + one.rtcpReceived : 0), 0);
      if (isPageBusy()) pulse = new TrafficPulse(); // What seems to be missing may be waiting to be read.
      if (pulse.look(count, performance.now()) === 'silent') session.signaling.suspected(true);
    }, lookEveryMs);
    session.onClose(() => clearInterval(timer));
  }

  #sendConnection(session = this.#session): Connection {
    if (!session) throw new PlatformError('connection-lost', 'no media session');
    if (!session.media.send) throw new PlatformError('forbidden', 'the grants do not allow to publish');
    session.send ??= this.#connect(session, 'send');
    return session.send;
  }

  #connect(session: Session, direction: Direction): Connection {
    const { media, signaling } = session;
    const transport = session.own(
      new PeerTransport({ ...this.#options, parameters: media[direction]!, direction }),
    );
    const lost = (error: unknown) => {
      if (session === this.#standby) return session.close('lost');
      if (!session.closed) signaling.lost(PlatformError.from(error, 'media-lost'));
    };
    const connected = signaling
      .connect(direction, media[direction]!.id, transport.dtlsParameters)
      .then(() => transport.connect());
    connected.catch(lost);
    transport.onClose((reason) => {
      if (reason === 'lost') lost(new PlatformError('media-lost', `the ${direction} transport was lost`));
    });
    return { transport, connected };
  }
}

function receiveOne(
  transport: PeerTransport,
  subscription: Subscription,
  onData: (trackId: string, payload: Uint8Array) => void,
): Reception {
  const { subscriptionId, trackId } = subscription;
  if (subscription.kind === 'data') {
    const channel = transport.openDataChannel(subscription.sctpStreamParameters);
    channel.events.on('messageReceived', (payload) => onData(trackId, payload));
    return { subscriptionId, track: undefined, close: () => channel.close() };
  }
  const receiver = transport.addReceiver(subscription.rtpParameters);
  const flows = async () => {
    while (!receiver.closed && receiver.statistics.frames === 0) await sleep(flowLookMs);
  };
  return { subscriptionId, track: receivedTrack(receiver), flows, close: () => receiver.close() };
}
