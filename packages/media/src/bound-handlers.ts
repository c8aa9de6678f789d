import { PlatformError } from '@weir/core';
import {
  type Calls,
  type Handlers,
  type MediaNodeContract,
  type MediaPipes,
  type Method,
  mediaNode,
  mediaPipes,
  type Params,
} from '@weir/protocol';
import type { MediaNode } from './media-node.ts';
import type { MediaListener } from './participant-session.ts';
import type { EdgeListener, TrackDistributor } from './track-distributor.ts';

const methods = Object.keys(mediaNode.requests) as Method<MediaNodeContract>[];

/** The node's handlers for one control connection, whose sessions tell `listener`. */
export function handlersFor(node: MediaNode, listener: MediaListener): Handlers<MediaNodeContract> {
  const bound = methods.map((method) => [
    method,
    (params: never) => node.handlers[method](params, listener as never),
  ]);
  return Object.fromEntries(bound);
}

/** What another media node may ask over one connection, by which it is told. */
export function pipeHandlersFor(distributor: TrackDistributor, listener: EdgeListener): Handlers<MediaPipes> {
  const bound = (Object.keys(mediaPipes.requests) as Method<MediaPipes>[]).map((method) => [
    method,
    (params: never) => distributor.handlers[method](params, listener as never),
  ]);
  return Object.fromEntries(bound);
}

/** The same as plain calls in one process, checked like messages from elsewhere; no more once `signal` aborts. */
export function callsTo(
  node: MediaNode,
  listener: MediaListener,
  signal?: AbortSignal,
): Calls<MediaNodeContract> {
  const handlers = handlersFor(node, listener);
  const bound = methods.map((method) => [
    method,
    async (params: Params<MediaNodeContract, typeof method>) => {
      if (signal?.aborted) throw new PlatformError('connection-lost', `${method}: the link is closed`);
      const parsed = mediaNode.requests[method].params.safeParse(params);
      if (!parsed.success) throw new PlatformError('bad-request', `${method}: ${parsed.error.message}`);
      return handlers[method](parsed.data as never);
    },
  ]);
  return Object.fromEntries(bound);
}
