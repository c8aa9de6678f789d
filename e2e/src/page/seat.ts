// Runs in the browser: a bare page with the SDK in it, which shows every remote video and counts what happens.
import {
  devices,
  PlatformError,
  type PublishOptions,
  type RemotePublication,
  Room,
  type RoomOptions,
  type Source,
} from '@weir/client';
import type { FrameCode } from '@weir/testing';
import { Ears, stepSpeaker } from './ears.ts';

/** One entry of a WebRTC statistics report. */
type Report = Record<string, number | string | undefined>;

/** What a test can say and ask of a page, as the global `seat`. */
export class PageSeat {
  room!: Room;
  readonly log: { at: number; type: string; detail: string }[] = [];
  /** Samples that came, with their age in ms when they did (one clock for all pages). */
  readonly samples: { name: string; at: number; ageMs: number }[] = [];
  readonly #videos = new Map<string, HTMLVideoElement>();

  async join(options: RoomOptions): Promise<string> {
    this.room = new Room(options);
    this.#listen();
    await this.room.connect();
    return this.room.local.participantId;
  }

  /** The error code that joining ends with. */
  async joinError(options: RoomOptions): Promise<string> {
    return this.join(options).then(
      () => 'joined',
      (error) => (error instanceof PlatformError ? error.code : String(error)),
    );
  }

  /** The code of the error that `work` ends with, or `ok`. */
  async outcome(work: () => Promise<unknown>): Promise<string> {
    return work().then(
      () => 'ok',
      (error) => (error instanceof PlatformError ? error.code : String(error)),
    );
  }

  async publishCamera(
    options: Partial<PublishOptions> & { width?: number; height?: number; fps?: number; tag?: number } = {},
  ) {
    const { width = 640, height = 360, fps = 15, tag = 0, ...publish } = options;
    const { track } = weirTest.frameCodeSource({ width, height, fps, source: tag });
    return (await this.room.local.publish(track, { source: 'camera', ...publish })).trackId;
  }

  async publishTone({ rests = false, ...options }: Partial<PublishOptions> & { rests?: boolean } = {}) {
    const { track } = weirTest.toneSource({ rests });
    return (await this.room.local.publish(track, { source: 'microphone', ...options })).trackId;
  }

  /** A silent microphone, which says steps of tones when told to (`saySteps`). */
  async publishSteps() {
    const { track, speak } = stepSpeaker();
    this.saySteps = speak;
    return (await this.room.local.publish(track, { source: 'microphone' })).trackId;
  }
  saySteps = () => {};

  /** From now on the page listens to all audio slots; `ears.steps()` tells which steps it has heard. */
  async listenToSlots(): Promise<void> {
    await this.ears.listen(this.room.audioSlots.flatMap(({ mediaTrack }) => mediaTrack ?? []));
  }
  readonly ears = new Ears();

  /** Whose microphones the slots carry. */
  carried(): string[] {
    return this.room.audioSlots.flatMap(({ participant }) => participant?.identity ?? []);
  }

  /** Streams of sound that are set up, and the packets that came on all of them. */
  async sounds(): Promise<{ streams: number; packets: number }> {
    const all = await reports(this.room.debug.receive, 'inbound-rtp');
    const sounds = all.filter(({ kind }) => kind === 'audio');
    return {
      streams: sounds.length,
      packets: sounds.reduce((sum, { packetsReceived }) => sum + Number(packetsReceived), 0),
    };
  }

  /** Sends a sample of so many bytes every so often until the page goes; answers the channel's running count. */
  async streamSamples(options: { name: string; maxAgeMs: number; everyMs: number; bytes: number }) {
    const channel = await this.room.openSampleChannel(options);
    const payload = new Uint8Array(options.bytes);
    setInterval(() => channel.send(payload), options.everyMs);
    this.sampleStats = channel.stats;
  }
  sampleStats = { sent: 0, dropped: 0 };

