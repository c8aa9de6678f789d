import type { LayerPreferences } from '@weir/protocol';
import { limits } from '@weir/protocol/limits';
import type { SignalingLink } from './signaling-link.ts';

/** What the application prefers of each track, told to the server in one request for all of a turn. */
export class ToldPreferences {
  readonly #link: SignalingLink;
  readonly #preferences = new Map<string, LayerPreferences>();
  #telling: { preferences: Map<string, LayerPreferences>; told: PromiseWithResolvers<void> } | undefined;

  constructor(link: SignalingLink) {
    this.#link = link;
  }

  of(trackId: string): LayerPreferences | undefined {
    return this.#preferences.get(trackId);
  }

  /** Keeps them, to be told. */
  add(trackId: string, preferences: LayerPreferences): void {
    this.#preferences.set(trackId, { ...this.#preferences.get(trackId), ...preferences });
  }

  delete(trackId: string): void {
    this.#preferences.delete(trackId);
  }

  /** Tells the server with the others of this turn. */
  tell(trackId: string, preferences: LayerPreferences): Promise<void> {
    if (!this.#telling) {
      this.#telling = { preferences: new Map(), told: Promise.withResolvers() };
      queueMicrotask(() => this.flush());
    }
    const { preferences: all, told } = this.#telling;
    all.set(trackId, { ...all.get(trackId), ...preferences });
    return told.promise;
  }

  /** Tells what is kept of these, now. */
  tellAll(trackIds: string[]): void {
    for (const trackId of trackIds) {
      const preferences = this.#preferences.get(trackId);
      // Should it fail, what they bring is too much, not too little; who set them has heard of it.
      if (preferences) this.tell(trackId, preferences).catch(() => {});
    }
    this.flush();
  }

  flush(): void {
    if (!this.#telling) return;
    const { preferences, told } = this.#telling;
    this.#telling = undefined;
    const all = [...preferences].map(([trackId, wanted]) => ({ trackId, ...wanted }));
    const requests: Promise<unknown>[] = [];
    for (let i = 0; i < all.length; i += limits.subscriptionsPerRequest) {
      const some = all.slice(i, i + limits.subscriptionsPerRequest);
      requests.push(
        this.#link.request('track.setPreferences', { preferences: some, ...this.#link.mediaScope }),
      );
    }
    told.resolve(Promise.all(requests).then(() => {}));
  }
}
