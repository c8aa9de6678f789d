import { Lifetime, PlatformError } from '@weir/core';
import type { LayerPreferences, RtpCapabilities, Subscription } from '@weir/protocol';
import type { WebRtcTransport } from 'mediasoup/types';
import {
  applyPreferences,
  type Consumed,
  consume,
  describeSubscription,
  isMediaConsumer,
} from './engine-words.ts';
import type { Publication } from './publication.ts';
import type { RoomRouter } from './room-router.ts';

export type Layers = { spatialLayer: number | null; temporalLayer: number | null };

export type SubscriptionOptions = {
  publication: Publication;
  router: RoomRouter;
  transport: WebRtcTransport;
  rtpCapabilities: RtpCapabilities;
  started: boolean;
  /** Not a packet of it flows until `withhold(false)`. */
  withheld?: boolean;
  onLayers: (layers: Layers) => void;
};

/** A publication flowing to one participant. Closes with the publication. */
export class TrackSubscription extends Lifetime {
  readonly publication: Publication;
  /** Resolves when it is set up; rejects when it cannot be, and closes. */
  readonly ready: Promise<void>;
  readonly #options: SubscriptionOptions;
  #consumed?: Consumed;
  #started: boolean;
  #paused = false;
  #withheld: boolean;
  #flowing: boolean;
  #settled: Promise<void> | undefined;

  constructor(options: SubscriptionOptions) {
    super();
    this.#options = options;
    this.publication = options.publication;
    this.#started = options.started;
    this.#withheld = options.withheld ?? false;
    this.#flowing = options.started && !this.#withheld;
    options.router.worker.count('consumers', this);
    options.publication.own(this);
    this.ready = this.#open();
    this.ready.catch(() => this.close('failed'));
  }

  get id(): string | undefined {
    return this.#consumed?.id;
  }

  /** True while its packets go to the participant. */
  get flowing(): boolean {
    return this.#flowing && this.#consumed !== undefined && !this.closed;
  }

  get transportId(): string {
    return this.#options.transport.id;
  }

  /** As its client gets it; once it is ready. */
  describe(): Subscription {
    return describeSubscription(this.#consumed!, this.publication, this.transportId, this.#started);
  }

  async start(): Promise<void> {
    this.#started = true;
    await this.#reconcile();
  }

  /** Keeps its packets from the participant, whatever that asked for. Resolves when that holds. */
  async withhold(withheld: boolean): Promise<void> {
    this.#withheld = withheld;
    await this.#reconcile();
  }

  async setPreferences(wanted: LayerPreferences): Promise<void> {
    this.#paused = wanted.paused ?? this.#paused; // At once: a start that follows must not let packets through.
    await this.ready;
    await Promise.all([
      this.#reconcile(),
      this.#consumed && !this.closed && isMediaConsumer(this.#consumed)
        ? applyPreferences(this.#consumed, wanted)
        : undefined,
    ]);
  }

  async #open(): Promise<void> {
    const { publication, router, transport, rtpCapabilities } = this.#options;
    const local = router.bring(publication);
    this.onClose(local.release);
    const here = await local.produced;
    this.#assertOpen();
    const consumed = await consume(transport, here, rtpCapabilities, this.#flowing);
    this.#consumed = consumed;
    this.onClose(() => consumed.close());
    this.#assertOpen();
    if (isMediaConsumer(consumed)) {
      consumed.on('producerclose', () => this.close('lost'));
      consumed.on('layerschange', (layers) =>
        this.#options.onLayers({
          spatialLayer: layers?.spatialLayer ?? null,
          temporalLayer: layers?.temporalLayer ?? null,
        }),
      );
    } else consumed.on('dataproducerclose', () => this.close('lost'));
    await this.#reconcile(); // It may have been started or paused meanwhile.
  }

  #assertOpen(): void {
    if (this.closed)
      throw new PlatformError('track-not-found', `track ${this.publication.trackId} closed meanwhile`);
  }

  async #reconcile(): Promise<void> {
    const flowing = this.#started && !this.#paused && !this.#withheld;
    if (!this.#consumed || this.closed) return;
    if (flowing !== this.#flowing) this.#settled = flowing ? this.#consumed.resume() : this.#consumed.pause();
    this.#flowing = flowing;
    await this.#settled; // It may be another's change that is under way.
  }
}
