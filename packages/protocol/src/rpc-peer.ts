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
  /** Called on each incoming message before it is looked at; throw to refuse it (rate limits). */
  admit?: (bytes: number) => void;
  /** A handler failed with something other than a `PlatformError`. */
  onFault?: (method: string, error: unknown) => void;
  /** The remote sent something that is no message of ours, or broke the rules. */
  onViolation?: (error: PlatformError) => void;
  remote?: Remote;
};

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
    channel.onClose((code, reason) => {
      this.#closeInfo = { code, reason };
      this.close('lost');
    });
    this.onClose((reason) => {
      for (const { reject, timer } of this.#pending.values()) {
        clearTimeout(timer);
        reject(
          new PlatformError('connection-lost', `the connection closed (${this.#closeInfo.reason || reason})`),
        );
      }
      this.#pending.clear();
      channel.close(this.#closeInfo.code === 1006 ? 1000 : this.#closeInfo.code, this.#closeInfo.reason);
    });
  }

  /** How the channel closed: WebSocket code and reason. */
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
    get: (_, method: string) => (params: never) => this.request(method as Method<Remote>, params),
  });

  /** Rejects with a `PlatformError`: the remote's, `timeout`, `connection-lost` or `limit-reached`. */
  request<M extends Method<Remote>>(
    method: M,
    params: Params<Remote, M>,
    timeoutMs?: number,
  ): Promise<Result<Remote, M>> {
    return new Promise((resolve, reject) => {
      if (this.closed)
        return reject(new PlatformError('connection-lost', `${method}: the connection is closed`));
      if (this.#pending.size >= limits.pendingRequests)
        return reject(
          new PlatformError('limit-reached', `${method}: ${limits.pendingRequests} requests unanswered`),
        );
      const id = this.#nextId++;
      const ms = timeoutMs ?? this.#options.requestTimeoutMs ?? limits.requestTimeoutMs;
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new PlatformError('timeout', `${method}: no answer in ${ms} ms`));
      }, ms);
      this.#pending.set(id, { resolve: resolve as (result: unknown) => void, reject, timer });
      this.#send({ id, method, params });
    });
  }

  notify<N extends Notice<Remote>>(method: N, params: NoticeParams<Remote, N>): void {
    this.#send({ method, params });
  }

  #send(message: Wire): void {
    if (this.closed) return;
    try {
      this.#channel.send(JSON.stringify(message));
    } catch {
      this.close('lost');
    }
  }

  #receive(text: string): void {
    this.lastHeardAt = performance.now();
    let message: Record<string, unknown>;
    try {
      this.#options.admit?.(text.length);
      message = JSON.parse(text);
      if (typeof message !== 'object' || message === null || Array.isArray(message))
        throw new Error('not an object');
    } catch (error) {
      const violation =
        error instanceof PlatformError
          ? error
          : new PlatformError('bad-request', 'the message is not a JSON object');
      this.#options.onViolation?.(violation);
      this.#send({ id: 0, error: { code: violation.code, message: violation.message } });
      return;
    }
    const { id, method } = message;
    if (typeof method === 'string') {
      if (id === undefined) this.#take(method, message.params);
      else if (typeof id === 'number' && Number.isSafeInteger(id) && id > 0)
        void this.#answer(id, method, message.params);
      else this.#violate('bad-request', 'id must be a positive integer');
    } else if (typeof id === 'number' && id > 0) this.#settle(id, message);
    else if (id !== 0) this.#violate('bad-request', 'neither a request, an answer nor a notification');
  }

  #violate(code: ErrorCode, message: string): void {
    this.#options.onViolation?.(new PlatformError(code, message));
    this.#send({ id: 0, error: { code, message } });
  }

  async #answer(id: number, method: string, params: unknown): Promise<void> {
    // An id that is being answered: a duplicate or a replay. The first answer stands.
    if (this.#answering.has(id))
      return this.#violate('bad-request', `request ${id} is already being answered`);
    if (this.#answering.size >= limits.pendingRequests)
      return this.#send({
        id,
        error: { code: 'rate-limited', message: `${limits.pendingRequests} requests unanswered` },
      });
    this.#answering.add(id);
    try {
      const handler = Object.hasOwn(this.#options.handlers, method)
        ? (this.#options.handlers as Record<string, (params: unknown) => Promise<unknown>>)[method]
        : undefined;
      if (!handler) throw new PlatformError('unknown-method', `no method ${method.slice(0, 64)}`);
      const result = await handler(
        this.#parse(this.#options.contract?.requests[method]?.params, params, method),
      );
      this.#send({ id, result });
    } catch (error) {
      if (!(error instanceof PlatformError)) this.#options.onFault?.(method, error);
      else if (error.code === 'bad-request' || error.code === 'unknown-method')
        this.#options.onViolation?.(error);
      const known =
        error instanceof PlatformError ? error : new PlatformError('internal', 'the server failed');
      this.#send({ id, error: { code: known.code, message: known.message } });
    } finally {
      this.#answering.delete(id);
    }
  }

  #take(method: string, params: unknown): void {
    const handler = Object.hasOwn(this.#options.notices, method)
      ? (this.#options.notices as Record<string, (params: unknown) => void>)[method]
      : undefined;
    if (!handler) return void this.#violate('unknown-method', `no notification ${method.slice(0, 64)}`);
    try {
      handler(this.#parse(this.#options.contract?.notifications[method], params, method));
    } catch (error) {
      if (error instanceof PlatformError) this.#options.onViolation?.(error);
      else this.#options.onFault?.(method, error);
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
    const error = message.error as { code?: unknown; message?: unknown } | undefined;
    if (!error) pending.resolve(message.result);
    else
      pending.reject(
        new PlatformError(
          isErrorCode(error.code) ? error.code : 'internal',
          String(error.message ?? 'no message'),
        ),
      );
  }
}
