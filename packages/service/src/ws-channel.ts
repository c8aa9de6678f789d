import type { Writable } from 'node:stream';
import { errorTable } from '@weir/core';
import { type Channel, limits } from '@weir/protocol';
import type { WebSocket } from 'ws';

/** What can wait goes out so often, less often the more it is: writing to a socket costs more than what is written. */
const gatherMs = { least: 100, most: 800 };
/** Of so many in one go more are to be expected. */
const manyGathered = 20;
/** More goes out at once: what waits here is no part of the backlog. */
const gatheredAtMost = 200;

/**
 * A server's end of a WebSocket as a channel. A socket whose reader is too slow is cut off with `slow-consumer`: what it
 * missed it gets by resuming, and nobody else waits for it.
 */
export function wsChannel(socket: WebSocket, backlogBytes: number = limits.socketBacklogBytes): Channel {
  let onClose: ((code: number, reason: string) => void) | undefined;
  let closed: { code: number; reason: string } | undefined;
  const end = (code: number, reason: string) => {
    if (closed) return;
    closed = { code, reason };
    onClose?.(code, reason);
  };
  socket.on('close', (code, reason) => end(code, reason.toString()));
  socket.on('error', () => end(1006, 'socket error'));
  const gathered: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waitMs = gatherMs.least;
  let burstUntil = 0;
  /** With what was gathered before: in order, and in one write. */
  const write = (...texts: string[]) => {
    clearTimeout(timer);
    timer = undefined;
    const several = gathered.splice(0);
    texts.unshift(...(channel.takesArrays && several.length > 1 ? [`[${several.join()}]`] : several));
    if (socket.bufferedAmount > backlogBytes) {
      socket.close(4000 + errorTable['slow-consumer'].status, 'slow-consumer');
      socket.terminate(); // A close frame would wait behind the backlog.
      return end(4000 + errorTable['slow-consumer'].status, 'slow-consumer');
    }
    if (texts.length > 1) rawOf(socket)?.cork();
    for (const text of texts) socket.send(text);
    if (texts.length > 1) rawOf(socket)?.uncork();
  };
  const channel: Required<Channel> = {
    takesArrays: false,
    send(text) {
      if (socket.readyState !== socket.OPEN) throw new Error('the socket is not open');
      write(text);
    },
    sendSoon(text) {
      if (gathered.length >= gatheredAtMost) return channel.send(text);
      if (gathered.length === 0 && performance.now() >= burstUntil) waitMs = gatherMs.least;
      gathered.push(text);
      timer ??= setTimeout(() => {
        if (gathered.length >= manyGathered) {
          waitMs = Math.min(2 * waitMs, gatherMs.most);
          burstUntil = performance.now() + waitMs;
        }
        if (socket.readyState === socket.OPEN) write();
      }, waitMs);
    },
    close(code, reason) {
      if (socket.readyState === socket.CLOSED || socket.readyState === socket.CLOSING) return;
      write();
      socket.close(code === 1000 || code >= 3000 ? code : 1000, reason.slice(0, 120));
      // `ws` itself terminates 30 s after a close that is not answered: too long for a hostile client to keep memory.
      setTimeout(() => socket.terminate(), 2_000).unref();
    },
    onMessage(listener) {
      socket.on('message', (data, isBinary) => listener(isBinary ? '' : data.toString()));
    },
    onClose(listener) {
      onClose = listener;
      if (closed) listener(closed.code, closed.reason);
    },
  };
  return channel;
}

/** Not public API of `ws`, which has no other way to write several messages at once. */
function rawOf(socket: WebSocket): Writable | undefined {
  return (socket as unknown as { _socket?: Writable })._socket;
}
