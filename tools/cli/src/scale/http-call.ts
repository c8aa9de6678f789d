import { request as http, type RequestOptions } from 'node:http';
import { request as https } from 'node:https';
import { PlatformError } from '@weir/core';

const timeoutMs = 20_000;
const answerBytes = 8 * 1024 * 1024;

/** Where an API is: `http(s)://host:port`, or a socket of this machine (`unix:/var/run/docker.sock`). */
export type ApiPlace = { url: string; token?: string; ca?: string };

export type ApiAnswer = { status: number; body: unknown };

/** One call of a JSON API; rejects with `connection-lost` when it cannot be reached. */
export function callApi(place: ApiPlace, method: string, path: string, body?: object): Promise<ApiAnswer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const isSocket = place.url.startsWith('unix:');
  const base = isSocket ? new URL('http://localhost') : new URL(place.url);
  const options: RequestOptions & { ca?: string } = {
    method,
    path,
    timeout: timeoutMs,
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      ...(text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      ...(place.token ? { authorization: `Bearer ${place.token}` } : {}),
    },
    ...(isSocket
      ? { socketPath: place.url.slice('unix:'.length) }
      : { hostname: base.hostname, port: base.port || (base.protocol === 'https:' ? 443 : 80) }),
    ...(place.ca ? { ca: place.ca } : {}),
  };
  return new Promise((resolve, reject) => {
    const fail = (error: Error) =>
      reject(new PlatformError('connection-lost', `${place.url} cannot be reached`, { cause: error }));
    const call = (base.protocol === 'https:' ? https : http)(options, (response) => {
      let answer = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        answer += chunk;
        if (answer.length > answerBytes) call.destroy(new Error('the answer is too long'));
      });
      response.on('error', fail);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parse(answer) }));
    });
    call.on('error', fail);
    call.end(text);
  });
}

/** Throws `wrong-state`, with what the API said, unless the status is one of these. */
export function expectStatus({ status, body }: ApiAnswer, wanted: number[], what: string): void {
  if (wanted.includes(status)) return;
  const { message } = (body ?? {}) as { message?: unknown };
  throw new PlatformError('wrong-state', `${what}: ${status} ${String(message ?? '').slice(0, 300)}`.trim());
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text || 'null');
  } catch {
    return null;
  }
}