  /** Whether moving pictures of that participant's source are on this page; else what is missing, in words. */
  async sees(identity: string, source: Source = 'camera'): Promise<true | string> {
    const video = this.video(identity, source);
    if (typeof video === 'string') return video;
    if (video.videoWidth === 0) return `no picture of ${identity} yet`;
    return (await weirTest.videoIsLive(video)) || `the picture of ${identity} stands still`;
  }

  publication(identity: string, source: Source = 'camera'): RemotePublication | undefined {
    return [...this.room.remotes.values()].find((p) => p.identity === identity)?.publication(source);
  }

  video(identity: string, source: Source = 'camera'): HTMLVideoElement | string {
    const publication = this.publication(identity, source);
    if (!publication) return `${identity} publishes no ${source}, or is not in the room`;
    const video = publication.subscribed && this.#videos.get(publication.trackId);
    return video || `${identity}'s ${source} is not subscribed`;
  }

  /** From now on the pictures of that participant are counted; `longestGap` tells how long there was none. */
  watchFrames(identity: string, source: Source = 'camera'): void {
    const gap = { frames: 0, longestMs: 0, lastAt: performance.now() };
    this.#gaps.set(identity, gap);
    const note = () => {
      const now = performance.now();
      gap.longestMs = Math.max(gap.longestMs, now - gap.lastAt);
      gap.lastAt = now;
    };
    let watched: HTMLVideoElement | undefined;
    const look = () => {
      const video = this.video(identity, source);
      if (typeof video === 'string' || video === watched) return;
      watched = video;
      const take = () => {
        if (watched !== video) return;
        gap.frames += 1;
        note();
        video.requestVideoFrameCallback(take);
      };
      video.requestVideoFrameCallback(take);
    };
    look();
    setInterval(look, 20);
  }

  longestGap(identity: string): { frames: number; longestMs: number } {
    const { frames, longestMs, lastAt } = this.#gaps.get(identity)!;
    return { frames, longestMs: Math.max(longestMs, performance.now() - lastAt) };
  }
  readonly #gaps = new Map<string, { frames: number; longestMs: number; lastAt: number }>();

  /** What the picture says about itself; undefined: there is none, or it cannot be read. */
  code(identity: string, source: Source = 'camera'): FrameCode | undefined {
    const video = this.video(identity, source);
    return typeof video === 'string' || !video.videoWidth ? undefined : weirTest.readFrameCode(video);
  }

  /** What is known of how a picture comes here, for the words of a test that waits for it in vain. */
  async account(identity: string, source: Source = 'camera'): Promise<string> {
    const publication = this.publication(identity, source);
    if (!publication) return 'not published';
    const { limitedBy, layer, muted, subscribed } = publication;
    const numbers = ['packetsReceived', 'framesReceived', 'framesDecoded', 'pliCount', 'frameHeight'];
    const stats = (await publication.stats().catch(() => undefined)) as Map<string, Report> | undefined;
    const inbound = [...(stats?.values() ?? [])].find(({ type }) => type === 'inbound-rtp');
    const receivers = this.room.debug.receivers.map(({ connectionState }) => connectionState);
    const log = this.log.slice(-20).map(({ type, detail }) => `${type} ${detail}`);
    return JSON.stringify({
      limitedBy,
      layer,
      muted,
      subscribed,
      ...picked(inbound ?? {}, numbers),
      receivers,
      log,
    });
  }

  /** Lines of the picture on show; 0 for none. */
  lines(identity: string, source: Source = 'camera'): number {
    const video = this.video(identity, source);
    return typeof video === 'string' ? 0 : video.videoHeight;
  }

  /** Level of the 440 Hz tone in that participant's audio, dBFS; -Infinity for silence. */
  async hears(identity: string, source: Source = 'microphone'): Promise<number> {
    const track = this.publication(identity, source)?.mediaTrack;
    if (!track) return Number.NEGATIVE_INFINITY;
    const { toneDb } = await weirTest.listenToTone(track, { durationMs: 700 });
    return Number.isNaN(toneDb) ? Number.NEGATIVE_INFINITY : toneDb;
  }

