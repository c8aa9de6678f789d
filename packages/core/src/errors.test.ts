import { describe, expect, test } from 'vitest';
import { type ErrorCode, errorTable, isErrorCode, PlatformError } from './errors.ts';

const rows = Object.entries(errorTable) as [ErrorCode, (typeof errorTable)[ErrorCode]][];

describe('error table', () => {
  test.each(rows)('%s is a code, a status and a hint', (code, { status, hint }) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(code.length).toBeLessThanOrEqual(123); // It is the reason of a WebSocket close: RFC 6455, 5.5.
    expect(Number.isInteger(status)).toBe(true);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(hint).toMatch(/^[A-Z].{8,}\.$/);
  });

  test.each(rows)('%s: retryable only where time or another node can help', (_, { status, retryable }) => {
    if (status >= 500) expect(retryable).toBe(true);
    if (retryable) expect([408, 409, 429, 430, 500, 503]).toContain(status);
  });

  test.each(['unauthenticated', 'forbidden', 'room-ended', 'removed', 'session-replaced', 'fenced'] as const)(
    '%s is final',
    (code) => expect(errorTable[code].retryable).toBe(false),
  );

  test('a code is told from anything else, inherited names too', () => {
    expect(isErrorCode('room-full')).toBe(true);
    for (const other of ['', 'Room-Full', 'toString', '__proto__', 'constructor', 404, null, undefined, {}])
      expect(isErrorCode(other)).toBe(false);
  });
});

describe('PlatformError', () => {
  test('carries what the table says of its code', () => {
    const cause = new Error('socket closed');
    const error = new PlatformError('no-media-node', 'no media node has room for r1', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'PlatformError',
      code: 'no-media-node',
      message: 'no media node has room for r1',
      cause,
      status: 503,
      retryable: true,
      hint: errorTable['no-media-node'].hint,
    });
  });

  test('from keeps a PlatformError as it is', () => {
    const error = new PlatformError('timeout', 'late');
    expect(PlatformError.from(error, 'internal')).toBe(error);
  });

  test.each([
    [new TypeError('x is not a function'), 'x is not a function'],
    ['text', 'text'],
    [undefined, 'undefined'],
  ])('from wraps %s and keeps it as the cause', (thrown, message) => {
    const error = PlatformError.from(thrown);
    expect(error).toMatchObject({ code: 'internal', message, cause: thrown });
    expect(PlatformError.from(thrown, 'media-lost').code).toBe('media-lost');
  });
});
