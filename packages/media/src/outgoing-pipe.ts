import { Lifetime, newId } from '@weir/core';
import type { PipeEndParameters, PipeOffer, RoomId, RtpParameters } from '@weir/protocol';
import { type Consumed, isMedia, isMediaConsumer, whenClosed } from './engine-words.ts';
import type { ListenAddress } from './media-worker.ts';
import { PipeEnd } from './pipe-end.ts';
import type { Publication, Subscriber } from './publication.ts';

/** A publication on its way to another node, counted among its subscribers. Closes with the publication. */
export class OutgoingPipe extends Lifetime implements Subscriber {
  readonly id = newId('pipe');
  readonly roomId: RoomId;
  readonly publication: Publication;
  readonly #end: PipeEnd;
  readonly #consumed: Consumed;
  #wanted: number | null;

  /** `far`: the other node's end. */
  static async open(
    roomId: RoomId,
    publication: Publication,
    { far, listen }: { far: PipeEndParameters; listen: ListenAddress },
  ): Promise<OutgoingPipe> {
    const { produced, origin } = publication;
    const kind = isMedia(produced) ? produced.kind : 'data';
    const end = await PipeEnd.open(origin, kind, listen);
    try {
      await end.connect(far);
      const consumed = isMedia(produced)
        ? await end.transport.consume({ producerId: produced.id })
        : await end.transport.consumeData({ dataProducerId: produced.id });
      const pipe = new OutgoingPipe(roomId, publication, end, consumed);
      publication.subscribe(pipe);
      return pipe;
    } catch (error) {
      end.close('failed');
      throw error;
    }
  }

  private constructor(roomId: RoomId, publication: Publication, end: PipeEnd, consumed: Consumed) {
    super();
    this.roomId = roomId;
    this.publication = publication;
    this.#end = this.own(end);
    this.#consumed = consumed;
    this.#wanted = publication.bitrates?.levels.at(-1)?.spatialLayer ?? null;
    whenClosed(consumed, () => this.close('lost'));
    end.onClose(() => this.close('lost'));
  }

  /** The highest layer that anybody beyond it wants. */
  get wantedLayer(): number | null {
    return this.#wanted;
  }

  /** Of a mute the other node knows by itself. */
  review(): void {}

  describe(): PipeOffer {
    const consumed = this.#consumed;
    const { epoch, muted } = this.publication;
    const common = { pipeId: this.id, end: this.#end.describe(), epoch, muted };
    return isMediaConsumer(consumed)
      ? { ...common, rtpParameters: consumed.rtpParameters as RtpParameters }
      : { ...common, sctpStreamParameters: consumed.sctpStreamParameters! };
  }

  /** Nothing goes over it while nobody beyond it wants any. */
  async demand(maxSpatialLayer: number | null): Promise<void> {
    this.#wanted = maxSpatialLayer;
    this.publication.demand?.update();
    const consumed = this.#consumed;
    if (this.closed || !isMediaConsumer(consumed)) return;
    await (maxSpatialLayer === null ? consumed.pause() : consumed.resume());
  }

  /** RTP with its headers, and what was sent again. */
  async traffic(): Promise<{ packets: number; bytes: number }> {
    const consumed = this.#consumed;
    const sum = { packets: 0, bytes: 0 };
    if (!isMediaConsumer(consumed)) return sum;
    for (const stat of await consumed.getStats()) {
      sum.packets += stat.packetCount;
      sum.bytes += stat.byteCount;
    }
    return sum;
  }
}
