import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sleep } from '@weir/core';
import { describe, expect, test } from 'vitest';
import { runCommand } from './command.ts';
import { eventually } from './eventually.ts';
import { canMakeNamespaces, createNetwork, type Network } from './network.ts';

/**
 * Answers each UDP packet with the address and port it came from; TCP likewise on the same port, and then says every 50 ms
 * the time and how many bytes have come.
 */
const server = `
  const socket = require('dgram').createSocket('udp4');
  socket.on('message', (_, from) => socket.send(from.address + ':' + from.port, from.port, from.address));
  socket.bind(7000, () => socket.setRecvBufferSize(4e6));
  const second = require('dgram').createSocket('udp4');
  second.on('message', (_, from) => second.send(from.address + ':' + from.port, from.port, from.address));
  second.bind(7001);
  const echo = (tcp) => {
    tcp.write(tcp.remoteAddress + '\\n');
    const timer = setInterval(() => tcp.write(performance.now() + ' ' + tcp.bytesRead + '\\n'), 50);
    tcp.on('error', () => {}).on('close', () => clearInterval(timer)).resume();
  };
  require('net').createServer(echo).listen(7000, () => console.log('ready'));
`;

/** Sends `count` UDP packets and prints what was answered within `waitMs`, a line each. */
const udpClient = `
  const [host, ports, count, waitMs] = process.argv.slice(1);
  const socket = require('dgram').createSocket('udp4');
  socket.bind(0, () => {
    socket.setRecvBufferSize(4e6);
    let sent = 0;
    const timer = setInterval(() => {
      for (let i = 0; i < 20 && sent < Number(count); i++, sent++)
        for (const port of ports.split(',')) socket.send('x', Number(port), host);
      if (sent === Number(count)) clearInterval(timer);
    }, 2);
  });
  const lines = [];
  socket.on('message', (text) => lines.push(String(text)));
  setTimeout(() => { console.log(lines.join('\\n')); process.exit(); }, Number(waitMs));
`;

const tcpClient = `
  const socket = require('net').connect(7000, process.argv[1]);
  socket.once('data', (text) => { console.log(String(text)); process.exit(); });
  setTimeout(() => { console.log('silence'); process.exit(); }, Number(process.argv[2]));
`;

/**
 * Sends over TCP, and prints the rate in bit/s at which it arrived from 0.5 s to 4 s after the server's first reading: what a full queue drops
 * holds up all that follows it for up to half a second.
 */
const tcpFlood = `
  const socket = require('net').connect(7000, process.argv[1]);
  const chunk = Buffer.alloc(65536);
  const more = () => { while (socket.write(chunk)); };
  socket.on('connect', more).on('drain', more);
  let first, start;
  const lines = require('readline').createInterface({ input: socket });
  lines.once('line', () => lines.on('line', (line) => { // The very first says the address.
    const reading = line.split(' ').map(Number);
    first ??= reading;
    const passedMs = reading[0] - first[0];
    if (passedMs >= 500) start ??= reading;
    if (passedMs < 4000) return;
    console.log((reading[1] - start[1]) * 8000 / (reading[0] - start[0]));
    process.exit();
  }));
`;

