import { type ErrorCode, PlatformError } from '@weir/client';
import { isErrorCode } from '@weir/core';

const timeoutMs = 10_000;

/** A token for a guest, where the service gives them. Throws a `PlatformError`. */
export async function guestToken(room: string, name: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch('/v1/guest', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ room, name }),
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    throw new PlatformError('connection-lost', 'the service cannot be reached', { cause: error });
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && typeof field(body, 'token') === 'string') return field(body, 'token') as string;
  throw new PlatformError(
    codeOf(body, response.status),
    String(field(body, 'detail') ?? `the service answered ${response.status}`),
  );
}

function codeOf(body: unknown, status: number): ErrorCode {
  const code = field(body, 'code');
  if (isErrorCode(code)) return code;
  return status >= 500 ? 'connection-lost' : 'bad-request';
}

function field(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}
