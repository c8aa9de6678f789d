import { type ErrorCode, errorTable, isErrorCode, PlatformError } from '@weir/core';
import type { ProblemDetails } from '@weir/protocol';

/** The error as problem details (RFC 9457). What may name parts inside the deployment stays in the log. */
export function problemOf({ code, message, status, retryable, hint }: PlatformError): ProblemDetails {
  const detail = code === 'internal' || code === 'connection-lost' ? hint : message;
  return { type: `urn:weir:error:${code}`, title: hint, status, detail, code, retryable };
}

type HttpError = {
  code?: unknown;
  statusCode?: unknown;
  message?: unknown;
  validation?: { instancePath?: string; message?: string }[];
  validationContext?: string;
};

// 415: the table has no word for it; the detail names the media type.
const byStatus: Record<number, ErrorCode> = {
  400: 'bad-request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  408: 'timeout',
  409: 'conflict',
  413: 'payload-too-large',
  415: 'bad-request',
  429: 'rate-limited',
};

const namedIssues = 3;

/** Whatever a handler or the HTTP layer threw, as an error of the table; anything unknown is `internal`. */
export function toPlatformError(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  const { code, statusCode, validation, validationContext, message } = (error ?? {}) as HttpError;
  if (validation?.length) {
    const named = validation.slice(0, namedIssues).map((issue) => {
      const path = (issue.instancePath ?? '').split('/').filter(Boolean);
      return `${[validationContext ?? 'body', ...path].join('.')}: ${issue.message ?? 'invalid'}`;
    });
    return new PlatformError('bad-request', named.join('; ').slice(0, 500), { cause: error });
  }
  // Their own messages repeat the address, which may hold a token.
  if (code === 'FST_ERR_BAD_URL' || code === 'FST_ERR_MAX_PARAM_LENGTH')
    return new PlatformError('bad-request', 'the address is malformed, or a part of it too long');
  if (code === 'FST_ERR_HANDLER_TIMEOUT')
    return new PlatformError('timeout', 'the server found no answer in time', { cause: error });
  const known = typeof statusCode === 'number' ? byStatus[statusCode] : undefined;
  if (known) return new PlatformError(known, String(message).slice(0, 500), { cause: error });
  return new PlatformError('internal', 'the server failed', { cause: error });
}

/** What an error response says beside its body. */
export function problemHeaders(error: PlatformError): Record<string, string> {
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    // No Basic here: browsers would ask the person for a password.
    ...(error.status === 401 ? { 'www-authenticate': 'Bearer realm="weir"' } : {}),
    ...(error.status === 503 && error.retryable ? { 'retry-after': '1' } : {}),
  };
}

/** The codes by the status that they have: what a list of an API's answers needs. */
export function codesByStatus(codes: Iterable<string>): Map<number, ErrorCode[]> {
  const found = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) {
    if (!isErrorCode(code)) throw new Error(`no error code ${code}`);
    const { status } = errorTable[code];
    found.set(status, [...(found.get(status) ?? []), code]);
  }
  return found;
}
