import { type ErrorCode, errorTable, isErrorCode, Lifetime, PlatformError } from '@weir/core';
import type {
  Calls,
  Contract,
  Handlers,
  Method,
  Notice,
  NoticeHandlers,
  NoticeParams,
  Params,
  Result,
} from './contract.ts';
import { limits } from './limits.ts';

/** Whole text messages, in order, both ways. Closing is final. */
export interface Channel {
  /** Throws when closed. */
  send(text: string): void;
  /** Like `send`, but gathers what comes in a burst for a moment; what `send` gets comes after it. */
  sendSoon?(text: string): void;
  /** The other side takes what was gathered as one message, an array. */
  takesArrays?: boolean;
  close(code: number, reason: string): void;
  onMessage(listener: (text: string) => void): void;
  onClose(listener: (code: number, reason: string) => void): void;
}

type Wire =
  | { id: number; method: string; params: unknown }
  | { id: number; result: unknown }
  | { id: number; error: { code: string; message: string } }
  | { method: string; params: unknown };

export type RpcPeerOptions<Local extends Contract, Remote extends Contract> = {
  /** Checks what comes in; a side that trusts the other leaves it out, and with it the schemas. */
  contract?: Local;
  handlers: Handlers<Local>;
  notices: NoticeHandlers<Local>;
  requestTimeoutMs?: number;
  /** Requests that may be unanswered, each way. Default: what a client may have. */
  pendingAtMost?: number;
  /** Several messages may come in one, as an array. */
  takesArrays?: boolean;
  /** Called with the length of each incoming message before it is acted on; throw to refuse it (rate limits). */
  admit?: (length: number) => void;
  /** A handler failed with something other than a `PlatformError`. Neither this nor `onViolation` may throw. */
  onFault?: (method: string, error: unknown) => void;
  /** The remote sent something that is no message of ours, or broke the rules. */
  onViolation?: (error: PlatformError) => void;
  remote?: Remote;
};

/** The text of a notification to a side with this contract. */
export type EncodedNotice<C extends Contract> = string & { readonly contract?: C };

export function encodeNotice<C extends Contract, N extends Notice<C>>(
  method: N,
  params: NoticeParams<C, N>,
): EncodedNotice<C> {
  return encode({ method, params });
}

/** The connection was lost before the request went out: it can be made again without doing anything twice. */
export class UnsentError extends PlatformError {
  constructor(method: string) {
    super('connection-lost', `${method}: the connection is closed`);
  }
}

/**
 * One side of a typed RPC over a channel: requests with deadlines, notifications, errors from the table. Rules SG1–SG9
 * of SPEC.md.
 */
export class RpcPeer<Local extends Contract, Remote extends Contract> extends Lifetime {
  readonly #channel: Channel;
  readonly #options: RpcPeerOptions<Local, Remote>;
  readonly #pending = new Map<
    number,
    {
      resolve: (result: unknown) => void;
      reject: (error: PlatformError) => void;
      timer: ReturnType<typeof setTimeout>;
    }
  >();
  readonly #answering = new Set<number>();
  #nextId = 1;
  #closeInfo = { code: 1006, reason: '' };
  /** When the last message came, in ms of `performance.now()`. */
  lastHeardAt = performance.now();

