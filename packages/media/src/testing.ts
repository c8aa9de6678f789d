// For tests, here and in the services: participants with real transports, asking a media node by its contract.
import { Lifetime } from '@weir/core';
import { type MediaFile, PeerTransport, type RtpReceiver, rtpCapabilities, type SendTrack } from '@weir/peer';
import type {
  AudioSlot,
  Calls,
  Direction,
  MediaControl,
  MediaNodeContract,
  MediaSession,
  Notice,
  NoticeHandlers,
  NoticeParams,
  RtpCapabilities,
  Source,
  Subscription,
  TransportParameters,
} from '@weir/protocol';

type Notices = { [N in Notice<MediaControl>]: NoticeParams<MediaControl, N>[] };

/** A listener that remembers everything. */
export class NoticeLog {
  readonly notices: Notices = {
    'session.lost': [],
    'session.connectivity': [],
    'subscription.closed': [],
    'subscription.layers': [],
    'track.demand': [],
    'room.audioSlots': [],
    'room.speakers': [],
  };
  readonly listener: NoticeHandlers<MediaControl> = {
    'session.lost': (notice) => this.notices['session.lost'].push(notice),
    'session.connectivity': (notice) => this.notices['session.connectivity'].push(notice),
    'subscription.closed': (notice) => this.notices['subscription.closed'].push(notice),
    'subscription.layers': (notice) => this.notices['subscription.layers'].push(notice),
    'track.demand': (notice) => this.notices['track.demand'].push(notice),
    'room.audioSlots': (notice) => this.notices['room.audioSlots'].push(notice),
    'room.speakers': (notice) => this.notices['room.speakers'].push(notice),
  };
}

export type TestParticipantOptions = {
  roomId?: string;
  participantId: string;
  trackIds?: string[];
  audioSlots?: boolean;
  rtpCapabilities?: RtpCapabilities;
};

/** A participant on one media node. Its transports connect when they are first needed. */
export class TestParticipant extends Lifetime {
  readonly calls: Calls<MediaNodeContract>;
  readonly roomId: string;
  readonly participantId: string;
  readonly media: MediaSession;
  /** The subscriptions that came with the session. */
  readonly subscriptions: Subscription[];
  /** The audio slots that the room had then. */
  readonly audioSlots: AudioSlot[];
  readonly #transports = new Map<string, Promise<PeerTransport>>();

  static async open(calls: Calls<MediaNodeContract>, options: TestParticipantOptions) {
    const { roomId = 'room', participantId, trackIds = [] } = options;
    const answer = await calls['session.open']({
      roomId,
      participantId,
      rtpCapabilities: options.rtpCapabilities ?? rtpCapabilities(),
      send: true,
      receive: true,
      trackIds,
      ...(options.audioSlots ? { audioSlots: true } : {}),
    });
    return new TestParticipant(calls, { roomId, participantId }, answer);
  }

  private constructor(
    calls: Calls<MediaNodeContract>,
    who: { roomId: string; participantId: string },
    answer: { media: MediaSession; subscriptions: Subscription[]; audioSlots?: AudioSlot[] | undefined },
  ) {
    super();
    this.calls = calls;
    this.roomId = who.roomId;
    this.participantId = who.participantId;
    this.media = answer.media;
    this.subscriptions = answer.subscriptions;
    this.audioSlots = answer.audioSlots ?? [];
  }

  get mediaSessionId(): string {
    return this.media.mediaSessionId;
  }

  transport(direction: Direction): Promise<PeerTransport> {
    return this.#connected(direction, this.media[direction]!);
  }

  /** Publishes prepared media and begins to send it. */
  async publish(
    trackId: string,
    layers: MediaFile[],
    options: {
      epoch?: number;
      muted?: boolean;
      audioLevelDbov?: number;
      source?: Source;
      /** Not over the first transport. */
      over?: TransportParameters;
    } = {},
  ): Promise<SendTrack & { answer: { codec: string; spatialLayers: number } }> {
    const transport = await this.#connected('send', options.over ?? this.media.send!);
    const { audioLevelDbov, epoch = 1, muted = false } = options;
    const track = transport.addSendTrack({
      layers,
      ...(audioLevelDbov === undefined ? {} : { audioLevelDbov }),
    });
    const { mediaSessionId } = this;
    const { kind, rtpParameters } = track;
    const answer = await this.calls['track.publish']({
      mediaSessionId,
      trackId,
      epoch,
      kind,
      ...(options.source ? { source: options.source } : {}),
      muted,
      rtpParameters,
      ...(options.over ? { transportId: options.over.id } : {}),
    });
    track.start();
    return Object.assign(track, { answer });
  }

  /** Sets up the receiving side of a subscription and starts it; `over` when it is not on the first transport. */
  async receive(subscription: Subscription, over = this.media.receive!): Promise<RtpReceiver> {
    if (subscription.kind === 'data') throw new Error('not for data');
    const transport = await this.#connected('receive', over);
    const receiver = transport.addReceiver(subscription.rtpParameters);
    const { mediaSessionId } = this;
    if (!subscription.started)
      await this.calls['track.start']({ mediaSessionId, trackIds: [subscription.trackId] });
    return receiver;
  }

  /** Subscribes to one track and receives it. */
  async subscribe(trackId: string, over?: TransportParameters): Promise<RtpReceiver> {
    const { mediaSessionId } = this;
    const { subscriptions, failures } = await this.calls['track.subscribe']({
      mediaSessionId,
      ...(over ? { transportId: over.id } : {}),
      trackIds: [trackId],
      started: false,
    });
    if (!subscriptions[0]) throw new Error(`${trackId}: ${failures[0]?.code} ${failures[0]?.message}`);
    return this.receive(subscriptions[0], over);
  }

  #connected(direction: Direction, parameters: TransportParameters): Promise<PeerTransport> {
    const there = this.#transports.get(parameters.id);
    if (there) return there;
    const transportId = parameters.id;
    const transport = this.own(new PeerTransport({ parameters, direction }));
    const connected = (async () => {
      const { mediaSessionId } = this;
      const { dtlsParameters } = transport;
      await this.calls['transport.connect']({ mediaSessionId, direction, transportId, dtlsParameters });
      await transport.connect();
      return transport;
    })();
    this.#transports.set(transportId, connected);
    return connected;
  }
}
