import { type ErrorCode, type Lifetime, PlatformError } from '@weir/core';
import {
  type Calls,
  limits,
  type MediaControl,
  type MediaNodeContract,
  type MediaPipes,
  type NoticeHandlers,
  type PipeEdge,
  RpcPeer,
} from '@weir/protocol';
import { wsChannel } from '@weir/service';
import { WebSocket } from 'ws';
import {
  type ControlVersions,
  commonVersion,
  controlVersions,
  versionHeader,
  writeVersions,
} from './control-version.ts';
import type { PipeConnection } from './pipe-links.ts';
import { keepAlive } from './socket-heartbeat.ts';

export { type ControlVersions, commonVersion, controlVersions, versionHeader } from './control-version.ts';
export { keepAlive } from './socket-heartbeat.ts';

/** A way to ask one media node; its end means that the node is out of reach, not that its sessions ended. */
export type MediaLink = { calls: Calls<MediaNodeContract>; lifetime: Lifetime };

export type ControlAddress = {
  /** `ws://…` on the private network. */
  url: string;
  /** What the nodes of a fleet know, and nobody else. */
  secret: string;
  /** What this side speaks. Default: what this program does. */
  versions?: ControlVersions;
};

/** Under the control address: where other media nodes ask for tracks. */
export const pipesPath = '/pipes';

const connectTimeoutMs = 3_000;
const refusals: Record<number, ErrorCode> = { 401: 'unauthenticated', 426: 'unsupported-version' };

/** Reaches a media node over its control port. Rejects with `unauthenticated`, `unsupported-version` or `connection-lost`. */
export async function connectMediaNode(
  address: ControlAddress,
  listener: NoticeHandlers<MediaControl>,
): Promise<MediaLink> {
  const channel = wsChannel(await connect(address));
  const peer = new RpcPeer<MediaControl, MediaNodeContract>(channel, {
    handlers: {},
    notices: listener,
    pendingAtMost: limits.pendingNodeRequests,
  });
  return { calls: peer.calls, lifetime: peer };
}

/** Reaches a media node as another one that gets tracks from it. Rejects in the same way. */
export async function connectPipes(
  { url, ...rest }: ControlAddress,
  listener: NoticeHandlers<PipeEdge>,
): Promise<PipeConnection> {
  const address = { ...rest, url: new URL(pipesPath, url).href };
  const channel = wsChannel(await connect(address));
  const peer = new RpcPeer<PipeEdge, MediaPipes>(channel, {
    handlers: {},
    notices: listener,
    pendingAtMost: limits.pendingNodeRequests,
  });
  return { calls: peer.calls, lifetime: peer };
}

function connect(address: ControlAddress): Promise<WebSocket> {
  const { versions = controlVersions } = address;
  const socket = new WebSocket(address.url, {
    headers: { authorization: `Bearer ${address.secret}`, [versionHeader]: writeVersions(versions) },
    handshakeTimeout: connectTimeoutMs,
    perMessageDeflate: false,
    maxPayload: limits.serverMessageBytes,
  });
  return new Promise((resolve, reject) => {
    const fail = (code: ErrorCode, message: string) => {
      socket.terminate();
      reject(new PlatformError(code, `${address.url}: ${message}`));
    };
    socket.on('error', (error) => fail('connection-lost', error.message));
    socket.once('unexpected-response', (_, response) =>
      fail(
        refusals[response.statusCode ?? 0] ?? 'connection-lost',
        `answered with status ${response.statusCode}; this node speaks protocol ${writeVersions(versions)}`,
      ),
    );
    socket.once('upgrade', ({ headers }) => {
      const chosen = headers[versionHeader];
      if (commonVersion(typeof chosen === 'string' ? chosen : undefined, versions) === undefined)
        fail('unsupported-version', `it speaks protocol ${chosen}, this node ${writeVersions(versions)}`);
    });
    socket.once('open', () => {
      keepAlive(socket);
      resolve(socket);
    });
  });
}
