import { isErrorCode, PlatformError } from '@weir/core';
import type { Channel, JoinAnswer, JoinRequest, MeasuredRegion, PreflightAnswer } from '@weir/protocol';
import { subprotocol } from '@weir/protocol/limits';

/** Asks the director for a seat (DI1). Throws a `PlatformError`; `connection-lost` when it cannot be reached. */
export function askDirector(
  url: string,
  token: string,
  signal: AbortSignal,
  regions: MeasuredRegion[] = [],
): Promise<JoinAnswer> {
  const body: JoinRequest = { token, ...(regions.length ? { regions } : {}) };
  return post<JoinAnswer>(url, '/v1/join', body, signal);
}

/** Asks for a room to test the connection in (DI8). Throws as `askDirector` does. */
export function askForPreflight(
  url: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<PreflightAnswer> {
  return post<PreflightAnswer>(url, '/v1/preflight', token === undefined ? {} : { token }, signal);
}

async function post<Answer>(url: string, path: string, body: object, signal: AbortSignal): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(new URL(path, url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    });
  } catch (error) {
    throw new PlatformError('connection-lost', `the director at ${url} cannot be reached`, { cause: error });
  }
  const answer = await response.json().catch(() => undefined);
  if (response.ok && answer) return answer as Answer;
  const code = isErrorCode(answer?.code)
    ? answer.code
    : response.status >= 500
      ? 'connection-lost'
      : 'bad-request';
  throw new PlatformError(code, answer?.detail ?? `the director answered ${response.status}`);
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
