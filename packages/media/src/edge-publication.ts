import type { PipeOffer } from '@weir/protocol';
import { type Produced, producePiped, whenClosed } from './engine-words.ts';
import type { PipeEnd } from './pipe-end.ts';
import { Publication, type PublicationOptions } from './publication.ts';
import type { RoomRouter } from './room-router.ts';

/** Somebody who comes back at once finds it flowing. */
const defaultLingerMs = 2_000;

export type EdgeOptions = Omit<PublicationOptions, 'origin' | 'produced' | 'epoch' | 'muted'> & {
  lingerMs?: number | undefined;
};

/**
 * A track of another node as it is here: brought by one pipe for all who subscribe to it, on whatever worker. Closes with the
 * pipe, or soon after its last subscriber.
 */
export class EdgePublication extends Publication {
  readonly #linger: () => () => void;
  #cancel: (() => void) | undefined;

  /** `end`: the pipe's end here, which closes with it. */
  static async receive(
    offer: PipeOffer,
    end: PipeEnd,
    router: RoomRouter,
    kind: 'audio' | 'video' | 'data',
    options: EdgeOptions,
  ): Promise<EdgePublication> {
    await end.connect(offer.end);
    const produced = await producePiped(end.transport, kind, offer);
    return new EdgePublication(
      { ...options, origin: router, produced, epoch: offer.epoch, muted: offer.muted },
      end,
      produced,
    );
  }

  private constructor(options: PublicationOptions & EdgeOptions, end: PipeEnd, produced: Produced) {
    super(options);
    const { clock, lingerMs = defaultLingerMs } = options;
    this.#linger = () => clock!.after(lingerMs, () => this.close());
    this.own(end);
    end.onClose(() => this.close('lost'));
    whenClosed(produced, () => this.close('lost'));
    this.onClose(() => this.#cancel?.());
    this.#cancel = this.#linger();
  }

  protected override subscribersChanged(count: number): void {
    this.#cancel?.();
    this.#cancel = count === 0 && !this.closed ? this.#linger() : undefined;
  }
}
