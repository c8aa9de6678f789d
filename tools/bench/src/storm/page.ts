// Runs in the browser: somebody who is in the call already, and notes how long the picture stood still.
import { Room, type RoomOptions } from '@weir/client';
import { LongestGap } from '../measure/longest-gap.ts';

class Watcher {
  readonly #gaps = new Map<string, LongestGap>();
  #longTasksMs = 0;
  #room: Room | undefined;

  async join(options: RoomOptions): Promise<void> {
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) this.#longTasksMs += duration;
    }).observe({ type: 'longtask' });
    const room = new Room(options);
    this.#room = room;
    room.events.on('trackSubscribed', ({ trackId, kind }, track) => {
      if (kind === 'video') this.#show(trackId, track);
    });
    await room.connect();
  }

  /** It is connected to a second node, too. */
  get standsBy(): boolean {
    return this.#room?.debug.standby?.connected ?? false;
  }

  get tiles(): number {
    return this.#gaps.size;
  }

  /** Forgets what stood still so far. */
  begin(): void {
    for (const trackId of this.#gaps.keys()) this.#gaps.set(trackId, new LongestGap());
    this.#longTasksMs = 0;
  }

  get seen(): { longestGapMs: number; longTasksMs: number } {
    const gaps = [...this.#gaps.values()].map(({ ms }) => ms);
    return { longestGapMs: Math.max(0, ...gaps), longTasksMs: this.#longTasksMs };
  }

  #show(trackId: string, track: MediaStreamTrack): void {
    const video = document.createElement('video');
    Object.assign(video, { autoplay: true, muted: true, playsInline: true });
    video.srcObject = new MediaStream([track]);
    document.body.append(video);
    const shown = () => {
      const gap = this.#gaps.get(trackId);
      if (gap) gap.beat();
      else this.#gaps.set(trackId, new LongestGap());
      video.requestVideoFrameCallback(shown);
    };
    video.requestVideoFrameCallback(shown);
  }
}

declare global {
  var watcher: Watcher;
}
globalThis.watcher = new Watcher();
