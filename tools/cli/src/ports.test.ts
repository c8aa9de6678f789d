import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { checkPorts } from './ports.ts';

async function takenTcp() {
  const server = createServer().listen(0, '0.0.0.0');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => void server.close() };
}

test('a free port passes, and is free afterwards', async () => {
  const { port, ...taken } = await takenTcp();
  taken[Symbol.dispose]();
  await checkPorts({ host: '127.0.0.1', port });
  await checkPorts({ host: '127.0.0.1', port });
});

test('a port in use is named with what to do', async () => {
  using taken = await takenTcp();
  const check = checkPorts({ host: '0.0.0.0', port: taken.port });
  await expect(check).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(`port ${taken.port} is in use(.|\n)*--port`),
  });
});

test('a media port that another program has for UDP is found', async () => {
  const socket = createSocket('udp4').bind(0);
  await once(socket, 'listening');
  const mediaPort = socket.address().port - 1; // It is the second worker's.
  const check = checkPorts({ host: '127.0.0.1', port: 0, mediaPort, workers: 2 });
  await expect(check).rejects.toThrow(/in use.*--media-port/s);
  socket.close();
});

test.each([
  [{ host: '127.0.0.1', port: 40_001, mediaPort: 40_000, workers: 2 }, /include --port 40001/],
  [{ host: '127.0.0.1', port: 0, mediaPort: 65_535, workers: 2 }, /65536/],
  [{ host: '192.0.2.77', port: 0 }, /no such address/],
])('%j is refused', async (ports, message) => {
  await expect(checkPorts(ports)).rejects.toThrow(message);
});