  constructor(channel: Channel, options: RpcPeerOptions<Local, Remote>) {
    super();
    this.#channel = channel;
    this.#options = options;
    channel.onMessage((text) => {
      if (!this.closed) this.#receive(text);
    });
    let channelOpen = true;
    channel.onClose((code, reason) => {
      channelOpen = false;
      if (!this.closed) this.#closeInfo = { code, reason };
      this.close('lost');
    });
    this.onClose((reason) => {
      if (channelOpen && this.#closeInfo.code === 1006) this.#closeInfo = { code: 1000, reason: '' };
      for (const { reject, timer } of this.#pending.values()) {
        clearTimeout(timer);
        reject(
          new PlatformError('connection-lost', `the connection closed (${this.#closeInfo.reason || reason})`),
        );
      }
      this.#pending.clear();
      if (channelOpen) channel.close(this.#closeInfo.code, this.#closeInfo.reason);
    });
  }

  /** How the channel closed: WebSocket code and reason. 1006 while it is open, or when it was cut. */
  get closeInfo(): { code: number; reason: string } {
    return this.#closeInfo;
  }

  /** Closes with an error code of the table as the reason. */
  closeWith(code: ErrorCode): void {
    if (this.closed) return;
    this.#closeInfo = { code: 4000 + errorTable[code].status, reason: code };
    this.close('failed');
  }

  /** One function for each method of the remote side. */
  readonly calls = new Proxy({} as Calls<Remote>, {
    get: (_, method) => {
      if (typeof method === 'symbol' || method === 'then') return undefined; // Not a promise: it may be awaited.
      return (params: never) => this.request(method as Method<Remote>, params);
    },
  });

  /** Rejects with a `PlatformError`: the remote's, or `timeout`, `connection-lost` or `limit-reached`. */
  request<M extends Method<Remote>>(
    method: M,
    params: Params<Remote, M>,
    timeoutMs?: number,
  ): Promise<Result<Remote, M>> {
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(new UnsentError(method));
      if (this.#pending.size >= this.#pendingAtMost)
        return reject(
          new PlatformError('limit-reached', `${method}: ${this.#pendingAtMost} requests unanswered`),
        );
      const id = this.#nextId++;
      const text = encode({ id, method, params }); // First of all: it throws on params that are no JSON.
      const ms = timeoutMs ?? this.#options.requestTimeoutMs ?? limits.requestTimeoutMs;
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new PlatformError('timeout', `${method}: no answer in ${ms} ms`));
      }, ms);
      this.#pending.set(id, { resolve: resolve as (result: unknown) => void, reject, timer });
      if (this.#transmit(text)) return;
      clearTimeout(timer);
      reject(new UnsentError(method));
    });
  }

  get #pendingAtMost(): number {
    return this.#options.pendingAtMost ?? limits.pendingRequests;
  }

  notify<N extends Notice<Remote>>(method: N, params: NoticeParams<Remote, N>): void {
    this.#send({ method, params });
  }

  /** A notification that was put into words before: one text for many peers. `mayWait`: for a moment, so that more goes out together. */
  notifyEncoded(notice: EncodedNotice<Remote>, mayWait = false): void {
    this.#transmit(notice, mayWait);
  }

  #send(message: Wire): void {
    this.#transmit(encode(message));
  }

  /** False when it could not be sent: the connection is lost. */
  #transmit(text: string, mayWait = false): boolean {
    if (this.closed) return false;
    try {
      if (mayWait && this.#channel.sendSoon) this.#channel.sendSoon(text);
      else this.#channel.send(text);
      return true;
    } catch {
      this.#pending.delete(this.#nextId - 1); // The request that was just made, if it was one: rejected as unsent.
      this.close('lost');
      return false;
    }
  }

  #receive(text: string): void {
    this.lastHeardAt = performance.now();
    const read = parse(text);
    const all = this.#options.takesArrays && Array.isArray(read) ? read : [read];
    for (const one of all) this.#act(isObject(one) ? one : undefined, text.length);
  }

  #act(message: Record<string, unknown> | undefined, length: number): void {
    try {
      this.#options.admit?.(length);
      if (!message) throw new PlatformError('bad-request', 'the message is not a JSON object');
    } catch (error) {
      const { code, message: why } = PlatformError.from(error, 'bad-request');
      return this.#violate(code, why, message);
    }
    const { id, method } = message;
    if (typeof method === 'string') {
      if (id === undefined) this.#take(method, message.params);
      else if (isId(id)) void this.#answer(id, method, message.params);
      else this.#violate('bad-request', 'id must be a positive integer');
    } else if (isId(id) && ('result' in message || 'error' in message)) this.#settle(id, message);
    else if (id !== 0) this.#violate('bad-request', 'neither a request, an answer nor a notification');
  }

  /** Refuses a message: under its id when it is a request that nobody else can be taken for, else under 0. */
  #violate(code: ErrorCode, why: string, message?: Record<string, unknown>): void {
    this.#options.onViolation?.(new PlatformError(code, why));
    const { id, method } = message ?? {};
    const own = isId(id) && typeof method === 'string' && !this.#answering.has(id);
    this.#send({ id: own ? id : 0, error: { code, message: why } });
  }

  async #answer(id: number, method: string, params: unknown): Promise<void> {
    // An id that is being answered: a duplicate or a replay. The first answer stands.
    if (this.#answering.has(id))
      return this.#violate('bad-request', `request ${id} is already being answered`);
    if (this.#answering.size >= this.#pendingAtMost)
      return this.#send({
        id,
        error: { code: 'rate-limited', message: `${this.#pendingAtMost} requests unanswered` },
      });
    this.#answering.add(id);
    const answer = await this.#handle(id, method, params);
    this.#answering.delete(id);
    this.#transmit(answer);
  }

  /** The text of the answer, whatever happens. */
  async #handle(id: number, method: string, params: unknown): Promise<string> {
    try {
      const handler = Object.hasOwn(this.#options.handlers, method)
        ? (this.#options.handlers as Record<string, (params: unknown) => Promise<unknown>>)[method]
        : undefined;
      if (!handler) throw new PlatformError('unknown-method', `no method ${method.slice(0, 64)}`);
      const result = await handler(
        this.#parse(this.#options.contract?.requests[method]?.params, params, method),
      );
      return encode({ id, result: result ?? null });
    } catch (error) {
      const { code, message } = this.#refusal(method, error);
      return encode({ id, error: { code, message } });
    }
  }

  /** What the other side may know of a failure: all of ours but `internal`, which may hold anything. */
  #refusal(method: string, error: unknown): { code: ErrorCode; message: string } {
    if (!(error instanceof PlatformError) || error.code === 'internal') {
      this.#options.onFault?.(method, error);
      return { code: 'internal', message: errorTable.internal.hint };
    }
    if (error.code === 'bad-request' || error.code === 'unknown-method') this.#options.onViolation?.(error);
    return error;
  }

  #take(method: string, params: unknown): void {
    const handler = Object.hasOwn(this.#options.notices, method)
      ? (this.#options.notices as Record<string, (params: unknown) => void>)[method]
      : undefined;
    if (!handler) return void this.#violate('unknown-method', `no notification ${method.slice(0, 64)}`);
    try {
      handler(this.#parse(this.#options.contract?.notifications[method], params, method));
    } catch (error) {
      const { code, message } = this.#refusal(method, error);
      this.#send({ id: 0, error: { code, message } });
    }
  }

  #parse(schema: Contract['notifications'][string] | undefined, params: unknown, method: string): unknown {
    if (!schema) return params;
    const parsed = schema.safeParse(params);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw new PlatformError(
      'bad-request',
      `${method}: ${['params', ...(issue?.path ?? [])].join('.')}: ${issue?.message ?? 'invalid'}`.slice(
        0,
        300,
      ),
    );
  }

  #settle(id: number, message: Record<string, unknown>): void {
    const pending = this.#pending.get(id);
    if (!pending) return; // It timed out before, or nobody asked.
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    if (message.error === undefined || message.error === null) {
      pending.resolve(message.result);
      return;
    }
    const { code, message: text } = message.error as { code?: unknown; message?: unknown };
    pending.reject(
      new PlatformError(
        isErrorCode(code) ? code : 'internal',
        typeof text === 'string' ? text : 'the other side gave no message',
      ),
    );
  }
}

function isId(id: unknown): id is number {
  return Number.isSafeInteger(id) && (id as number) > 0;
}

function encode(message: Wire): string {
  return JSON.stringify(message);
}

/** Undefined when it is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
