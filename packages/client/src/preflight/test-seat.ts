import { Lifetime, PlatformError, withDeadline } from '@weir/core';
import type {
  Direction,
  DtlsParameters,
  Joined,
  Method,
  NoticeHandlers,
  Params,
  PreflightAnswer,
  Result,
  RtpCapabilities,
  SignalingClient,
  SignalingServer,
} from '@weir/protocol';
import { protocolVersion } from '@weir/protocol/limits';
import { RpcPeer } from '@weir/protocol/rpc';
import type { z } from 'zod';
import { openSocket } from '../director.ts';

const openMs = 4_000;
const answerMs = 4_000;
const ignore = () => {};
/** What goes on in the room is of no matter to a test. */
const notices = new Proxy({} as NoticeHandlers<SignalingClient>, {
  get: () => ignore,
  getOwnPropertyDescriptor: () => ({ value: ignore, configurable: true, enumerable: true }),
});

/**
 * A seat of a connection test, joined over a socket of its own. Unlike a room it mends nothing: what fails is what the
 * test is there to show. Closes with its socket, and closing it gives the seat up.
 */
export class TestSeat extends Lifetime {
  readonly #peer: RpcPeer<SignalingClient, SignalingServer>;
  /** How long the socket took to open. */
  readonly openedInMs: number;

  private constructor(peer: RpcPeer<SignalingClient, SignalingServer>, openedInMs: number) {
    super();
    this.#peer = this.own(peer);
    this.openedInMs = openedInMs;
    peer.onClose(() => this.close('lost'));
  }

  /** Rejects with `connection-lost` or `timeout`. */
  static async open(url: string, signal: AbortSignal): Promise<TestSeat> {
    const startedAt = performance.now();
    const opening = new AbortController();
    signal.addEventListener('abort', () => opening.abort(), { once: true });
    try {
      const channel = await withDeadline(
        openSocket(url, opening.signal),
        openMs,
        `the socket to ${url}`,
        signal,
      );
      const peer = new RpcPeer<SignalingClient, SignalingServer>(channel, { handlers: {}, notices });
      return new TestSeat(peer, performance.now() - startedAt);
    } catch (error) {
      opening.abort();
      throw PlatformError.from(error, 'connection-lost');
    }
  }

  request<M extends Method<SignalingServer>>(
    method: M,
    params: Params<SignalingServer, M>,
  ): Promise<Result<SignalingServer, M>> {
    return this.#peer.request(method, params, answerMs);
  }

  /** The shortest of a few round trips, in ms. */
  async roundTripMs(times = 3): Promise<number> {
    let bestMs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < times; i++) {
      const startedAt = performance.now();
      await this.request('session.ping', {});
      bestMs = Math.min(bestMs, performance.now() - startedAt);
    }
    return bestMs;
  }

  /** Takes the seat; subscribes to nothing by itself. */
  async join(
    { roomId }: PreflightAnswer,
    seat: PreflightAnswer['seats'][number],
    rtpCapabilities: RtpCapabilities,
  ): Promise<z.infer<typeof Joined>> {
    const answer = await this.request('session.join', {
      roomId,
      ...seat,
      protocolVersion,
      rtpCapabilities,
      subscribe: 'none',
      client: 'weir-preflight',
    });
    if (answer.status !== 'joined') throw new PlatformError('wrong-state', 'the test room has a lobby');
    return answer;
  }

  async connect(direction: Direction, dtlsParameters: DtlsParameters): Promise<void> {
    await this.request('transport.connect', { direction, dtlsParameters });
  }

  /** Gives the seat up; never rejects. */
  async leave(): Promise<void> {
    if (!this.closed) await this.request('session.leave', {}).catch(() => {});
    this.close();
  }
}
