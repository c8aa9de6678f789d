/** What a code means to a caller: HTTP status, whether the same call may succeed later, and what to do. */
export type ErrorInfo = { status: number; retryable: boolean; hint: string };

/**
 * Every error that crosses a boundary. A code never changes its meaning and is never used again for another.
 * A WebSocket is closed with 4000 + `status` and the code as the close reason.
 */
export const errorTable = {
  'bad-request': { status: 400, retryable: false, hint: 'Correct the message: the detail names the field.' },
  unauthenticated: { status: 401, retryable: false, hint: 'Send a valid token or API key.' },
  'token-expired': { status: 401, retryable: false, hint: 'Ask your backend for a new join token.' },
  forbidden: { status: 403, retryable: false, hint: 'The token lacks the grant for this action.' },
  'muted-by-moderator': {
    status: 403,
    retryable: false,
    hint: 'A moderator muted this track; only a moderator can unmute it.',
  },
  'lobby-refused': { status: 403, retryable: false, hint: 'A moderator did not admit you.' },
  removed: { status: 403, retryable: false, hint: 'A moderator removed you from the room.' },
  'not-found': { status: 404, retryable: false, hint: 'Check the address.' },
  'room-not-found': { status: 404, retryable: false, hint: 'Create the room first, or check its name.' },
  'participant-not-found': { status: 404, retryable: false, hint: 'The participant has left.' },
  'track-not-found': { status: 404, retryable: false, hint: 'The track was unpublished.' },
  'transport-not-found': { status: 404, retryable: false, hint: 'The transport is gone: open another.' },
  'session-unknown': { status: 404, retryable: false, hint: 'The session is over: join again with a token.' },
  'unknown-method': { status: 404, retryable: false, hint: 'Check the method name and protocol version.' },
  timeout: { status: 408, retryable: true, hint: 'No answer in time; try again.' },
  conflict: { status: 409, retryable: true, hint: 'Somebody else changed it first; read again and retry.' },
  'session-replaced': {
    status: 409,
    retryable: false,
    hint: 'The same session or identity joined elsewhere; this one ended.',
  },
  'wrong-state': { status: 409, retryable: false, hint: 'The call does not fit the current state.' },
  'room-ended': { status: 410, retryable: false, hint: 'The room was ended.' },
  'payload-too-large': { status: 413, retryable: false, hint: 'Send less: the limit is in the message.' },
  fenced: { status: 423, retryable: false, hint: 'Another owner holds the lease; stop acting on it.' },
  'unsupported-version': { status: 426, retryable: false, hint: 'Update the SDK or the server.' },
  'rate-limited': { status: 429, retryable: true, hint: 'Send fewer messages a second.' },
  'room-full': { status: 429, retryable: true, hint: 'The room is at its participant limit.' },
  'limit-reached': { status: 429, retryable: false, hint: 'The limit is in the message.' },
  'slow-consumer': { status: 430, retryable: true, hint: 'The connection could not keep up; it resumes.' },
  internal: { status: 500, retryable: true, hint: 'Server fault; its log has the details.' },
  'store-unreadable': {
    status: 500,
    retryable: true,
    hint: 'The cluster store holds something damaged or foreign; the log of the server names its key.',
  },
  'media-lost': {
    status: 503,
    retryable: true,
    hint: 'The media node restarted; media is being set up anew.',
  },
  'no-relay': {
    status: 503,
    retryable: true,
    hint: 'The room allows media over relays only, and none is there; try again soon.',
  },
  'no-media-node': { status: 503, retryable: true, hint: 'No media node has room; try again soon.' },
  'going-away': { status: 503, retryable: true, hint: 'This node is leaving; connect again.' },
  'connection-lost': { status: 503, retryable: true, hint: 'The connection dropped; it is being restored.' },
  // Raised on the client's own device, never sent.
  aborted: { status: 499, retryable: false, hint: 'The call was cancelled by its caller.' },
  'device-not-found': { status: 404, retryable: false, hint: 'Connect a camera or microphone.' },
  'device-in-use': { status: 409, retryable: true, hint: 'Close the other app that uses the device.' },
  'device-permission-denied': { status: 403, retryable: false, hint: 'Allow camera and microphone access.' },
  'insecure-context': { status: 400, retryable: false, hint: 'Open the page over https or on localhost.' },
  'codec-unsupported': { status: 415, retryable: false, hint: 'Publish with another codec.' },
} as const satisfies Record<string, ErrorInfo>;

export type ErrorCode = keyof typeof errorTable;

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorTable, code);
}

/** The one error type that crosses a boundary: a code from the table and a sentence with the particulars. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  get status(): number {
    return errorTable[this.code].status;
  }

  get retryable(): boolean {
    return errorTable[this.code].retryable;
  }

  /** What the reader can do about it. */
  get hint(): string {
    return errorTable[this.code].hint;
  }

  /** `error` itself when it is one already, else a wrapper with `code`. */
  static from(error: unknown, code: ErrorCode = 'internal'): PlatformError {
    if (error instanceof PlatformError) return error;
    return new PlatformError(code, error instanceof Error ? error.message : String(error), { cause: error });
  }
}
