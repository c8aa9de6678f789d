import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PlatformError, sleep } from '@weir/core';
import type { DirectorClient, FleetNode } from './director-client.ts';
import { directorClient, drainNode, fleetOptions } from './drain.ts';
import { duration, parseOptions } from './options.ts';

export const rollOptions = {
  ...fleetOptions,
  restart: { type: 'string' },
  end: { type: 'string' },
  deadline: { type: 'string', default: '60s' },
  alone: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** How a roll went for one node. */
export type Rolled = {
  nodeId: string;
  drainedInMs: number;
  backInMs: number | null;
};

export type RollOptions = {
  /** Ends the process of a node, and for a rolling replacement starts it anew. */
  driver: (nodeId: string) => Promise<void>;
  /** `each`: one after the other, and each comes back. `all`: others have taken their place already, and they end. */
  replace: 'each' | 'all';
  deadlineSeconds: number;
  /** Also nodes that have no other of their kind to go to. */
  alone?: boolean;
  say: (line: string) => void;
};

const lookEveryMs = 500;
/** A new process is there by then, or something is wrong with it. */
const backWithinMs = 120_000;

/** Replaces all nodes of a fleet, or those that are named, one after the other, without anybody noticing. */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseOptions(args, rollOptions, true);
  const { restart, end } = values;
  const command = restart ?? end;
  if (command === undefined || (restart && end))
    throw new PlatformError(
      'bad-request',
      "--restart 'COMMAND' (rolling) or --end 'COMMAND' (blue-green) is needed, one of the two; {node} in it is the node's name",
    );
  if (end && positionals.length === 0)
    throw new PlatformError('bad-request', '--end: name the nodes that others have taken the place of');
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const rolled = await rollNodes(await directorClient(values), positionals, {
    driver: (nodeId) => runCommand(command, nodeId),
    replace: restart ? 'each' : 'all',
    deadlineSeconds: duration('deadline', values.deadline),
    alone: values.alone,
    say,
  });
  if (values.json) process.stdout.write(`${JSON.stringify({ nodes: rolled })}\n`);
  return 0;
}

/** `names`: none for all. Throws at the first node that cannot be replaced, which stays drained; the rest is as before. */
export async function rollNodes(
  director: DirectorClient,
  names: string[],
  options: RollOptions,
): Promise<Rolled[]> {
  const all = await director.nodes();
  const chosen = names.length ? names.map((name) => named(all, name)) : inOrder(all);
  if (!options.alone)
    for (const node of chosen) assertNotAlone(node, all, options.replace === 'all' ? chosen : [node]);
  options.say(`${chosen.length} nodes: ${chosen.map(({ nodeId }) => nodeId).join(', ')}`);
  if (options.replace === 'all') return endAll(director, chosen, options);
  const rolled: Rolled[] = [];
  for (const node of chosen) rolled.push(await rollOne(director, node, options));
  options.say(`All ${rolled.length} nodes have been replaced.`);
  return rolled;
}

async function rollOne(director: DirectorClient, before: FleetNode, options: RollOptions): Promise<Rolled> {
  const { nodeId } = before;
  const { driver, say } = options;
  const drainedInMs = await emptied(director, nodeId, options);
  const endedAt = Date.now();
  say(`${nodeId}: restarting …`);
  await driver(nodeId);
  await untilNew(director, before);
  const backInMs = Date.now() - endedAt;
  await director.undrain(nodeId);
  say(`${nodeId} is back after ${(backInMs / 1_000).toFixed(1)} s, and takes people again.`);
  return { nodeId, drainedInMs, backInMs };
}

/** Drained together, so that nobody is moved from one that goes to another that goes. */
async function endAll(director: DirectorClient, nodes: FleetNode[], options: RollOptions): Promise<Rolled[]> {
  const { deadlineSeconds, driver, say } = options;
  await Promise.all(nodes.map(({ nodeId }) => director.drain(nodeId, deadlineSeconds)));
  const rolled: Rolled[] = [];
  for (const { nodeId } of nodes) {
    const drainedInMs = await emptied(director, nodeId, options);
    say(`${nodeId}: ending …`);
    await driver(nodeId);
    rolled.push({ nodeId, drainedInMs, backInMs: null });
  }
  // Should one of that name come again, it is to take people.
  for (const { nodeId } of nodes) await director.undrain(nodeId).catch(() => {}); // It is gone: as it should.
  say(`All ${rolled.length} nodes have been ended.`);
  return rolled;
}

async function emptied(
  director: DirectorClient,
  nodeId: string,
  { deadlineSeconds: seconds, alone, say }: RollOptions,
): Promise<number> {
  const since = Date.now();
  const { state } = await drainNode(director, nodeId, { seconds, say });
  if (state !== 'drained' && !alone)
    throw new PlatformError(
      'timeout',
      `${nodeId} did not become empty: the roll stops here, nothing was ended. Look why, then call it again for the rest, ` +
        `or undo: ./weir drain ${nodeId} --undo`,
    );
  return Date.now() - since;
}

/** Until another process has this name; then it may take people. */
async function untilNew(director: DirectorClient, { nodeId, startedAt }: FleetNode): Promise<void> {
  const giveUpAt = Date.now() + backWithinMs;
  while (Date.now() < giveUpAt) {
    const now = await director.node(nodeId).catch((error: PlatformError) => {
      if (error.retryable || error.code === 'not-found') return undefined; // It is not back, or it was the one that was asked.
      throw error;
    });
    if (now && now.startedAt !== startedAt) return;
    await sleep(lookEveryMs);
  }
  throw new PlatformError(
    'timeout',
    `${nodeId} is not back ${backWithinMs / 1_000} s after its restart: the roll stops here. See its log; when it is back: ` +
      `./weir drain ${nodeId} --undo`,
  );
}

const order = ['media', 'relay', 'signaling', 'director'] as const;

/** What carries calls first, what is asked for them last: by the newest directors of all. */
function inOrder(nodes: FleetNode[]): FleetNode[] {
  const rank = ({ roles }: FleetNode) => Math.max(...roles.map(({ role }) => order.indexOf(role)));
  return [...nodes].sort((a, b) => rank(a) - rank(b) || a.nodeId.localeCompare(b.nodeId));
}

function named(nodes: FleetNode[], name: string): FleetNode {
  const found = nodes.find(({ nodeId }) => nodeId === name);
  if (found) return found;
  const known = nodes.map(({ nodeId }) => nodeId).join(', ') || 'none';
  throw new PlatformError('not-found', `no node ${name} is alive; there are: ${known}`);
}

function assertNotAlone(node: FleetNode, all: FleetNode[], going: FleetNode[]): void {
  for (const { role } of node.roles) {
    const others = all.filter(
      (other) =>
        !going.includes(other) && other.state === 'working' && other.roles.some((its) => its.role === role),
    );
    if (others.length === 0)
      throw new PlatformError(
        'wrong-state',
        `${node.nodeId} is the only ${role} node that would be left working: start another one first, or accept a break with --alone`,
      );
  }
}

async function runCommand(command: string, nodeId: string): Promise<void> {
  const child = spawn('/bin/sh', ['-c', command.replaceAll('{node}', nodeId)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, WEIR_NODE: nodeId },
  });
  const [status] = await once(child, 'exit');
  if (status !== 0)
    throw new PlatformError(
      'internal',
      `${nodeId}: the command ended with ${status}: the roll stops here, and the node stays drained. When it is mended: ` +
        `./weir drain ${nodeId} --undo`,
    );
}
