import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { sleep } from '@weir/core';
import { afterEach, expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { type UdpProxyOptions, udpProxy } from './udp-proxy.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((it) => it.close()));
});

async function socket(address = '127.0.0.1', port = 0): Promise<Socket> {
  const bound = createSocket('udp4').bind(port, address);
  open.push(bound);
  await once(bound, 'listening');
  bound.setRecvBufferSize(4 * 2 ** 20);
  return bound;
}

/** A server that sends back what it gets, and a proxy of it. */
async function proxiedEcho(options: Partial<UdpProxyOptions> = {}) {
  const server = await socket();
  const seenFrom = new Set<number>();
  server.on('message', (packet, from) => {
    seenFrom.add(from.port);
    server.send(packet, from.port, from.address);
  });
  const proxy = await udpProxy({
    target: { host: '127.0.0.1', port: server.address().port },
    seed: 1,
    ...options,
  });
  open.push(proxy);
  return { server, proxy, seenFrom };
}

function collect(receiver: Socket): string[] {
  const got: string[] = [];
  receiver.on('message', (packet) => got.push(packet.toString()));
  return got;
}

test('each client has its own address at the target and gets its own answers', async () => {
  const { proxy, seenFrom } = await proxiedEcho();
  const clients = await Promise.all([socket(), socket(), socket()]);
  const got = clients.map(collect);
  for (const [i, client] of clients.entries())
    for (let n = 0; n < 5; n++) client.send(`${i}.${n}`, proxy.port, proxy.host);
  await eventually(() => got.every((texts) => texts.length === 5) || `got ${JSON.stringify(got)}`);
  expect(got).toEqual([0, 1, 2].map((i) => [0, 1, 2, 3, 4].map((n) => `${i}.${n}`)));
  expect(seenFrom.size).toBe(3);
  expect(proxy.counters).toMatchObject({ clients: 3, up: { forwarded: 15 }, down: { forwarded: 15 } });
});

test('the same port of another loopback address stands for the server', async () => {
  const server = await socket();
  const { port } = server.address();
  const proxy = await udpProxy({ target: { host: '127.0.0.1', port }, seed: 1, host: '127.0.0.2', port });
  open.push(proxy);
  const got = collect(server);
  (await socket()).send('hello', port, '127.0.0.2');
  await eventually(() => got[0] === 'hello');
});

test('a delay of 50 ms comes out as 50 ± 2 ms, and a round trip adds both', async () => {
  const { proxy, server } = await proxiedEcho({ up: { delayMs: 50 }, down: { delayMs: 30 } });
  const client = await socket();
  const oneWay: number[] = [];
  const roundTrips: number[] = [];
  server.prependListener('message', (packet) => oneWay.push(performance.now() - Number(packet)));
  client.on('message', (packet) => roundTrips.push(performance.now() - Number(packet)));
  for (let i = 0; i < 150; i++) {
    client.send(String(performance.now()), proxy.port, proxy.host);
    await sleep(2 + (i % 4));
  }
  await eventually(() => roundTrips.length === 150 || `${roundTrips.length} of 150 came back`);
  const mean = oneWay.reduce((sum, ms) => sum + ms, 0) / oneWay.length;
  console.log(`a delay of 50 ms came out as ${mean.toFixed(1)} ms on average`);
  // A busy machine only adds to it: the lower quartile is what the proxy itself does.
  const quartile = (times: number[]) => times.sort((a, b) => a - b)[Math.floor(times.length / 4)]!;
  expect(Math.abs(quartile(oneWay) - 50)).toBeLessThan(2);
  expect(oneWay[0]).toBeGreaterThan(49);
  expect(Math.abs(quartile(roundTrips) - 80)).toBeLessThan(4);
});

test('what happens to packets changes at run time', async () => {
  const { proxy } = await proxiedEcho();
  const client = await socket();
  const got = collect(client);
  const sendSome = async (name: string) => {
    for (let i = 0; i < 10; i++) client.send(`${name}${i}`, proxy.port, proxy.host);
    await sleep(100);
    return got.splice(0).length;
  };
  expect(await sendSome('clean')).toBe(10);
  proxy.set({ down: { lossRate: 1 } });
  expect(await sendSome('lost')).toBe(0);
  proxy.set({ down: { lossRate: undefined, duplicateRate: 1 } });
  expect(await sendSome('twice')).toBe(20);
  proxy.set({ down: { duplicateRate: 0 } });
  proxy.blackout(150, ['up']);
  expect(await sendSome('dark')).toBe(0);
  await sleep(100);
  expect(await sendSome('light')).toBe(10);
  const { up, down } = proxy.counters;
  expect([up.dropped.blackout, down.dropped.loss, down.duplicated]).toEqual([10, 10, 10]);
});

test('a client too many is refused until an idle one is forgotten', async () => {
  const { proxy } = await proxiedEcho({ maxClients: 1, idleTimeoutMs: 1000 });
  const [first, second] = [await socket(), await socket()];
  const got = collect(second);
  first.send('a', proxy.port, proxy.host);
  await eventually(() => proxy.counters.up.received === 1);
  second.send('b', proxy.port, proxy.host);
  await eventually(() => proxy.counters.refused === 1);
  await eventually(() => proxy.counters.clients === 0);
  second.send('c', proxy.port, proxy.host);
  await eventually(() => got[0] === 'c');
});

test('a closed target loses packets and does no other harm', async () => {
  const gone = await socket();
  const { port } = gone.address();
  gone.close();
  open.splice(open.indexOf(gone), 1);
  const proxy = await udpProxy({ target: { host: '127.0.0.1', port }, seed: 1 });
  open.push(proxy);
  const client = await socket();
  for (let i = 0; i < 3; i++) {
    client.send('anyone?', proxy.port, proxy.host);
    await sleep(20);
  }
  const back = await socket('127.0.0.1', port);
  const got = collect(back);
  client.send('hello', proxy.port, proxy.host);
  await eventually(() => got.includes('hello'));
});

test('a bound port is reported, a closed proxy frees its own', async () => {
  const first = await udpProxy({ target: { host: '127.0.0.1', port: 9 }, seed: 1 });
  await expect(
    udpProxy({ target: { host: '127.0.0.1', port: 9 }, seed: 1, port: first.port }),
  ).rejects.toThrow(/EADDRINUSE/);
  await first.close();
  await first.close();
  const second = await udpProxy({ target: { host: '127.0.0.1', port: 9 }, seed: 1, port: first.port });
  expect(second.port).toBe(first.port);
  await second.close();
});

test('20 Mbit/s pass with delay and jitter, none lost, at a small part of a core', async () => {
  const { proxy, server } = await proxiedEcho({ up: { delayMs: 30, jitterMs: 5 } });
  server.removeAllListeners('message');
  let received = 0;
  server.on('message', () => received++);
  const client = await socket();
  const packet = Buffer.alloc(1000);
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  let sent = 0;
  while (sent < 5000) {
    const due = Math.min(5000, Math.floor((performance.now() - startedAt) * 2.5));
    for (; sent < due; sent++) client.send(packet, proxy.port, proxy.host);
    await sleep(1);
  }
  await eventually(() => received === 5000 || `${received} of 5000 received`);
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const cores = (user + system) / 1e6 / seconds;
  console.log(`2,500 packets/s: sender, proxy and receiver together used ${cores.toFixed(2)} of a core`);
  expect(seconds).toBeLessThan(3);
  expect(cores).toBeLessThan(0.8);
});
