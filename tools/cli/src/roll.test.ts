import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { tempDir } from '@weir/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FleetNode } from './director-client.ts';
import { run } from './roll.ts';

type Role = FleetNode['roles'][number]['role'];

/** The HTTP API of a director whose nodes are empty as soon as they are drained; each restart is one more process. */
class Director implements AsyncDisposable {
  readonly nodes = new Map<string, FleetNode>();
  readonly asked: string[] = [];
  readonly #server = createServer((request, response) => {
    const [, , , name = '', what] = request.url!.split('/');
    const answer = this.#answer(request.method!, name, what);
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { code: 'not-found', title: 'no such node' }));
  });

  static async start(nodes: Record<string, Role>): Promise<Director> {
    const director = new Director();
    for (const [nodeId, role] of Object.entries(nodes)) director.begin(nodeId, role);
    await once(director.#server.listen(0, '127.0.0.1'), 'listening');
    return director;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  begin(nodeId: string, role: Role): void {
    const roles = [{ role, left: 0 }];
    const startedAt = (this.nodes.get(nodeId)?.startedAt ?? 0) + 1;
    const drain = this.nodes.get(nodeId)?.drain ?? null;
    const state = drain ? 'drained' : 'working';
    this.nodes.set(nodeId, { nodeId, region: 'local', startedAt, roles, state, drain, notes: [] });
  }

  #answer(method: string, nodeId: string, what?: string): object | undefined {
    if (!nodeId) return { nodes: [...this.nodes.values()] };
    const node = this.nodes.get(nodeId);
    if (!node) return undefined;
    if (what === 'drain') {
      this.asked.push(`${method} ${nodeId}`);
      node.drain = method === 'POST' ? { since: 0, deadlineAt: 0 } : null;
      node.state = node.drain ? 'drained' : 'working';
    } else if (node.drain) this.begin(nodeId, node.roles[0]!.role); // Asked for when its command has run.
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}

describe('./weir roll', () => {
  let said = '';
  beforeEach(() => {
    said = '';
    vi.stubEnv('WEIR_API_KEY', 'key');
    vi.stubEnv('WEIR_API_SECRET', 'secret');
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said += text;
      return true;
    });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  test('rolling: each node is drained, restarted and takes people again before the next', async () => {
    await using director = await Director.start({ 'media-1': 'media', 'media-2': 'media' });
    await using folder = await tempDir();
    const log = join(folder.path, 'restarted');
    expect(await run(['--url', director.url, '--restart', `echo {node} $WEIR_NODE >> ${log}`])).toBe(0);
    expect(await readFile(log, 'utf8')).toBe('media-1 media-1\nmedia-2 media-2\n');
    expect(director.asked).toEqual(['POST media-1', 'DELETE media-1', 'POST media-2', 'DELETE media-2']);
    expect(said).toContain('All 2 nodes have been replaced.');
  });

  test('blue-green: those named are drained together, then each is ended', async () => {
    await using director = await Director.start({
      'blue-1': 'media',
      'blue-2': 'media',
      'green-1': 'media',
    });
    await using folder = await tempDir();
    const log = join(folder.path, 'ended');
    const args = ['--url', director.url, 'blue-1', 'blue-2', '--end', `echo {node} >> ${log}`];
    expect(await run(args)).toBe(0);
    expect(await readFile(log, 'utf8')).toBe('blue-1\nblue-2\n');
    expect(director.asked.slice(0, 2).sort()).toEqual(['POST blue-1', 'POST blue-2']);
    expect(said).toContain('All 2 nodes have been ended.');
  });

  test('the last node of a kind is not touched, unless a break is accepted with --alone', async () => {
    await using director = await Director.start({ 'media-1': 'media' });
    const args = ['--url', director.url, '--restart', 'true'];
    await expect(run(args)).rejects.toMatchObject({
      code: 'wrong-state',
      message: expect.stringContaining('--alone'),
    });
    expect(director.asked).toEqual([]);
    expect(await run([...args, '--alone'])).toBe(0);
  });

  test('blue-green does not end all nodes of a kind', async () => {
    await using director = await Director.start({ 'media-1': 'media', 'media-2': 'media' });
    const args = ['--url', director.url, 'media-1', 'media-2', '--end', 'true'];
    await expect(run(args)).rejects.toMatchObject({ code: 'wrong-state' });
    expect(director.asked).toEqual([]);
  });

  test('a command that fails stops the roll; that node stays drained, the others are as before', async () => {
    await using director = await Director.start({ 'media-1': 'media', 'media-2': 'media' });
    const args = ['--url', director.url, '--restart', 'exit 3'];
    await expect(run(args)).rejects.toThrow(
      /media-1: the command ended with 3.*\.\/weir drain media-1 --undo/,
    );
    expect(director.asked).toEqual(['POST media-1']);
    expect(director.nodes.get('media-2')!.state).toBe('working');
  });

  test.each([
    [[], '--restart'],
    [['--restart', 'a', '--end', 'b'], 'one of the two'],
    [['--end', 'true'], 'name the nodes'],
    [['nobody', '--restart', 'true'], 'there are: media-1'],
  ])('%j: says what to do', async (args, words) => {
    await using director = await Director.start({ 'media-1': 'media' });
    await expect(run(['--url', director.url, ...args])).rejects.toThrow(words);
  });
});
