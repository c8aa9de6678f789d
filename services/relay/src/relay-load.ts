/** A relay's use, from what coturn tells of each allocation. */
export class RelayLoad {
  readonly #now: () => number;
  /** The participant of each. */
  readonly #allocations = new Map<string, string>();
  #traffic: { at: number; bytes: number }[] = [];
  /** All that was relayed so far, both ways. */
  bytes = 0;

  /** `now`: in ms. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  get allocations(): number {
    return this.#allocations.size;
  }

  /** How many participants have allocations. */
  get participants(): number {
    return new Set(this.#allocations.values()).size;
  }

  /** In the last seconds. */
  get bitrateBps(): number {
    this.#forgetOld();
    return Math.round((this.#traffic.reduce((sum, { bytes }) => sum + bytes, 0) * 8_000) / windowMs);
  }

  /** A message of coturn's: its channel, like `turn/realm/weir/user/1700003600:p_1/allocation/0…1/status`. */
  take(channel: string, message: string): void {
    const [, user, allocation, kind] = /\/user\/(.+)\/allocation\/(\d+)\/([a-z_/]+)$/.exec(channel) ?? [];
    if (!user || !allocation) return;
    if (kind === 'status') this.#status(allocation, user, message);
    // Of the other side it is the same again, and `total_traffic` has been counted.
    if (kind === 'traffic') this.#count(message);
  }

  /** The process is gone, and all that it relayed with it. */
  reset(): void {
    this.#allocations.clear();
    this.#traffic = [];
  }

  #status(allocation: string, user: string, message: string): void {
    if (message.startsWith('deleted')) this.#allocations.delete(allocation);
    else if (/^(new|refreshed) lifetime=[1-9]/.test(message))
      this.#allocations.set(allocation, user.replace(/^(\d+:)+/, ''));
  }

  #count(message: string): void {
    const [, received, sent] = /rcvb=(\d+),.*sentb=(\d+)/.exec(message) ?? [];
    const bytes = Number(received ?? 0) + Number(sent ?? 0);
    this.bytes += bytes;
    this.#traffic.push({ at: this.#now(), bytes });
    this.#forgetOld();
  }

  #forgetOld(): void {
    const since = this.#now() - windowMs;
    this.#traffic = this.#traffic.filter(({ at }) => at > since);
  }
}

/** coturn tells of an allocation's traffic each 2,048 packets: of a call with a picture within this. */
const windowMs = 15_000;
