import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { NodeDriver } from '@weir/cluster';
import { eventually, tempDir } from '@weir/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dockerDriver } from './docker-driver.ts';
import { kubernetesDriver } from './kubernetes-driver.ts';
import { ProcessDriver } from './process-driver.ts';

type Call = {
  method: string;
  path: string;
  body: Record<string, never> | undefined;
  token: string | undefined;
};
type Reply = { status: number; body?: unknown };

/** An API as far as a driver needs it; `reply` answers each call. */
async function api(reply: (call: Call) => Reply, at: number | string = 0) {
  const calls: Call[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { method = '', url: path = '', headers } = request;
    const call = { method, path, body: text ? JSON.parse(text) : undefined, token: headers.authorization };
    calls.push(call);
    const { status, body } = reply(call);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body ? JSON.stringify(body) : '');
  });
  server.listen(typeof at === 'number' ? { port: at, host: '127.0.0.1' } : { path: at });
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address() as AddressInfo | string;
  const url = typeof address === 'string' ? `unix:${address}` : `http://127.0.0.1:${address.port}`;
  return { url, calls };
}

/** What Docker keeps, behind its API. */
async function docker() {
  const containers = new Map<string, { labels: Record<string, string>; runs: boolean }>();
  const directory = await tempDir();
  onTestFinished(() => directory[Symbol.asyncDispose]());
  const { url, calls } = await api(
    ({ method, path, body }) => {
      const { pathname, searchParams } = new URL(path, 'http://any');
      if (pathname === '/v1.41/containers/json') {
        const [wanted] = JSON.parse(searchParams.get('filters')!).label;
        const listed = [...containers].filter(
          ([, { labels, runs }]) => runs && wanted === `weir.autoscale=${labels['weir.autoscale']}`,
        );
        return { status: 200, body: listed.map(([name]) => ({ Id: name, Names: [`/${name}`] })) };
      }
      if (pathname === '/v1.41/containers/create') {
        const name = searchParams.get('name')!;
        if (containers.has(name)) return { status: 409, body: { message: 'the name is in use' } };
        containers.set(name, {
          labels: (body as unknown as { Labels: Record<string, string> }).Labels,
          runs: false,
        });
        return { status: 201, body: { Id: name } };
      }
      const [, name = '', action = ''] = /^\/v1.41\/containers\/([^/]+)\/(\w+)$/.exec(pathname) ?? [];
      const container = containers.get(name);
      if (method !== 'POST' || !container)
        return { status: 404, body: { message: `No such container: ${name}` } };
      if (action === 'start' && container.runs) return { status: 304 };
      if (action === 'start') container.runs = true;
      else containers.delete(name);
      return { status: 204 };
    },
    join(directory.path, 'docker.sock'),
  );
  const driver = dockerDriver({
    place: { url },
    fleet: 'eu',
    image: 'weir:1',
    command: (nodeId) => ['serve', '--roles', 'media', '--node-id', nodeId],
    env: { WEIR_REDIS: 'redis://r' },
  });
  containers.set('of-somebody-else', { labels: { 'weir.autoscale': 'us' }, runs: true });
  return { driver, calls };
}

async function kubernetes() {
  const pods = new Map<string, Record<string, string>>([['of-somebody-else', { 'weir.autoscale': 'us' }]]);
  const { url, calls } = await api(({ method, path, body }) => {
    const { pathname, searchParams } = new URL(path, 'http://any');
    const [, name] = /^\/api\/v1\/namespaces\/video\/pods(?:\/(.+))?$/.exec(pathname) ?? [];
    if (method === 'GET') {
      const wanted = searchParams.get('labelSelector');
      const items = [...pods].filter(([, labels]) => wanted === `weir.autoscale=${labels['weir.autoscale']}`);
      return { status: 200, body: { items: items.map(([pod]) => ({ metadata: { name: pod } })) } };
    }
    if (method === 'POST') {
      const { metadata } = body as unknown as { metadata: { name: string; labels: Record<string, string> } };
      if (pods.has(metadata.name)) return { status: 409, body: { message: 'already exists' } };
      pods.set(metadata.name, metadata.labels);
      return { status: 201, body };
    }
    return pods.delete(name!) ? { status: 200, body: {} } : { status: 404, body: { message: 'not found' } };
  });
  const driver = kubernetesDriver({
    place: { url, token: 'of the service account' },
    namespace: 'video',
    fleet: 'eu',
    image: 'weir:1',
    command: (nodeId) => ['serve', '--roles', 'media', '--node-id', nodeId],
    envFrom: 'weir',
  });
  return { driver, calls };
}

async function processes() {
  const driver = new ProcessDriver(() => ({
    command: process.execPath,
    args: ['-e', 'setInterval(() => {}, 1e6)'],
  }));
  onTestFinished(() => driver[Symbol.asyncDispose]());
  return { driver, calls: [] as Call[] };
}

describe.each<[string, () => Promise<{ driver: NodeDriver; calls: Call[] }>]>([
  ['process', processes],
  ['docker', docker],
  ['kubernetes', kubernetes],
])('[A9] the driver %s', (_, setUp) => {
  test('starts nodes by name, lists its own, and stops them; asked twice nothing happens', async () => {
    const { driver } = await setUp();
    expect(await driver.list()).toEqual([]);
    await driver.start('eu-1');
    await driver.start('eu-2');
    await driver.start('eu-2');
    expect((await driver.list()).sort()).toEqual(['eu-1', 'eu-2']);
    await driver.stop('eu-1');
    await driver.stop('eu-1');
    await driver.stop('never-there');
    await eventually(async () => (await driver.list()).join() === 'eu-2' || 'still there');
  });
});

test('[A9] a container is told its role, and is on the network of its machine', async () => {
  const { driver, calls } = await docker();
  await driver.start('eu-1');
  expect(calls[0]).toMatchObject({
    path: '/v1.41/containers/create?name=eu-1',
    body: {
      Image: 'weir:1',
      Cmd: ['serve', '--roles', 'media', '--node-id', 'eu-1'],
      Env: ['WEIR_REDIS=redis://r'],
      Labels: { 'weir.autoscale': 'eu' },
      HostConfig: { NetworkMode: 'host', AutoRemove: true },
    },
  });
});

test('[A9] a pod is made with the token of the service account', async () => {
  const { driver, calls } = await kubernetes();
  await driver.start('eu-1');
  expect(calls[0]).toMatchObject({
    method: 'POST',
    token: 'Bearer of the service account',
    body: { kind: 'Pod', metadata: { name: 'eu-1' }, spec: { hostNetwork: true } },
  });
});

test('[A9] what an API refuses, and one that is not there, are errors that say so', async () => {
  const { url } = await api(() => ({ status: 403, body: { message: 'you may not' } }));
  const command = () => [];
  const options = { namespace: 'video', fleet: 'eu', image: 'weir:1', command };
  await expect(kubernetesDriver({ place: { url }, ...options }).list()).rejects.toThrow('403 you may not');
  const nowhere = dockerDriver({
    place: { url: 'unix:/nowhere.sock' },
    fleet: 'eu',
    image: 'weir:1',
    command,
  });
  await expect(nowhere.start('a')).rejects.toMatchObject({ code: 'connection-lost' });
  await using broken = new ProcessDriver(() => ({ command: '/no/such/program', args: [] }));
  await expect(broken.start('a')).rejects.toMatchObject({ code: 'wrong-state' });
  expect(await broken.list()).toEqual([]);
});
