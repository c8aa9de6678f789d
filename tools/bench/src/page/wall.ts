// Runs in the browser: many live pictures, of which some are shown, received as an app would, or over a connection for each.
import { PlatformError, type RemotePublication, Room, type RoomOptions } from '@weir/client';
import { LiveWatch } from './live-watch.ts';

/** Times in ms since the wall began to join. */
export type WallTimes = {
  joinedMs: number;
  /** When each stream was live, in the order in which they became so: a second frame was decoded. */
  liveMs: number[];
  /** When each tile that is shown was live: its second frame was on the page. */
  firstTilesMs: number[];
  /** Of all streams, those that still decode frames at the end. */
  stillLive: number;
  connections: number;
  longTasksMs: number;
  error?: string;
};

const checkMs = 1_500;

class Wall {
  #watch!: LiveWatch;
  readonly #firstTilesMs: number[] = [];
  #longTasksMs = 0;
  #rooms: Room[] = [];

  #begin(): void {
    this.#watch = new LiveWatch(() =>
      this.#rooms.flatMap((room) => room.debug.receivers.flatMap((connection) => connection.getReceivers())),
    );
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) this.#longTasksMs += duration;
    }).observe({ type: 'longtask' });
  }

  /** All `streams` of a room in one seat; the first `firstTiles` that are published are asked for as shown. */
  async join(
    options: RoomOptions,
    expected: { streams: number; firstTiles: number; timeoutMs: number },
  ): Promise<WallTimes> {
    this.#begin();
    const room = new Room(options);
    this.#rooms = [room];
    const first = new Set<string>();
    room.events.on('trackPublished', (publication) => {
      if (first.size === expected.firstTiles) return;
      first.add(publication.trackId);
      void publication.setPreferences({ paused: false, priority: 255 });
    });
    room.events.on('trackSubscribed', (publication, track) => {
      if (track.kind === 'video') this.#watch.add(track);
      if (first.has(publication.trackId)) this.#show(track);
    });
    await room.connect();
    const joinedMs = this.#watch.elapsedMs;
    await this.#watch.until(expected.streams, expected.timeoutMs);
    return this.#times(joinedMs);
  }

  /** A room, and with it a connection, for each stream: what a page does that knows no better. */
  async joinEach(
    seats: (RoomOptions & { stream: number })[],
    options: { timeoutMs: number; atOnce: number },
  ): Promise<WallTimes> {
    this.#begin();
    const waiting = seats.slice();
    let error: string | undefined;
    const deadline = performance.now() + options.timeoutMs;
    const work = async () => {
      for (
        let seat = waiting.shift();
        seat && !error && performance.now() < deadline;
        seat = waiting.shift()
      ) {
        try {
          await this.#joinOne(seat);
        } catch (failure) {
          const told = failure instanceof PlatformError ? `${failure.code}: ` : '';
          error = `${told}${failure instanceof Error ? failure.message : failure}`;
        }
      }
    };
    await Promise.all(Array.from({ length: options.atOnce }, work));
    if (!error) await this.#watch.until(seats.length, Math.max(0, deadline - performance.now()));
    return { ...(await this.#times(0)), ...(error ? { error } : {}) };
  }

  async #joinOne({ stream, ...options }: RoomOptions & { stream: number }): Promise<void> {
    const room = new Room({ ...options, autoSubscribe: false });
    this.#rooms.push(room);
    room.events.on('trackSubscribed', (_, track) => this.#watch.add(track));
    await room.connect();
    const tracks: RemotePublication[] = [...room.remotes.values()].flatMap((p) => [
      ...p.publications.values(),
    ]);
    await tracks[stream % tracks.length]?.setSubscribed(true);
  }

  #show(track: MediaStreamTrack): void {
    const video = document.createElement('video');
    Object.assign(video, { muted: true, autoplay: true, playsInline: true, width: 160, height: 90 });
    video.srcObject = new MediaStream([track]);
    document.body.append(video);
    let seen: number | undefined;
    const look = (_: number, { rtpTimestamp }: VideoFrameCallbackMetadata) => {
      if (seen !== undefined && rtpTimestamp !== seen) {
        this.#firstTilesMs.push(this.#watch.elapsedMs);
        return;
      }
      seen = rtpTimestamp;
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  }

  async #times(joinedMs: number): Promise<WallTimes> {
    const receivers = this.#rooms.flatMap((room) => room.debug.receivers);
    const before = await decodedFrames(receivers);
    await new Promise((resolve) => setTimeout(resolve, checkMs));
    const after = await decodedFrames(receivers);
    return {
      joinedMs,
      liveMs: this.#watch.liveMs,
      firstTilesMs: this.#firstTilesMs,
      stillLive: [...after].filter(([id, frames]) => frames > (before.get(id) ?? 0)).length,
      connections: receivers.length,
      longTasksMs: this.#longTasksMs,
    };
  }
}

async function decodedFrames(connections: RTCPeerConnection[]): Promise<Map<string, number>> {
  const frames = new Map<string, number>();
  for (const [i, connection] of connections.entries())
    for (const [id, report] of (await connection.getStats()) as unknown as Iterable<
      [string, { type: string; framesDecoded?: number }]
    >)
      if (report.type === 'inbound-rtp') frames.set(`${i} ${id}`, report.framesDecoded ?? 0);
  return frames;
}

declare global {
  var wall: Wall;
}
globalThis.wall = new Wall();