async function startServer<Name extends string>(network: Network<Name>, host: Name): Promise<void> {
  const child = network.exec(host, process.execPath, ['-e', server], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
}

async function udp<Name extends string>(
  network: Network<Name>,
  from: Name,
  to: Name,
  count = 3,
  ports = '7000',
) {
  const args = ['-e', udpClient, network.address(to), ports, String(count), String(400 + count / 5)];
  const output = await network.run(from, process.execPath, args);
  return output.split('\n').filter(Boolean);
}

async function tcp<Name extends string>(network: Network<Name>, from: Name, to: Name): Promise<string> {
  const args = ['-e', tcpClient, network.address(to), '700'];
  return (await network.run(from, process.execPath, args)).trim();
}

const traces = async () =>
  (await runCommand('ip', ['netns', 'list'])) + (await runCommand('ip', ['-br', 'link']));

describe.skipIf(!(await canMakeNamespaces()))('a network of namespaces', { timeout: 40_000 }, () => {
  test('hosts reach each other; closing kills what runs there and leaves no trace', async () => {
    let pid: number;
    let path: string;
    {
      await using network = await createNetwork({ hosts: { client: {}, server: {} } });
      await startServer(network, 'server');
      const answers = await udp(network, 'client', 'server');
      expect(answers.map((line) => line.split(':')[0])).toEqual(Array(3).fill(network.address('client')));
      expect(await tcp(network, 'client', 'server')).toContain(network.address('client'));
      const child = network.exec('client', 'sleep', ['100']);
      pid = child.pid!;
      path = await network.executable('client', 'hostname');
      expect(await runCommand(path, ['-I'])).toContain(network.address('client'));
      await expect(network.run('client', 'false')).rejects.toThrow(/ended with 1/);
      await expect(network.run('client', 'sleep', ['9'], 100)).rejects.toMatchObject({ code: 'timeout' });
    }
    await eventually(() => !isAlive(pid) || `process ${pid} lives`);
    await expect(runCommand(path, [])).rejects.toThrow();
  });

  test('loss, cut, mend and blocked UDP', async () => {
    await using network = await createNetwork({ hosts: { client: {}, server: {} } });
    await startServer(network, 'server');
    await network.setLoss('client', { up: 0.2 });
    const came = (await udp(network, 'client', 'server', 2000)).length;
    expect(Math.abs(came - 1600)).toBeLessThan(100); // Five standard deviations and some.
    await network.setLoss('client', 0);
    expect(await udp(network, 'client', 'server', 200)).toHaveLength(200);

    await network.cut('server');
    expect([await udp(network, 'client', 'server'), await tcp(network, 'client', 'server')]).toEqual([
      [],
      'silence',
    ]);
    await network.mend('server');
    expect(await udp(network, 'client', 'server')).toHaveLength(3);

    await network.blockUdp('client');
    expect(await udp(network, 'client', 'server')).toEqual([]);
    expect(await tcp(network, 'client', 'server')).toContain(network.address('client'));
    await network.blockUdp('client', false);
    expect(await udp(network, 'client', 'server')).toHaveLength(3);
  });

  test('the rate holds, can change and can go', async () => {
    await using network = await createNetwork({ hosts: { client: { rateBps: { up: 4e6 } }, server: {} } });
    await startServer(network, 'server');
    const rate = async () =>
      Number(await network.run('client', process.execPath, ['-e', tcpFlood, network.address('server')]));
    const limited = await rate();
    expect(limited).toBeGreaterThan(3e6);
    expect(limited).toBeLessThan(4.4e6);
    await network.setRate('server', { down: 1e6 });
    expect(await rate()).toBeLessThan(1.6e6);
    await network.setRate('client', undefined);
    await network.setRate('server', undefined);
    expect(await rate()).toBeGreaterThan(50e6);
  });

  test('address translation: seen under another address, port kept or not, reached by answers only', async () => {
    await using network = await createNetwork({
      hosts: { plain: {}, home: { nat: 'port-preserving' }, office: { nat: 'symmetric' }, server: {} },
    });
    await startServer(network, 'server');
    await startServer(network, 'home');
    const seen = async (host: 'plain' | 'home' | 'office') =>
      (await udp(network, host, 'server', 1, '7000,7001')).map((line) => line.split(':') as [string, string]);
    const [plain, home, office] = [await seen('plain'), await seen('home'), await seen('office')];
    for (const both of [plain, home, office]) expect(both).toHaveLength(2);
    expect(plain[0]![0]).toBe(network.address('plain'));
    expect(home[0]![0]).not.toBe(network.address('home'));
    expect(home[0]![1]).toBe(home[1]![1]);
    expect(office[0]![0]).not.toBe(network.address('office'));
    expect(office[0]![1]).not.toBe(office[1]![1]);
    expect(await udp(network, 'server', 'home')).toEqual([]);
    expect(await tcp(network, 'server', 'home')).toBe('silence');
  });

  test('the main namespace can be a host, with the same faults', async () => {
    await using network = await createNetwork({ hosts: { test: { main: true }, phone: {} } });
    const socket = createSocket('udp4').bind(0, network.address('test'));
    await once(socket, 'listening');
    const from: string[] = [];
    socket.on('message', (_, { address }) => from.push(address));
    const send = (count: number) =>
      network.run('phone', process.execPath, [
        '-e',
        udpClient,
        network.address('test'),
        String(socket.address().port),
        String(count),
        '100',
      ]);
    await send(5);
    await eventually(() => from.length === 5 || `${from.length} packets`);
    expect(new Set(from)).toEqual(new Set([network.address('phone')]));
    await network.cut('test');
    await send(5);
    await sleep(50);
    expect(from).toHaveLength(5);
    socket.close();
  });

  test('what a killed process left behind is swept by the next network', async () => {
    const module = JSON.stringify(fileURLToPath(new URL('./network.ts', import.meta.url)));
    const script = `
      const { createNetwork } = await import(${module});
      const network = await createNetwork({ hosts: { left: {}, mine: { main: true } } });
      network.exec('left', 'sleep', ['1000']);
      console.log(network.address('left'));
      setInterval(() => {}, 1000);
    `;
    const crashing = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [address] = await once(crashing.stdout, 'data');
    const left = `weir-${String(address).split('.')[2]}-`;
    const exited = once(crashing, 'exit');
    crashing.kill('SIGKILL');
    await exited;
    expect(await traces()).toContain(`${left}host-left`);
    const [sleeping] = (await runCommand('ip', ['netns', 'pids', `${left}host-left`])).trim().split('\n');
    expect(Number(sleeping)).toBeGreaterThan(0);

    await using network = await createNetwork({ hosts: { next: {} } });
    expect(await traces()).not.toContain(`${left}host-left`);
    await eventually(() => !isAlive(Number(sleeping)));
    await network.close();
    expect(await traces()).not.toContain(left);
  });

  test('bad names are refused', async () => {
    await expect(createNetwork({ hosts: { 'Not A Name': {} } })).rejects.toMatchObject({
      code: 'bad-request',
    });
    await expect(createNetwork({ hosts: { a: { main: true }, b: { main: true } } })).rejects.toMatchObject({
      code: 'limit-reached',
    });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
