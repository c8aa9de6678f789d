const attempts = 4;
const retryMs = 250;
/** By then what was changed shows in the counts. */
const settleMs = 1_500;
const lookMs = 1_000;
const corrections = 2;

/** Switches the encodings of one video on and off as they are wanted. One change at a time; the last one holds. */
export class EncodingDemand {
  readonly #sender: RTCRtpSender;
  #wanted: number | null = Number.POSITIVE_INFINITY;
  #working = false;
  /** How often what is wanted now was asked for anew. */
  #corrected = 0;

  constructor(sender: RTCRtpSender) {
    this.#sender = sender;
  }

  /** Encodes the layers up to this one, or nothing. An encoding that has all its layers in itself goes on whole. */
  set(maxSpatialLayer: number | null): void {
    this.#wanted = maxSpatialLayer;
    this.#corrected = 0;
    if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    let failures = 0;
    for (let applied: number | null | undefined; applied !== this.#wanted && failures < attempts; ) {
      const wanted = this.#wanted;
      try {
        await this.#apply(wanted);
        applied = wanted;
      } catch {
        failures += 1; // While something else is being negotiated, or because the sender has ended.
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
    this.#working = false;
    if (failures < attempts) void this.#check(this.#wanted).catch(() => {}); // The sender has ended.
  }

  /** Chromium now and then goes on encoding as before, whatever its parameters say: then it is asked for something else, and again for this. */
  async #check(wanted: number | null): Promise<void> {
    const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const isOver = () => this.#wanted !== wanted || this.#working || this.#corrected >= corrections;
    await pause(settleMs);
    if (isOver()) return;
    const before = await this.#framesEncoded();
    await pause(lookMs);
    const after = await this.#framesEncoded();
    if (isOver() || before.length < 2) return;
    const encodes = after.map((frames, layer) => frames > before[layer]!);
    const asWanted = encodes.every((does, layer) => does === (wanted !== null && layer <= wanted));
    if (asWanted || (wanted !== null && !encodes.includes(true))) return; // Nothing at all: it is muted, or stands still.
    this.#corrected += 1;
    this.#working = true;
    await this.#apply(wanted === 0 ? before.length - 1 : 0).catch(() => {}); // The smallest goes on meanwhile.
    await this.#work();
  }

  /** By layer. */
  async #framesEncoded(): Promise<number[]> {
    const rids = this.#sender.getParameters().encodings.map(({ rid }) => rid);
    const counts = rids.map(() => 0);
    for (const report of (await this.#sender.getStats()).values())
      if (report.type === 'outbound-rtp' && rids.includes(report.rid))
        counts[rids.indexOf(report.rid)] = report.framesEncoded ?? 0;
    return counts;
  }

  /** Without a negotiation: the server receives a layer, or does not. */
  async #apply(wanted: number | null): Promise<void> {
    const parameters = this.#sender.getParameters();
    const { encodings } = parameters;
    for (const [layer, encoding] of encodings.entries())
      encoding.active = wanted !== null && (encodings.length === 1 || layer <= wanted);
    await this.#sender.setParameters(parameters);
  }
}
