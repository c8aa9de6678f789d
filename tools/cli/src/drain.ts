import { PlatformError, sleep } from '@weir/core';
import { DirectorClient, type FleetNode } from './director-client.ts';
import { dataDirectory } from './folders.ts';
import { duration, parseOptions } from './options.ts';
import { readApiKey } from './token.ts';

export const fleetOptions = {
  url: { type: 'string', multiple: true, default: ['http://localhost:7420'] as string[] },
  'data-dir': { type: 'string' },
} as const;

export const drainOptions = {
  ...fleetOptions,
  deadline: { type: 'string', default: '60s' },
  undo: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

const lookEveryMs = 1_000;
/** After the deadline whoever is left takes so long to be moved at once. */
const graceMs = 15_000;

/** Takes a node out of the fleet without dropping anybody, or puts it back; without a node it lists all. */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseOptions(args, drainOptions, true);
  const [nodeId, ...more] = positionals;
  if (more.length)
    throw new PlatformError('bad-request', 'one node at a time: ./weir roll takes all in turn');
  const director = await directorClient(values);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const print = (answer: object) => process.stdout.write(`${JSON.stringify(answer)}\n`);
  if (nodeId === undefined) {
    const nodes = await director.nodes();
    if (values.json) print({ nodes });
    else process.stdout.write(nodeTable(nodes));
    return 0;
  }
  if (values.undo) {
    const node = await director.undrain(nodeId);
    if (values.json) print(node);
    else say(`${nodeId} takes people again.`);
    return 0;
  }
  const node = await drainNode(director, nodeId, { seconds: duration('deadline', values.deadline), say });
  if (values.json) print(node);
  return node.state === 'drained' ? 0 : 1;
}

/** A director of the fleet, with the API key of the environment or of the data directory. */
export async function directorClient(values: {
  url: string[];
  'data-dir'?: string | undefined;
}): Promise<DirectorClient> {
  const wrong = values.url.find((url) => !URL.canParse(url));
  if (wrong !== undefined) throw new PlatformError('bad-request', `--url ${wrong}: not an address`);
  return new DirectorClient(values.url, await readApiKey(dataDirectory(values['data-dir']), process.env));
}

/** Drains a node and tells how it goes. Resolves when it is empty, or some seconds after the deadline. */
export async function drainNode(
  director: DirectorClient,
  nodeId: string,
  { seconds, say }: { seconds: number; say: (line: string) => void },
): Promise<FleetNode> {
  let node = await director.drain(nodeId, seconds);
  const total = left(node);
  say(
    `${nodeId} is drained: ${count(node)} to move within ${seconds} s. Undo: ./weir drain ${nodeId} --undo`,
  );
  let told = '';
  const giveUpAt = Date.now() + seconds * 1_000 + graceMs;
  while (node.state !== 'drained' && Date.now() < giveUpAt) {
    for (const note of node.notes) if (!told.includes(note)) say(`  ${note}`);
    told += node.notes.join();
    await sleep(lookEveryMs);
    // A director that is just being replaced is no reason to give up.
    node = await director.node(nodeId).catch((error: PlatformError) => {
      if (error.retryable) return node;
      throw error;
    });
    if (node.state === 'draining' && left(node) > 0) say(`  ${progress(node, total)}`);
  }
  if (node.state === 'drained') say(`${nodeId} is empty: it may be ended.`);
  else
    say(
      `${nodeId} is not empty: ${count(node)} are still there. It takes nobody new; end it all the same and they ` +
        `are moved with a short break, or undo: ./weir drain ${nodeId} --undo`,
    );
  return node;
}

function progress(node: FleetNode, total: number): string {
  const seconds = Math.round((node.drain!.deadlineAt - Date.now()) / 1_000);
  const time =
    seconds > 0 ? `${seconds} s to the deadline` : 'the deadline is over: the rest is moved at once';
  const most = Math.max(total, left(node));
  return `${node.nodeId}: ${most - left(node)} of ${most} moved, ${count(node)} left, ${time}`;
}

function left({ roles }: FleetNode): number {
  return roles.reduce((sum, role) => sum + role.left, 0);
}

const words = {
  media: 'media sessions',
  signaling: 'connections',
  relay: 'allocations',
  director: 'requests',
};

function count({ roles }: FleetNode): string {
  const some = roles.filter((role) => role.left > 0).map((role) => `${role.left} ${words[role.role]}`);
  return some.join(' and ') || 'nobody';
}

/** All nodes, for human eyes. */
export function nodeTable(nodes: FleetNode[]): string {
  if (!nodes.length) return 'No node is alive.\n';
  const rows = nodes.map((node) => [
    node.nodeId,
    node.region,
    node.roles.map(({ role }) => role).join(','),
    node.state,
    count(node),
  ]);
  const all = [['NODE', 'REGION', 'ROLES', 'STATE', 'HAS'], ...rows];
  const widths = all[0]!.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  const lines = all.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]! + 2))
      .join('')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
