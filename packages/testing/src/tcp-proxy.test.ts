import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { sleep } from '@weir/core';
import { afterEach, expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { type TcpProxyOptions, tcpProxy } from './tcp-proxy.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function proxied(onConnection: (socket: Socket) => void, options: Partial<TcpProxyOptions> = {}) {
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    cleanups.push(() => socket.destroy());
    socket.on('error', () => {});
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  cleanups.push(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const proxy = await tcpProxy({ target: { host: '127.0.0.1', port }, seed: 1, ...options });
  cleanups.push(() => proxy.close());
  return proxy;
}

async function client(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  cleanups.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** `once` would reject at the error before the close. */
const closed = (socket: Socket) => new Promise<void>((done) => socket.once('close', () => done()));

const echo = (socket: Socket) => void socket.pipe(socket);

test('bytes come through unchanged both ways, the end after them', async () => {
  const proxy = await proxied(echo, {
    up: { delayMs: 20, jitterMs: 20, rateBps: 200e6 },
    down: { jitterMs: 5 },
  });
  const socket = await client(proxy.port);
  const sent = Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => (i * 7 + (i >> 8)) & 255));
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.end(sent);
  await once(socket, 'end');
  expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  await eventually(() => proxy.counters.connections === 0);
  expect(proxy.counters).toEqual({
    connections: 0,
    accepted: 1,
    bytes: { up: 1_000_000, down: 1_000_000 },
  });
});

test('what is under way arrives after its sender has closed', async () => {
  let received = 0;
  let ended = false;
  const proxy = await proxied(
    (socket) => {
      socket.on('data', (chunk) => {
        received += chunk.byteLength;
      });
      socket.on('end', () => {
        ended = true;
      });
      socket.end(); // The server's half closes first.
    },
    { up: { delayMs: 200 } },
  );
  const socket = await client(proxy.port);
  socket.resume();
  socket.end(Buffer.alloc(50_000));
  await closed(socket);
  expect(received).toBe(0);
  await eventually(() => (received === 50_000 && ended) || `${received} received, ended: ${ended}`);
  await eventually(() => proxy.counters.connections === 0);
});

test('the delay is added both ways', async () => {
  const proxy = await proxied(echo, { up: { delayMs: 40 }, down: { delayMs: 20 } });
  const socket = await client(proxy.port);
  const roundTrips: number[] = [];
  for (let i = 0; i < 15; i++) {
    const sentAt = performance.now();
    socket.write('ping');
    await once(socket, 'data');
    roundTrips.push(performance.now() - sentAt);
  }
  roundTrips.sort((a, b) => a - b);
  expect(Math.abs(roundTrips[3]! - 60)).toBeLessThan(5); // A busy machine only adds to it.
});

test('the rate holds, and the sender feels it', async () => {
  let received = 0;
  const proxy = await proxied((socket) => socket.on('data', (chunk) => (received += chunk.byteLength)), {
    up: { rateBps: 4e6, queueBytes: 20_000 },
  });
  const socket = await client(proxy.port);
  const startedAt = performance.now();
  let acceptedAt = 0;
  socket.write(Buffer.alloc(8_000_000), () => {
    acceptedAt = performance.now();
  });
  await sleep(1000);
  const bps = (received * 8000) / (performance.now() - startedAt);
  expect(bps).toBeGreaterThan(3.4e6);
  expect(bps).toBeLessThan(4.3e6);
  expect(acceptedAt).toBe(0);
});

test('a blackout stalls and loses nothing', async () => {
  const proxy = await proxied(echo);
  const socket = await client(proxy.port);
  let got = '';
  socket.on('data', (chunk) => {
    got += chunk;
  });
  socket.write('a');
  await eventually(() => got === 'a');
  const darkAt = performance.now();
  proxy.blackout(200);
  for (const letter of 'bcdef') {
    socket.write(letter);
    await sleep(5);
  }
  await sleep(100);
  expect(got).toBe('a');
  await eventually(() => got === 'abcdef' || got, { intervalMs: 2 });
  expect(performance.now() - darkAt).toBeGreaterThan(195);
  expect(performance.now() - darkAt).toBeLessThan(1000);
});

test('reset ends both sides with ECONNRESET; a new connection works', async () => {
  const serverErrors: unknown[] = [];
  const proxy = await proxied((socket) => {
    socket.on('error', (error: NodeJS.ErrnoException) => serverErrors.push(error.code));
    echo(socket);
  });
  const socket = await client(proxy.port);
  socket.write('x');
  await once(socket, 'data');
  const failed = closed(socket);
  const errors: unknown[] = [];
  socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code));
  proxy.reset();
  await failed;
  await eventually(() => serverErrors.length > 0);
  expect([errors, serverErrors]).toEqual([['ECONNRESET'], ['ECONNRESET']]);
  const again = await client(proxy.port);
  again.write('y');
  expect(String((await once(again, 'data'))[0])).toBe('y');
});

test('a target that refuses closes the client; a closed proxy refuses', async () => {
  const proxy = await proxied(echo);
  const { port } = proxy;
  const refused = await tcpProxy({ target: { host: '127.0.0.1', port: 1 }, seed: 1 });
  cleanups.push(() => refused.close());
  const socket = await client(refused.port);
  socket.on('error', () => {});
  await closed(socket);
  const held = await client(port);
  await proxy.close();
  held.on('error', () => {});
  held.on('end', () => held.end()).resume();
  await closed(held);
  await expect(client(port)).rejects.toThrow(/ECONNREFUSED/);
});

test('the first bytes of a connection wait for its handshake, the next ones do not', async () => {
  const delay = { delayMs: 50 };
  const proxy = await proxied(echo, { up: delay, down: delay, handshakeMs: 100 });
  const socket = await client(proxy.port);
  const roundTrip = async () => {
    const from = performance.now();
    socket.write('x');
    await once(socket, 'data');
    return performance.now() - from;
  };
  expect(await roundTrip()).toBeGreaterThan(185);
  const next = await roundTrip();
  expect(next).toBeGreaterThan(95);
  expect(next).toBeLessThan(180);
});
