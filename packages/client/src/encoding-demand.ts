const attempts = 4;
const retryMs = 250;

/** Switches the encodings of one video on and off as they are wanted. One change at a time; the last one holds. */
export class EncodingDemand {
  readonly #sender: RTCRtpSender;
  #wanted: number | null = Number.POSITIVE_INFINITY;
  #working = false;

  constructor(sender: RTCRtpSender) {
    this.#sender = sender;
  }

  /** Encodes the layers up to this one, or nothing. An encoding that has all its layers in itself goes on whole. */
  set(maxSpatialLayer: number | null): void {
    this.#wanted = maxSpatialLayer;
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
