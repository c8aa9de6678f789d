import type { ApiKey } from '@weir/auth';
import { isErrorCode, PlatformError } from '@weir/core';
import type { ProblemDetails } from '@weir/protocol';

/** What the HTTP API says of a node; see `NodeAnswer` of the director. */
export type FleetNode = {
  nodeId: string;
  region: string;
  /** Of its process, ms since the epoch. */
  startedAt: number | null;
  roles: { role: 'director' | 'signaling' | 'media' | 'relay'; left: number }[];
  state: 'working' | 'draining' | 'drained';
  drain: { since: number; deadlineAt: number } | null;
  notes: string[];
};

const timeoutMs = 10_000;

/** The nodes of a fleet over its HTTP API. Several directors may be given: whichever answers is asked. */
export class DirectorClient {
  readonly #urls: string[];
  readonly #authorization: string;

  constructor(urls: string[], { id, secret }: ApiKey) {
    this.#urls = urls;
    this.#authorization = `Basic ${btoa(`${id}:${secret}`)}`;
  }

  async nodes(): Promise<FleetNode[]> {
    const { nodes } = await this.#call<{ nodes: FleetNode[] }>('GET', '/v1/nodes');
    return nodes;
  }

  /** Throws `not-found` when it does not live. */
  node(nodeId: string): Promise<FleetNode> {
    return this.#call('GET', `/v1/nodes/${encodeURIComponent(nodeId)}`);
  }

  drain(nodeId: string, deadlineSeconds: number): Promise<FleetNode> {
    return this.#call('POST', `/v1/nodes/${encodeURIComponent(nodeId)}/drain`, { deadlineSeconds });
  }

  undrain(nodeId: string): Promise<FleetNode> {
    return this.#call('DELETE', `/v1/nodes/${encodeURIComponent(nodeId)}/drain`);
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    let failure: unknown;
    for (const url of this.#urls) {
      try {
        return await this.#ask(new URL(path, url), method, body);
      } catch (error) {
        if (error instanceof PlatformError && !error.retryable) throw error;
        failure = error;
      }
    }
    const where = this.#urls.join(' and ');
    const why = failure instanceof Error ? (failure.cause ?? failure) : failure;
    throw new PlatformError('connection-lost', `no director answers at ${where}: ${(why as Error).message}`);
  }

  async #ask<T>(url: URL, method: string, body?: object): Promise<T> {
    const response = await fetch(url, {
      method,
      headers: {
        authorization: this.#authorization,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const answer = await response.json();
    if (response.ok) return answer as T;
    const { code, detail, title } = answer as Partial<ProblemDetails>;
    throw new PlatformError(
      isErrorCode(code) ? code : 'internal',
      detail ?? title ?? `${url}: ${response.status}`,
    );
  }
}
