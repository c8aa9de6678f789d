import { Emitter, Lifetime, PlatformError, withDeadline } from '@weir/core';
import type { SctpStreamParameters } from '@weir/protocol';
import type { DataChannel } from 'node-datachannel';

export type DataChannelEvents = { opened: []; messageReceived: [Uint8Array] };

/** Bytes that may wait in a channel; what comes then is refused. */
const backlogLimitBytes = 1024 * 1024;

/** A data channel with a stream number agreed on beforehand (RFC 8832 is not spoken). */
export class PeerDataChannel extends Lifetime {
  readonly events: Emitter<DataChannelEvents> = new Emitter<DataChannelEvents>();
  readonly sctpStreamParameters: SctpStreamParameters;
  readonly statistics = { sent: 0, refused: 0, received: 0 };
  readonly #channel: DataChannel;
  #open = false;

  constructor(channel: DataChannel, sctpStreamParameters: SctpStreamParameters) {
    super();
    this.#channel = channel;
    this.sctpStreamParameters = sctpStreamParameters;
    channel.onOpen(() => {
      if (this.closed) return;
      this.#open = true;
      this.events.emit('opened');
    });
    channel.onClosed(() => this.close('lost'));
    channel.onError(() => this.close('failed'));
    channel.onMessage((message) => {
      this.statistics.received += 1;
      this.events.emit('messageReceived', bytesOf(message));
    });
    this.onClose(() => {
      this.#open = false;
      channel.close();
    });
  }

  get open(): boolean {
    return this.#open;
  }

  /** Bytes that wait to be sent. */
  get backlogBytes(): number {
    return this.#open ? this.#channel.bufferedAmount() : 0;
  }

  /** Resolves when open; a `timeout` error after `timeoutMs`. */
  async opened(timeoutMs = 10_000): Promise<void> {
    if (this.#open) return;
    const opened = new Promise<void>((resolve) => this.events.once('opened', resolve, this.signal));
    await withDeadline(opened, timeoutMs, 'data channel', this.signal);
  }

  /** False when the channel is not open or too much waits in it already. */
  send(payload: Uint8Array): boolean {
    if (!this.#open || this.backlogBytes + payload.length > backlogLimitBytes) {
      this.statistics.refused += 1;
      return false;
    }
    try {
      this.#channel.sendMessageBinary(payload);
    } catch (error) {
      throw new PlatformError('payload-too-large', `data message of ${payload.length} bytes`, {
        cause: error,
      });
    }
    this.statistics.sent += 1;
    return true;
  }
}

function bytesOf(message: string | Buffer | ArrayBuffer): Uint8Array {
  return typeof message === 'string' ? Buffer.from(message) : new Uint8Array(message);
}
