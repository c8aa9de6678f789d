// Runs in the browser: a bare page with the SDK in it, which shows every remote video and counts what happens.
import { devices, PlatformError, type PublishOptions, Room, type RoomOptions } from '@weir/client';

/** What a test can say and ask of a page, as the global `seat`. */
export class PageSeat {
  room!: Room;
  readonly log: { at: number; type: string; detail: string }[] = [];
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
    const { width = 640, height = 360, fps = 30, tag = 0, ...publish } = options;
    const { track } = weirTest.frameCodeSource({ width, height, fps, source: tag });
    return (await this.room.local.publish(track, { source: 'camera', ...publish })).trackId;
  }

  async publishTone(options: Partial<PublishOptions> = {}) {
    const { track } = weirTest.toneSource({});
    return (await this.room.local.publish(track, { source: 'microphone', ...options })).trackId;
  }

  /** Whether moving pictures of that participant's source are on this page; else what is missing, in words. */
  async sees(identity: string, source = 'camera'): Promise<true | string> {
    const video = this.video(identity, source);
    if (typeof video === 'string') return video;
    if (video.videoWidth === 0) return `no picture of ${identity} yet`;
    return (await weirTest.videoIsLive(video)) || `the picture of ${identity} stands still`;
  }

  video(identity: string, source = 'camera'): HTMLVideoElement | string {
    const participant = [...this.room.remotes.values()].find((p) => p.identity === identity);
    if (!participant) return `${identity} is not in the room`;
    const publication = [...participant.publications.values()].find((p) => p.source === source);
    if (!publication) return `${identity} publishes no ${source}`;
    return this.#videos.get(publication.trackId) ?? `${identity}'s ${source} is not subscribed`;
  }

  /** Level of the 440 Hz tone in that participant's audio, dBFS; -Infinity for silence. */
  async hears(identity: string, source = 'microphone'): Promise<number> {
    const participant = [...this.room.remotes.values()].find((p) => p.identity === identity);
    const publication = [...(participant?.publications.values() ?? [])].find((p) => p.source === source);
    if (!publication?.mediaTrack) return Number.NEGATIVE_INFINITY;
    return (await weirTest.listenToTone(publication.mediaTrack, { durationMs: 700 })).toneDb;
  }

  async inbound(identity: string, source = 'camera') {
    const participant = [...this.room.remotes.values()].find((p) => p.identity === identity);
    const track = [...(participant?.publications.values() ?? [])].find(
      (p) => p.source === source,
    )?.mediaTrack;
    const stats = await this.room.debug.receive?.getStats(track);
    const all = [...((stats as unknown as Map<string, Record<string, unknown>>)?.values() ?? [])];
    const rtp = all.find((s) => s.type === 'inbound-rtp' && s.trackIdentifier !== 'probator');
    const codec = all.find((s) => s.id === rtp?.codecId);
    return { ...rtp, mimeType: codec?.mimeType } as Record<string, number | string | undefined>;
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
    events.on('dataReceived', ({ payload }) => this.#note('data', payload));
    events.on('mediaReset', (reason) => this.#note('mediaReset', reason));
    events.on('closed', (error) => this.#note('closed', error?.code));
    events.on('trackSubscribed', ({ trackId, kind }, track) => {
      if (kind !== 'video') return;
      const video = this.#videos.get(trackId) ?? document.createElement('video');
      Object.assign(video, { muted: true, autoplay: true, playsInline: true, width: 320 });
      video.srcObject = new MediaStream([track]);
      this.#videos.set(trackId, video);
      document.body.append(video);
    });
    events.on('trackUnpublished', ({ trackId }) => {
      this.#videos.get(trackId)?.remove();
      this.#videos.delete(trackId);
    });
  }
}

declare global {
  var seat: PageSeat;
  var weirDevices: typeof devices;
}
globalThis.seat = new PageSeat();
globalThis.weirDevices = devices;
