import type { Channel } from '@weir/protocol';
import { openSocket } from './director.ts';

/**
 * A socket opened on a guess while the director is still being asked: when the guess was right, two round trips are
 * saved. When it was wrong it is closed unused.
 */
export class WarmSocket {
  #url: string | undefined;
  #opening: Promise<Channel> | undefined;
  #abort = new AbortController();

  /** Starts opening the signaling address that goes with the director's. */
  open(directorUrl: string): void {
    this.close();
    const url = new URL('/v1/signaling', directorUrl);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#abort = new AbortController();
    this.#url = url.href;
    this.#opening = openSocket(url.href, this.#abort.signal);
    this.#opening.catch(() => {}); // Whoever takes it sees the error.
  }

  /** The socket, when it is the one to `url`; once. */
  take(url: string): Promise<Channel> | undefined {
    const opening = this.#opening;
    if (!opening || new URL(url).href !== this.#url) {
      this.close();
      return undefined;
    }
    this.#opening = undefined;
    this.#abort = new AbortController(); // It is the taker's now: closing this must not end it.
    return opening;
  }

  close(): void {
    const opening = this.#opening;
    this.#opening = undefined;
    this.#abort.abort();
    opening?.then(
      (channel) => channel.close(1000, ''),
      () => {},
    );
  }
}
