// Runs in the browser: a wall of many live pictures, received as an app would, or over a connection for each.
import { PlatformError, type RemotePublication, Room, type RoomOptions } from '@weir/client';

/** Times in ms since the wall began to join. */
export type WallTimes = {
  joinedMs: number;
  /** When each tile was live, in the order in which they became so: its second frame was another one than its first. */
  liveMs: number[];
  /** The same for the tiles that are seen first. */
  firstTilesMs: number[];
  /** Of all tiles, those that still decode frames at the end. */
  stillLive: number;
  connections: number;
  longTasksMs: number;
  error?: string;
};

const checkMs = 1_500;

class Wall {
  #startedAt = 0;
  readonly #liveMs: number[] = [];
  readonly #firstTilesMs: number[] = [];
  #longTasksMs = 0;
  #rooms: Room[] = [];

  #begin(): void {
    this.#startedAt = performance.now();
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
    room.events.on('trackSubscribed', (publication, track) =>
      this.#show(track, () => first.has(publication.trackId)),
    );
    await room.connect();
    const joinedMs = performance.now() - this.#startedAt;
    await this.#until(expected.streams, expected.timeoutMs);
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
    if (!error) await this.#until(seats.length, Math.max(0, deadline - performance.now()));
    return { ...(await this.#times(0)), ...(error ? { error } : {}) };
  }

  async #joinOne({ stream, ...options }: RoomOptions & { stream: number }): Promise<void> {
    const room = new Room({ ...options, autoSubscribe: false });
    this.#rooms.push(room);
    room.events.on('trackSubscribed', (_, track) => this.#show(track, () => false));
    await room.connect();
    const tracks: RemotePublication[] = [...room.remotes.values()].flatMap((p) => [
      ...p.publications.values(),
    ]);
    await tracks[stream % tracks.length]?.setSubscribed(true);
  }

  #show(track: MediaStreamTrack, isFirst: () => boolean): void {
    if (track.kind !== 'video') return;
    const video = document.createElement('video');
    Object.assign(video, { muted: true, autoplay: true, playsInline: true, width: 40, height: 22 });
    video.srcObject = new MediaStream([track]);
    document.body.append(video);
    let seen: number | undefined;
    const look = (_: number, { rtpTimestamp }: VideoFrameCallbackMetadata) => {
      if (seen !== undefined && rtpTimestamp !== seen) {
        const now = performance.now() - this.#startedAt;
        this.#liveMs.push(now);
        if (isFirst()) this.#firstTilesMs.push(now);
        return;
      }
      seen = rtpTimestamp;
      video.requestVideoFrameCallback(look);
    };
    video.requestVideoFrameCallback(look);
  }

  async #until(streams: number, timeoutMs: number): Promise<void> {
    const giveUpAt = performance.now() + timeoutMs;
    while (this.#liveMs.length < streams && performance.now() < giveUpAt)
      await new Promise((resolve) => setTimeout(resolve, 50));
  }

  async #times(joinedMs: number): Promise<WallTimes> {
    const receivers = this.#rooms.flatMap((room) => room.debug.receivers);
    const before = await decodedFrames(receivers);
    await new Promise((resolve) => setTimeout(resolve, checkMs));
    const after = await decodedFrames(receivers);
    return {
      joinedMs,
      liveMs: this.#liveMs,
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
