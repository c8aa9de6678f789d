import { Lifetime } from '@weir/core';
import type { Router } from 'mediasoup/types';
import { isMedia, type Produced } from './engine-words.ts';
import { socketBufferBytes } from './media-worker.ts';
import type { Publication } from './publication.ts';

/** A publication brought to the router of another worker, once for all its subscribers there. Closes after the last one. */
export class Pipe extends Lifetime {
  #holders = 0;
  /** The publication as it appears on the far router. */
  readonly produced: Promise<Produced>;

  constructor(publication: Publication, target: Router) {
    super();
    this.produced = this.#lay(publication, target);
    this.produced.catch(() => this.close('failed')); // Each holder hears of it by itself.
  }

  /** Keeps the pipe until the returned function is called. */
  hold(): () => void {
    this.#holders++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--this.#holders === 0) this.close();
    };
  }

  async #lay(publication: Publication, target: Router): Promise<Produced> {
    const { produced, origin } = publication;
    const ends = await origin.router.pipeToRouter({
      router: target,
      ...(isMedia(produced) ? { producerId: produced.id } : { dataProducerId: produced.id }),
      keepId: false, // A pipe may be made anew while the one before it is still closing.
      listenInfo: {
        protocol: 'udp',
        ip: '127.0.0.1',
        sendBufferSize: socketBufferBytes,
        recvBufferSize: socketBufferBytes,
      },
    });
    const { pipeConsumer, pipeProducer, pipeDataConsumer, pipeDataProducer } = ends;
    this.onClose(() => {
      for (const end of [pipeConsumer, pipeProducer, pipeDataConsumer, pipeDataProducer]) end?.close();
    });
    pipeProducer?.observer.once('close', () => this.close('lost'));
    pipeDataProducer?.observer.once('close', () => this.close('lost'));
    return (pipeProducer ?? pipeDataProducer)!;
  }
}
