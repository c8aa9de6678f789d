import { createClient, createCluster } from '@redis/client';
import { backoffMs, Emitter, type Logger, PlatformError, withDeadline } from '@weir/core';
import type { Script } from './redis-scripts.ts';

export type RedisOptions = {
  /** `redis://` or `rediss://` of one server, or of some nodes of a Redis Cluster, which tell the others. */
  urls: string[];
  /** The urls are of a Redis Cluster. */
  cluster?: boolean;
  logger: Logger;
};

/** `reconnected`: what was published meanwhile was missed. */
export type RedisEvents = { reconnected: [] };

const commandTimeoutMs = 3_000;
const connectTimeoutMs = 3_000;
/** A server that does not answer pings is given up, and looked for again. */
const pingIntervalMs = 3_000;
const silenceMs = 8_000;
const reconnect = { firstMs: 50, maxMs: 2_000 };

type Client = ReturnType<typeof createClient>;

/**
 * Commands to Redis (or Valkey), and sharded subscriptions. While the server is away commands fail at once with the
 * retryable `connection-lost` and the connection comes back by itself.
 */
export class RedisConnection {
  readonly events = new Emitter<RedisEvents>();
  readonly #commands: Client;
  readonly #subscriber: Client;

  /** Rejects with `connection-lost` when no server answers. */
  static async open(options: RedisOptions): Promise<RedisConnection> {
    const connection = new RedisConnection(options);
    try {
      await connection.#connect();
      return connection;
    } catch (error) {
      connection.close();
      throw lost(error);
    }
  }

  private constructor({ urls, cluster = false, logger }: RedisOptions) {
    const [first] = urls;
    if (!first) throw new PlatformError('bad-request', 'the address of a Redis server is missing');
    const common = {
      socket: {
        connectTimeout: connectTimeoutMs,
        socketTimeout: silenceMs,
        reconnectStrategy: (retries: number) => backoffMs(retries + 1, reconnect),
      },
      pingInterval: pingIntervalMs,
      disableOfflineQueue: true,
      maintNotifications: 'disabled' as const,
    };
    // The two clients take the same calls; their types differ in what we do not use.
    const make = (): Client =>
      cluster
        ? (createCluster({
            rootNodes: urls.map((url) => ({ url })),
            defaults: { ...common, ...credentialsOf(first) },
          }) as unknown as Client)
        : createClient({ url: first, ...common });
    this.#commands = make();
    this.#subscriber = make();
    for (const client of [this.#commands, this.#subscriber])
      client.on('error', (error) => logger.warn({ err: error }, 'the cluster store is away'));
  }

  async #connect(): Promise<void> {
    const connecting = Promise.all([this.#commands.connect(), this.#subscriber.connect()]);
    await withDeadline(connecting, connectTimeoutMs, 'connecting'); // By itself it would try for ever.
    for (const client of [this.#commands, this.#subscriber])
      for (const event of ['ready', 'node-ready', 'sharded-channel-moved'])
        client.on(event, () => this.events.emit('reconnected'));
  }

  async run(script: Script, keys: string[], args: string[]): Promise<unknown> {
    const options = { keys, arguments: args };
    return this.#do(async () => {
      try {
        return await this.#commands.evalSha(script.sha1, options);
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
        return this.#commands.eval(script.text, options);
      }
    });
  }

  /** All fields of a hash; none when there is no such key. */
  async fields(key: string): Promise<Record<string, string>> {
    return this.#do(async () => ({ ...(await this.#commands.hGetAll(key)) }));
  }

  /** Undefined: there is none. */
  async text(key: string): Promise<string | undefined> {
    return this.#do(async () => (await this.#commands.get(key)) ?? undefined);
  }

  async setText(key: string, text: string): Promise<void> {
    await this.#do(() => this.#commands.set(key, text));
  }

  /** Puts a name into an index, as of now. */
  async remember(index: string, name: string): Promise<void> {
    await this.#do(() => this.#commands.zAdd(index, { score: Date.now(), value: name }));
  }

  async remembered(index: string): Promise<{ value: string; score: number }[]> {
    return this.#do(() => this.#commands.zRangeWithScores(index, 0, -1));
  }

  async exists(key: string): Promise<boolean> {
    return this.#do(async () => (await this.#commands.exists(key)) > 0);
  }

  /** `listener` hears what is published on the channel, until the answered function is called. */
  async subscribe(channel: string, listener: (message: string) => void): Promise<() => void> {
    await this.#do(() => this.#subscriber.sSubscribe(channel, listener));
    return () => void this.#subscriber.sUnsubscribe(channel, listener).catch(() => {});
  }

  close(): void {
    for (const client of [this.#commands, this.#subscriber]) if (client.isOpen) client.destroy();
  }

  async #do<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await withDeadline(work(), commandTimeoutMs, 'an answer');
    } catch (error) {
      throw lost(error);
    }
  }
}

function lost(error: unknown): PlatformError {
  const message = error instanceof Error ? error.message : String(error);
  // The server is there, and has something else than we wrote: to ask again is of no use.
  if (message.includes('WRONGTYPE'))
    return new PlatformError('store-unreadable', `cluster store: ${message}`, { cause: error });
  return new PlatformError('connection-lost', `cluster store: ${message}`, { cause: error });
}

function credentialsOf(url: string): { username?: string; password?: string } {
  const { username, password } = new URL(url);
  return {
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
  };
}
