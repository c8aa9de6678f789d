import { Lifetime, PlatformError, sleep, withDeadline } from '@weir/core';
import type { IceServer, MediaSession, RtpParameters, Subscription } from '@weir/protocol';
import type { Device, types } from 'mediasoup-client';
import { chosenPair, entriesOf, selectedPath } from '../selected-path.ts';
import { countLine, type LineCount, lostBetween, ratesBetween } from './line-stats.ts';
import type { LineFacts } from './measurements.ts';
import { noiseAudio, noiseVideo } from './synthetic-media.ts';
import type { TestSeat } from './test-seat.ts';

/** As much as a camera in a call sends at most. */
export const triedBps = 2_500_000;
const connectMs = 4_000;
const quietMs = 2_500;
/** The browser takes the first part of it to find out how much the line carries; the second half counts. */
const loadMs = 5_000;
const sampleEveryMs = 250;

type Counts = Record<'audio' | 'video', LineCount>;

export type CallSide = { seat: TestSeat; media: MediaSession };

/**
 * A call with oneself through the media node: sound first, for loss and jitter of the quiet line, then with as much video
 * as it takes. Rejects with `media-lost` or `timeout` when no media comes back.
 */
export class TestCall extends Lifetime {
  readonly #device: Device;
  readonly #iceServers: RTCIceServer[];
  readonly #sender: CallSide;
  readonly #receiver: CallSide;
  #sending!: types.Transport;
  #receiving!: types.Transport;

  constructor(device: Device, iceServers: IceServer[], sender: CallSide, receiver: CallSide) {
    super();
    this.#device = device;
    this.#iceServers = iceServers as RTCIceServer[];
    this.#sender = sender;
    this.#receiver = receiver;
  }

