import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { PlatformError, withDeadline } from '@weir/core';
import { freePort } from '@weir/testing';
import { Fleet, type FleetNode } from './fleet-processes.ts';
import { FrontDoor } from './front-door.ts';
import { parseOptions, wholeNumber } from './options.ts';
import { checkPorts } from './ports.ts';

export const upFleetOptions = {
  nodes: { type: 'string', default: '4' },
  regions: { type: 'string', default: '1' },
  port: { type: 'string', default: '7420' },
  relay: { type: 'boolean', default: false },
  'no-guests': { type: 'boolean', default: false },
} as const;

const names = ['eu', 'us', 'asia', 'africa', 'oceania'];
const stopMs = 8_000;
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

type LocalFleet = { fleet: Fleet; nodes: FleetNode[]; front: FleetNode };

/** A whole fleet on this machine, to try out what several machines do: for its people it is one address. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseOptions(args, upFleetOptions);
  const nodes = wholeNumber('nodes', values.nodes, 1, 32);
  const regions = names.slice(0, wholeNumber('regions', values.regions, 1, names.length));
  if (nodes < regions.length)
    throw new PlatformError('bad-request', `--nodes ${nodes}: each of ${regions.length} regions needs one`);
  const port = wholeNumber('port', values.port, 0, 65_535);
  await checkPorts({ host: '127.0.0.1', port });
  const stopped = Promise.race(signals.map((signal) => once(process, signal)));
  await using stack = new AsyncDisposableStack();
  const { fleet, front, ...started } = await startFleet(stack, { nodes, regions, values });
  const fronts = started.nodes.filter(({ nodeId }) => nodeId.endsWith('front'));
  const ports = fronts.map(({ url }) => Number(new URL(url).port));
  const door = stack.use(await FrontDoor.open('127.0.0.1', port, ports));
  const { apiKey } = await fleet.place(front);
  process.stdout.write(fleetBanner(started.nodes, `http://localhost:${door.port}`, apiKey));
  await stopped;
  process.stderr.write('weir: stopping the fleet … (again to stop at once)\n');
  for (const signal of signals) process.on(signal, () => process.exit(130));
  await Promise.all(started.nodes.map(stop));
  return 0;
}

async function startFleet(
  stack: AsyncDisposableStack,
  options: { nodes: number; regions: string[]; values: { relay: boolean; 'no-guests': boolean } },
): Promise<LocalFleet> {
  const { nodes, regions, values } = options;
  const say = (text: string) => process.stderr.write(`weir: ${text}\n`);
  say('starting Redis and Postgres …');
  const fleet = stack.use(await startStores());
  const guests = values['no-guests'] ? ['--no-guests'] : [];
  const frontIn = (region: string) =>
    fleet.serve(`${region}-front`, 'director,signaling', ['--region', region, ...guests]);
  say(`starting ${nodes} media nodes, and directors and signaling in ${regions.join(', ')} …`);
  const front = await frontIn(regions[0]!); // By itself: it makes the tables.
  const threads = `${Math.max(1, Math.floor(availableParallelism() / nodes))}`;
  const media = Array.from({ length: nodes }, (_, i) => {
    const region = regions[i % regions.length]!;
    const nodeId = `${region}-media-${Math.floor(i / regions.length) + 1}`;
    return fleet.serve(nodeId, 'media', ['--region', region, '--workers', threads]);
  });
  const relays = values.relay ? [relayIn(fleet, regions[0]!)] : [];
  const others = await Promise.all([...regions.slice(1).map(frontIn), ...media, ...relays]);
  return { fleet, front, nodes: [front, ...others] };
}

async function startStores(): Promise<Fleet> {
  try {
    return await Fleet.start();
  } catch (error) {
    throw new PlatformError(
      'wrong-state',
      'a fleet needs Redis and Postgres on this machine: apt-get install redis-server postgresql',
      { cause: error },
    );
  }
}

async function relayIn(fleet: Fleet, region: string): Promise<FleetNode> {
  const ports = ['--relay-port', `${await freePort()}`, '--relay-ports', '48000-48499'];
  return fleet.serve(`${region}-relay`, 'relay', [
    '--region',
    region,
    ...ports,
    '--relay-allow',
    '127.0.0.1',
  ]);
}

async function stop(node: FleetNode): Promise<void> {
  await withDeadline(node.kill('SIGTERM'), stopMs, `the end of ${node.nodeId}`).catch(() => node.kill());
}

/** Who is there, where to go, and how to try it out. */
export function fleetBanner(
  nodes: Pick<FleetNode, 'nodeId' | 'url'>[],
  url: string,
  { id, secret }: { id: string; secret: string },
): string {
  const row = (label: string, text: string) => `  ${label.padEnd(18)}${text}`;
  return [
    '',
    '  A fleet is up. Open a room, and send its link to others on this machine:',
    '',
    row('Open', `${url}/meet/my-room`),
    '',
    ...nodes.map(({ nodeId, url: own }) => row(nodeId, own)),
    '',
    row('API key', id),
    row('API secret', secret),
    '',
    `  Who does what:    curl -u ${id}:${secret} ${url}/v1/nodes`,
    '  Kill any of them, and see what happens. All data is gone when it stops.',
    '  Ctrl-C stops it.',
    '',
    '',
  ].join('\n');
}
