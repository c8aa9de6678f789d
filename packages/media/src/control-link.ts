import { type Lifetime, PlatformError } from '@weir/core';
import {
  type Calls,
  limits,
  type MediaControl,
  type MediaNodeContract,
  type NoticeHandlers,
  RpcPeer,
} from '@weir/protocol';
import { wsChannel } from '@weir/service';
import { WebSocket } from 'ws';
import { keepAlive } from './socket-heartbeat.ts';

export { keepAlive } from './socket-heartbeat.ts';

/** A way to ask one media node; its end means that the node is out of reach, not that its sessions ended. */
export type MediaLink = { calls: Calls<MediaNodeContract>; lifetime: Lifetime };

export type ControlAddress = {
  /** `ws://…` on the private network. */
  url: string;
  /** What the nodes of a fleet know, and nobody else. */
  secret: string;
};

const connectTimeoutMs = 3_000;

/** Reaches a media node over its control port. Rejects with `unauthenticated`, or `connection-lost`. */
export function connectMediaNode(
  address: ControlAddress,
  listener: NoticeHandlers<MediaControl>,
): Promise<MediaLink> {
  const socket = new WebSocket(address.url, {
    headers: { authorization: `Bearer ${address.secret}` },
    handshakeTimeout: connectTimeoutMs,
    perMessageDeflate: false,
    maxPayload: limits.serverMessageBytes,
  });
  return new Promise((resolve, reject) => {
    const fail = (code: 'unauthenticated' | 'connection-lost', message: string) => {
      socket.terminate();
      reject(new PlatformError(code, `${address.url}: ${message}`));
    };
    socket.on('error', (error) => fail('connection-lost', error.message));
    socket.once('unexpected-response', (_, response) =>
      fail(
        response.statusCode === 401 ? 'unauthenticated' : 'connection-lost',
        `answered with status ${response.statusCode}`,
      ),
    );
    socket.once('open', () => {
      keepAlive(socket);
      const peer = new RpcPeer<MediaControl, MediaNodeContract>(wsChannel(socket), {
        handlers: {},
        notices: listener,
      });
      resolve({ calls: peer.calls, lifetime: peer });
    });
  });
}
