import { isErrorCode, PlatformError } from '@weir/core';
import type { Channel, JoinAnswer } from '@weir/protocol';
import { subprotocol } from '@weir/protocol/limits';

/** Asks the director for a seat (DI1). Throws a `PlatformError`; `connection-lost` when it cannot be reached. */
export async function askDirector(url: string, token: string, signal: AbortSignal): Promise<JoinAnswer> {
  let response: Response;
  try {
    response = await fetch(new URL('/v1/join', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
      signal,
    });
  } catch (error) {
    throw new PlatformError('connection-lost', `the director at ${url} cannot be reached`, { cause: error });
  }
  const body = await response.json().catch(() => undefined);
  if (response.ok && body) return body as JoinAnswer;
  const code = isErrorCode(body?.code)
    ? body.code
    : response.status >= 500
      ? 'connection-lost'
      : 'bad-request';
  throw new PlatformError(code, body?.detail ?? `the director answered ${response.status}`);
}

/** A client's WebSocket as a channel, once it is open. */
export function openSocket(url: string, signal: AbortSignal): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, subprotocol);
    const giveUp = () => {
      socket.close();
      reject(new PlatformError('aborted', 'the socket is no longer wanted'));
    };
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    socket.addEventListener('open', () => {
      signal.removeEventListener('abort', giveUp);
      resolve(socketChannel(socket));
    });
    socket.addEventListener('close', ({ code, reason }) => {
      signal.removeEventListener('abort', giveUp);
      reject(
        new PlatformError(
          isErrorCode(reason) ? reason : 'connection-lost',
          `the signaling node at ${url} did not open (${code})`,
        ),
      );
    });
  });
}

function socketChannel(socket: WebSocket): Channel {
  let onClose: ((code: number, reason: string) => void) | undefined;
  let ended: { code: number; reason: string } | undefined;
  const end = (code: number, reason: string) => {
    if (ended) return;
    ended = { code, reason };
    onClose?.(code, reason);
  };
  socket.addEventListener('close', ({ code, reason }) => end(code, reason));
  return {
    send(text) {
      if (socket.readyState !== WebSocket.OPEN) throw new Error('the socket is not open');
      socket.send(text);
    },
    close(code, reason) {
      if (socket.readyState < WebSocket.CLOSING)
        socket.close(code === 1000 || code >= 3000 ? code : 1000, reason.slice(0, 120));
      end(1000, reason); // The far side may be gone: its answer is not waited for.
    },
    onMessage(listener) {
      socket.addEventListener('message', ({ data }) => listener(typeof data === 'string' ? data : ''));
    },
    onClose(listener) {
      onClose = listener;
      if (ended) listener(ended.code, ended.reason);
    },
  };
}
