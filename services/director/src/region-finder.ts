import { type ClusterStore, chooseRegion, mediaNodes, RegionHints, signalingNodes } from '@weir/cluster';
import type { MeasuredRegion, RegionList } from '@weir/protocol';
import type { FastifyRequest } from 'fastify';

const signalingAtMost = 2;

/** Which regions there are, and in which of them a client is. */
export class RegionFinder {
  readonly #store: ClusterStore;
  readonly #own: string;
  readonly #hints: RegionHints;
  readonly #header: string | undefined;

  constructor(options: {
    store: ClusterStore;
    region?: string;
    regionHints?: RegionHints;
    regionHeader?: string;
  }) {
    this.#store = options.store;
    this.#own = options.region ?? 'local';
    this.#hints = options.regionHints ?? new RegionHints();
    this.#header = options.regionHeader?.toLowerCase();
  }

  /** Where media nodes are, each with the addresses of some signaling nodes there. */
  async list(): Promise<RegionList['regions']> {
    const { leases } = this.#store;
    const [media, signaling] = await Promise.all([mediaNodes(leases), signalingNodes(leases)]);
    const names = new Set(media.flatMap(({ status }) => (status.drain ? [] : (status.region ?? []))));
    return [...names].sort().map((region) => ({
      region,
      signaling: signaling
        .flatMap(({ status }) =>
          status.region === region && !status.drain && status.url ? [status.url] : [],
        )
        .slice(0, signalingAtMost),
    }));
  }

  /** Of whoever asks; `pin`: where their media must be. */
  async find(
    request: FastifyRequest,
    pin: string,
    measured: readonly MeasuredRegion[] = [],
  ): Promise<string> {
    if (pin) return pin;
    if (measured.length === 0 && this.#hints.isEmpty && this.#header === undefined) return this.#own;
    const alive = await mediaNodes(this.#store.leases);
    const header = this.#header === undefined ? undefined : request.headers[this.#header];
    const question = { measured, header: [header].flat()[0], address: request.ip };
    const regions = new Set(alive.map(({ status }) => status.region ?? ''));
    return chooseRegion(question, regions, this.#hints, this.#own).region;
  }
}
