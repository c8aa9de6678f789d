// Runs in the browser.

const lookEveryMs = 250;

/** When each of many tracks was live: a second frame was decoded. */
export class LiveWatch {
  readonly startedAt = performance.now();
  /** In ms since the watch began, in the order in which they became live. */
  readonly liveMs: number[] = [];
  readonly #receivers: () => readonly RTCRtpReceiver[];
  /** The tracks that are not live yet: of what time their last decoded frame was. */
  readonly #awaited = new Map<MediaStreamTrack, number | undefined>();

  constructor(receivers: () => readonly RTCRtpReceiver[]) {
    this.#receivers = receivers;
    setInterval(() => this.#look(), lookEveryMs);
  }

  get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  add(track: MediaStreamTrack): void {
    this.#awaited.set(track, undefined);
  }

  /** Resolves when so many are live, or time is up. */
  async until(streams: number, timeoutMs: number): Promise<void> {
    const giveUpAt = performance.now() + timeoutMs;
    while (this.liveMs.length < streams && performance.now() < giveUpAt)
      await new Promise((resolve) => setTimeout(resolve, 50));
  }

  /** By the sources of what was handed on last, which cost next to nothing to ask. */
  #look(): void {
    const now = this.elapsedMs;
    for (const receiver of this.#receivers()) {
      if (!this.#awaited.has(receiver.track)) continue;
      const [source] = receiver.getSynchronizationSources();
      if (!source) continue;
      const before = this.#awaited.get(receiver.track);
      if (before === undefined) this.#awaited.set(receiver.track, source.rtpTimestamp);
      else if (before !== source.rtpTimestamp) {
        this.#awaited.delete(receiver.track);
        this.liveMs.push(now);
      }
    }
  }
}