  /** Done by `endsAt` (of `performance.now()`): what came before took longer on a slow computer, the load gets the rest. */
  async measure(endsAt: number): Promise<LineFacts> {
    const startedAt = performance.now();
    await this.#carry(noiseAudio(this), { source: 'microphone' });
    await withDeadline(this.#firstSound(), connectMs, 'sound from the media node', this.signal);
    const path = selectedPath(await this.#sending.getStats());
    if (!path) throw new PlatformError('media-lost', 'no path was found');
    const connectedMs = performance.now() - startedAt;

    const { audio: quietFrom } = await this.#count();
    await sleep(quietMs, this.signal);
    const { audio: quietTo } = await this.#count();
    const quiet = ratesBetween(quietFrom, quietTo);
    const quietRttMs = selectedPath(await this.#sending.getStats())?.rttMs ?? quietTo.rttMs ?? 0;

    const producer = await this.#carry(noiseVideo(this), {
      source: 'camera',
      encodings: [{ maxBitrate: triedBps }],
      codecOptions: { videoGoogleStartBitrate: 1_000 },
    });
    const [load, limitedBy] = await this.#load(producer, Math.min(performance.now() + loadMs, endsAt));
    const estimatedUpBps = estimateOf(await this.#sending.getStats());
    return {
      path: { ...path, connectMs: connectedMs },
      loss: quiet.loss,
      jitterMs: quietTo.jitterMs ?? 0,
      rttMs: quietRttMs,
      upBps: load.upBps,
      ...(estimatedUpBps === undefined ? {} : { estimatedUpBps }),
      downBps: load.downBps,
      triedBps,
      loadedRttMs: load.rttMs,
      loadedLossUp: load.lossUp,
      loadedLossDown: load.lossDown,
      overloadLossUp: load.overloadLossUp,
      loadedSoundLoss: load.soundLoss,
      limitedBy,
    };
  }

  /** Publishes a track on one side and receives it on the other. */
  async #carry(
    track: MediaStreamTrack,
    how: { source: 'camera' | 'microphone' } & Pick<types.ProducerOptions, 'encodings' | 'codecOptions'>,
  ): Promise<types.Producer> {
    const { source, ...options } = how;
    this.#sending ??= this.#transport('send', this.#sender);
    this.#receiving ??= this.#transport('receive', this.#receiver);
    let announced: (trackId: string) => void = () => {};
    const trackIdKnown = new Promise<string>((resolve) => {
      announced = resolve;
    });
    const producing = this.#sending.produce({
      track,
      stopTracks: false,
      appData: { source, announced },
      ...options,
    });
    const trackId = await withDeadline(
      Promise.race([trackIdKnown, producing.then(() => trackIdKnown)]),
      connectMs,
      'publishing',
      this.signal,
    );
    const [producer] = await Promise.all([producing, this.#subscribe(trackId)]);
    return producer;
  }

  async #subscribe(trackId: string): Promise<void> {
    const { seat } = this.#receiver;
    const { subscriptions } = await seat.request('track.subscribe', { trackIds: [trackId] });
    const subscription = subscriptions[0] as Extract<Subscription, { kind: 'audio' | 'video' }> | undefined;
    if (!subscription) throw new PlatformError('media-lost', 'the media node did not pass the track on');
    await this.#receiving.consume({
      id: subscription.subscriptionId,
      producerId: trackId,
      kind: subscription.kind,
      rtpParameters: subscription.rtpParameters as types.RtpParameters,
    });
    await seat.request('track.start', { trackIds: [trackId] });
  }

  #transport(direction: 'send' | 'receive', { seat, media }: CallSide): types.Transport {
    const options = {
      ...(media[direction] as unknown as types.TransportOptions),
      iceServers: this.#iceServers,
    };
    const transport =
      direction === 'send'
        ? this.#device.createSendTransport(options)
        : this.#device.createRecvTransport(options);
    this.onClose(() => transport.close());
    transport.on('connect', ({ dtlsParameters }, callback, errback) => {
      seat.connect(direction, dtlsParameters).then(callback, errback);
    });
    transport.on('produce', ({ kind, rtpParameters, appData }, callback, errback) => {
      const { source, announced } = appData as {
        source: 'camera' | 'microphone';
        announced: (id: string) => void;
      };
      seat
        .request('track.publish', { kind, source, rtpParameters: rtpParameters as RtpParameters })
        .then(({ track }) => {
          callback({ id: track.trackId });
          announced(track.trackId);
        }, errback);
    });
    return transport;
  }

  async #firstSound(): Promise<void> {
    while (!this.closed && (await this.#count()).audio.receivedPackets === 0) await sleep(50, this.signal);
  }

  async #count(): Promise<Counts> {
    const [sending, receiving] = await Promise.all([this.#sending.getStats(), this.#receiving.getStats()]);
    return { audio: countLine('audio', sending, receiving), video: countLine('video', sending, receiving) };
  }

  /** Rates of the second half of the load, when the browser knows the line. */
  async #load(producer: types.Producer, endsAt: number) {
    const startedAt = performance.now();
    const counts: Counts[] = [];
    const rtts: number[] = [];
    while (performance.now() < endsAt && !this.closed) {
      await sleep(sampleEveryMs, this.signal);
      counts.push(await this.#count());
      const rttMs = selectedPath(await this.#sending.getStats())?.rttMs;
      if (rttMs !== undefined) rtts.push(rttMs);
    }
    const last = counts.at(-1);
    const first = counts.find(({ video }) => video.at >= (startedAt + endsAt) / 2);
    if (!last || !first || first === last)
      throw new PlatformError('timeout', 'there was no time left to send much');
    return [
      {
        ...ratesBetween(first.video, last.video),
        overloadLossUp: ratesBetween(counts[0]!.video, last.video).lossUp,
        soundLoss: lostBetween(first.audio, last.audio),
        rttMs: Math.max(0, ...rtts),
      },
      limitOf(await producer.getStats()),
    ] as const;
  }
}

/** What the browser believes the line to carry. */
function estimateOf(report: RTCStatsReport): number | undefined {
  const estimate = chosenPair(entriesOf(report))?.availableOutgoingBitrate;
  return typeof estimate === 'number' ? estimate : undefined;
}

function limitOf(report: RTCStatsReport): LineFacts['limitedBy'] {
  let limit: LineFacts['limitedBy'] = 'none';
  report.forEach((entry: { type: string; qualityLimitationReason?: LineFacts['limitedBy'] }) => {
    if (entry.type === 'outbound-rtp') limit = entry.qualityLimitationReason ?? limit;
  });
  return limit;
}
