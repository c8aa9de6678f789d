import { Lifetime, PlatformError } from '@weir/core';
import type { BrowserTransport } from './browser-transport.ts';
import type { ReceiveTransports } from './media-engine.ts';

export type ReceivePoolOptions = {
  first: BrowserTransport;
  open(): Promise<BrowserTransport>;
  /** All that came over it has to be received over another. */
  lost(transportId: string): void;
  /** Nothing can be received any more. */
  allLost(): void;
};

/** The peer connections that media is received over; one that fails takes only its share with it. */
export class ReceivePool extends Lifetime implements ReceiveTransports {
  readonly tracksEach = 50;
  /** With the one for sending that is less than what Chromium bears well in a page. */
  readonly atMost = 10;
  readonly #options: ReceivePoolOptions;
  readonly #transports = new Map<string, BrowserTransport>();
  readonly #replacing = new Set<string>();

  constructor(options: ReceivePoolOptions) {
    super();
    this.#options = options;
    this.#add(options.first);
  }

  get ids(): string[] {
    return [...this.#transports.keys()];
  }

  get transports(): Iterable<BrowserTransport> {
    return this.#transports.values();
  }

  get(transportId: string): BrowserTransport | undefined {
    return this.#transports.get(transportId);
  }

  async open(): Promise<string> {
    const transport = await this.#options.open();
    this.#add(transport);
    if (transport.closed) throw new PlatformError('media-lost', 'the media session ended meanwhile');
    return transport.id;
  }

  /**
   * Opens another one in the place of one whose path is dead; what comes over that goes on until it closes. False: that was done, or is
   * under way. Rejects when there can be no other.
   */
  async replace({ id }: BrowserTransport): Promise<boolean> {
    if (!this.#transports.has(id) || this.#replacing.has(id)) return false;
    this.#replacing.add(id);
    try {
      this.get(await this.open())?.takeOver();
      return this.#transports.delete(id);
    } finally {
      this.#replacing.delete(id);
    }
  }

  drop(transportId: string): void {
    this.#transports.get(transportId)?.close();
  }

  #add(transport: BrowserTransport): void {
    this.own(transport);
    if (transport.closed) return;
    this.#transports.set(transport.id, transport);
    transport.onClose((reason) => {
      this.#transports.delete(transport.id);
      if (this.closed || reason === 'parent-closed') return;
      // While another one works it is this connection's trouble; else it is the network's, or the server's.
      if (reason === 'lost' && ![...this.transports].some((other) => other.connected))
        this.#options.allLost();
      else this.#options.lost(transport.id);
    });
  }
}
