/** As long as somebody may have to wait for a slot until the start of what they say is lost. */
const keptMs = 600;
/** A sender of very short packets has less time. */
const keptAtMost = 64;

/** The last packets of a microphone, to be sent when it turns out that somebody had begun to speak. */
export class RecentPackets {
  readonly #packets: { packet: Buffer; atMs: number }[] = [];

  push(packet: Buffer, atMs: number): void {
    this.#packets.push({ packet, atMs });
    let old = 0;
    while (this.#packets[old]!.atMs < atMs - keptMs || this.#packets.length - old > keptAtMost) old++;
    if (old > 0) this.#packets.splice(0, old);
  }

  /** Takes out all, and answers those since `ms` that are still there, oldest first. */
  takeSince(ms: number): Buffer[] {
    const packets = this.#packets.splice(0);
    return packets.filter(({ atMs }) => atMs >= ms).map(({ packet }) => packet);
  }

  clear(): void {
    this.#packets.length = 0;
  }
}