  /** Statistics of what is received of that source, with its codec's; empty while nothing is. */
  async inbound(identity: string, source: Source = 'camera'): Promise<Report> {
    const track = this.publication(identity, source)?.mediaTrack;
    if (!track) return {};
    return (await reports(this.room.debug.receive, 'inbound-rtp', track))[0] ?? {};
  }

  /** Media packets that came in at all, whether anything plays them or not. */
  async packetsReceived(): Promise<number> {
    const all = await reports(this.room.debug.receive, 'transport');
    return Number(all[0]?.packetsReceived ?? 0);
  }

  /** Statistics of what is sent of a kind, one for each encoding, with its codec's. */
  async outbound(kind: 'audio' | 'video'): Promise<Report[]> {
    return (await reports(this.room.debug.send, 'outbound-rtp')).filter((report) => report.kind === kind);
  }

  /** The same of what is sent. */
  async sending(): Promise<string> {
    const all = await this.outbound('video');
    const names = ['mid', 'rid', 'active', 'frameHeight', 'framesEncoded', 'packetsSent', 'targetBitrate'];
    return JSON.stringify(all.map((report) => picked(report, names)));
  }

  #note(type: string, detail: unknown = ''): void {
    this.log.push({ at: Date.now(), type, detail: String(detail) });
  }

  #listen(): void {
    const { events } = this.room;
    events.on('statusChanged', (status) => this.#note('status', status));
    events.on('participantJoined', (p) => this.#note('participantJoined', p.identity));
    events.on('participantLeft', (p, reason) => this.#note('participantLeft', `${p.identity} ${reason}`));
    events.on('participantUpdated', (p) => this.#note('participantUpdated', `${p.identity} ${p.status}`));
    events.on('trackPublished', (t) => this.#note('trackPublished', `${t.participant.identity} ${t.source}`));
    events.on('lobbyChanged', (waiting) =>
      this.#note(
        'lobbyChanged',
        waiting.map((w) => w.identity),
      ),
    );
    events.on('dataReceived', ({ payload }) => this.#note('data', payload));
    events.on('sampleReceived', ({ name, capturedAt }) => {
      const at = Date.now();
      this.samples.push({ name, at, ageMs: at - capturedAt });
    });
    events.on('mediaReset', (reason) => this.#note('mediaReset', reason));
    events.on('closed', (error) => this.#note('closed', error?.code));
    events.on('trackSubscribed', ({ trackId, kind }, track) => {
      if (kind !== 'video') return;
      const video = this.#videos.get(trackId) ?? document.createElement('video');
      Object.assign(video, { muted: true, autoplay: true, playsInline: true, width: 320 });
      const stream = video.isConnected ? (video.srcObject as MediaStream | null) : null;
      if (stream) {
        // It takes the place of another one: as the React components do it.
        const before = stream.getTracks();
        stream.addTrack(track);
        for (const other of before) stream.removeTrack(other);
      } else video.srcObject = new MediaStream([track]);
      this.#videos.set(trackId, video);
      document.body.append(video);
    });
    events.on('trackUnsubscribed', ({ trackId, source }) => {
      this.#note('trackUnsubscribed', source);
      this.#videos.get(trackId)?.remove();
    });
    events.on('trackUnpublished', ({ trackId }) => {
      this.#videos.get(trackId)?.remove();
      this.#videos.delete(trackId);
    });
  }
}

function picked(report: Report, names: string[]): Report {
  return Object.fromEntries(names.map((name) => [name, report[name]]));
}

async function reports(
  connection: RTCPeerConnection | undefined,
  type: string,
  track?: MediaStreamTrack,
): Promise<Report[]> {
  const all = new Map<unknown, Report>();
  for (const [id, report] of ((await connection?.getStats(track)) ?? []) as Iterable<[string, Report]>)
    all.set(id, report);
  return [...all.values()]
    .filter((report) => report.type === type)
    .map((report) => {
      const { mimeType, sdpFmtpLine } = all.get(report.codecId) ?? {};
      return { ...report, mimeType, sdpFmtpLine };
    });
}

declare global {
  var seat: PageSeat;
  var weirDevices: typeof devices;
}
globalThis.seat = new PageSeat();
globalThis.weirDevices = devices;
