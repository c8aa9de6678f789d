import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ClusterStore, mediaNode, mediaNodes, Rooms, redisStore } from '@weir/cluster';
import { silentLogger } from '@weir/core';
import { connectPipes } from '@weir/media/control';
import {
  eventually,
  freePort,
  type PostgresServer,
  postgresPrograms,
  type RedisServer,
  startPostgres,
  startRedis,
  tempDir,
  tied,
} from '@weir/testing';
import { DirectorClient } from './director-client.ts';
import { ensureWebApp } from './web-app.ts';

const program = fileURLToPath(new URL('main.ts', import.meta.url));
const secret = 'a-secret-of-this-test-only';

export const canStartFleet = postgresPrograms() !== undefined;

/** One process of the fleet. */
export type FleetNode = {
  nodeId: string;
  url: string;
  process: ChildProcess;
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops it with its engine workers: its sockets stay open, nothing answers. As if its network were cut. */
  freeze(): Promise<void>;
  /** Lets it go on from where it was. */
  thaw(): Promise<void>;
};

export type FleetPipe = { from: string; to: string; trackId: string; packets: number; bytes: number };

/** Processes of ./weir serve on a Redis and a Postgres of their own; all end with it. */
export class Fleet implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly postgres: PostgresServer;
  readonly #stack: AsyncDisposableStack;
  readonly #dataDir: string;
  #store: ClusterStore | undefined;

  static async start(): Promise<Fleet> {
    await using stack = new AsyncDisposableStack();
    await ensureWebApp();
    const redis = stack.adopt(await startRedis(), (it) => it.remove());
    const postgres = stack.adopt(await startPostgres(postgresPrograms()!), (it) => it.remove());
    const data = stack.use(await tempDir());
    return new Fleet(redis, postgres, data.path, stack.move());
  }

  private constructor(
    redis: RedisServer,
    postgres: PostgresServer,
    dataDir: string,
    stack: AsyncDisposableStack,
  ) {
    this.redis = redis;
    this.postgres = postgres;
    this.#dataDir = dataDir;
    this.#stack = stack;
  }

  /** Resolves when it answers. `at`: the port of an earlier process of the node, which may be drained. */
  async serve(nodeId: string, roles: string, options: string[] = [], at?: number): Promise<FleetNode> {
    const port = at ?? (await freePort());
    const health = at === undefined ? 'readyz' : 'healthz';
    const url = `http://127.0.0.1:${port}`;
    const args = ['serve', '--roles', roles, '--node-id', nodeId, '--host', '127.0.0.1', '--port', `${port}`];
    const shared = ['--redis', this.redis.url, '--database', this.postgres.url, '--log-level', 'error'];
    const own = [
      '--data-dir',
      join(this.#dataDir, nodeId),
      '--public-url',
      url.replace('http', 'ws'),
      '--workers',
      '1',
    ];
    const command = tied(process.execPath, [program, ...args, ...shared, ...own, ...options], 'SIGTERM');
    const child = spawn(...command, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, WEIR_CLUSTER_SECRET: secret },
    });
    const exited = once(child, 'exit');
    let frozen: number[] = [];
    const freeze = async () => {
      frozen = [child.pid!, ...(await childrenOf(child.pid!))];
      for (const pid of frozen) process.kill(pid, 'SIGSTOP');
    };
    const thaw = async () => {
      for (const pid of frozen.splice(0)) process.kill(pid, 'SIGCONT');
    };
    const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await thaw(); // Engine workers end by themselves, unless they stand still.
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await exited;
    };
    this.#stack.defer(() => kill());
    await eventually(
      async () => {
        if (child.exitCode !== null) return true;
        return (await fetch(`${url}/${health}`, { signal: AbortSignal.timeout(1_000) })).ok || 'not ready';
      },
      { timeoutMs: 120_000 },
    );
    if (child.exitCode !== null) throw new Error(`${nodeId} ended with ${child.exitCode}`);
    return { nodeId, url, process: child, kill, freeze, thaw };
  }

  /** Ends it as an operator would, and starts it again. */
  async restart(node: FleetNode, roles: string, options: string[] = []): Promise<FleetNode> {
    await node.kill('SIGTERM');
    return this.serve(node.nodeId, roles, options, Number(new URL(node.url).port));
  }

  /** A way to ask the directors there. */
  async director(...nodes: FleetNode[]): Promise<DirectorClient> {
    const { apiKey } = await this.place(nodes[0]!);
    return new DirectorClient(
      nodes.map(({ url }) => url),
      apiKey,
    );
  }

  /** The pipes between media nodes, and what went over each. */
  async pipes(): Promise<FleetPipe[]> {
    const nodes = await mediaNodes((await this.#opened()).leases);
    const listed = await Promise.allSettled(
      nodes.map(async ({ nodeId, status }) => {
        const link = await connectPipes({ url: status.address!, secret }, { 'pipe.closed': () => {} });
        const { pipes } = await link.calls['pipe.list']({}).finally(() => link.lifetime.close());
        return pipes.map(({ trackId, to, packets, bytes }) => ({
          from: nodeId,
          to,
          trackId,
          packets,
          bytes,
        }));
      }),
    );
    return listed.flatMap((one) => (one.status === 'fulfilled' ? one.value : [])); // Of the others only the lease lives.
  }

  /** The media node of everybody in the room, by identity. */
  async mediaNodes(roomId: string): Promise<Map<string, string>> {
    const { sessions } = await new Rooms((await this.#opened()).rooms).read(roomId);
    return new Map([...sessions].map(({ identity, mediaNodeId }) => [identity, mediaNodeId]));
  }

  /** How many sessions a media node says that it has; undefined while it is not among the living. */
  async sessionsOn(nodeId: string): Promise<number | undefined> {
    return (await mediaNode((await this.#opened()).leases, nodeId))?.status.sessions;
  }

  async #opened(): Promise<ClusterStore> {
    this.#store ??= await redisStore({ urls: [this.redis.url], logger: silentLogger });
    return this.#store;
  }

  /** Where people of this node go. */
  async place({ nodeId, url }: FleetNode) {
    const text = await readFile(join(this.#dataDir, nodeId, 'api-key.json'), 'utf8');
    return { urls: { local: url }, apiKey: { ...JSON.parse(text), isNew: false } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store?.close();
    await this.#stack.disposeAsync();
  }
}

/** Of a node these are its engine workers. */
export async function childrenOf(pid: number): Promise<number[]> {
  const pids = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return pids.split(' ').filter(Boolean).map(Number);
}
