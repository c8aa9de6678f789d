import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError } from '@weir/core';
import { runCommand } from './command.ts';
import {
  claimNetwork,
  mainDevice,
  type NetworkClaim,
  namespaceName,
  removeNamespaces,
} from './network-claim.ts';
import { filterRuleset, type HostRules, natRuleset } from './network-rules.ts';
import { type TempDir, tempDir } from './temp-dir.ts';

/** One value for both directions, or one each; `up` is from the host. */
export type PerDirection = number | { up?: number; down?: number };

export type HostOptions = {
  rateBps?: PerDirection;
  lossRate?: PerDirection;
  /**
   * Puts the host behind address translation: it is seen under another address and reached by answers only.
   * `port-preserving` looks the same to every peer; `symmetric` takes another random port for each.
   */
  nat?: 'port-preserving' | 'symmetric';
  /** How many links it has, as Wi-Fi and cellular; all are plugged in at first, the first of them is preferred. Default 1. */
  links?: number;
  /** This host is the namespace that the test itself runs in; at most one, and it has one link. */
  main?: boolean;
};

/** Whether this process may make network namespaces (root, `ip`, `nft` and `tc` installed). */
export async function canMakeNamespaces(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const probe = `weir-probe-${process.pid}`;
  try {
    await runCommand('ip', ['netns', 'add', probe]);
    await runCommand('ip', ['netns', 'delete', probe]);
    await runCommand('nft', ['--version']);
    await runCommand('tc', ['-V']);
    return true;
  } catch {
    return false;
  }
}

/**
 * Hosts in network namespaces of their own, each on its own link to a router between them: `await using network = await
 * createNetwork({ hosts: { client: { rateBps: 2e6 }, server: {} } })`. Rates, loss, cuts, blocked UDP and address
 * translation are the kernel's. Delay, jitter and reordering are not offered here (they need netem, which not every
 * kernel has): put a `udpProxy` or `tcpProxy` in the way. IPv4 only.
 */
export async function createNetwork<Name extends string>(options: {
  hosts: Record<Name, HostOptions>;
}): Promise<Network<Name>> {
  const entries = Object.entries(options.hosts) as [Name, HostOptions][];
  for (const [name] of entries)
    if (!/^[a-z][a-z0-9-]{0,19}$/.test(name))
      throw new PlatformError('bad-request', `a host is named in up to 20 of a-z, 0-9 and -, not ${name}`);
  const links = entries.reduce((sum, [, { links = 1 }]) => sum + links, 0);
  const mains = entries.filter(([, { main }]) => main);
  if (links > 60 || mains.length > 1 || mains.some(([, { links = 1 }]) => links > 1))
    throw new PlatformError(
      'limit-reached',
      'a network has up to 60 links, and one main host with one of them',
    );
  const claim = await claimNetwork();
  const network = new Network(claim, entries);
  try {
    await network.build();
    return network;
  } catch (error) {
    await network.close();
    throw error;
  }
}

type Link = HostRules & { device: string; gateway: string };
type Host = { namespace: string | undefined; options: HostOptions; links: Link[] };

export class Network<Name extends string> implements AsyncDisposable {
  readonly #claim: NetworkClaim;
  readonly #router: string;
  readonly #hosts: Map<Name, Host>;
  readonly #children = new Set<ChildProcess>();
  #wrappers?: Promise<TempDir>;
  #closing?: Promise<void>;
  /** Rulesets are applied one after another. */
  #applying: Promise<unknown> = Promise.resolve();

  constructor(claim: NetworkClaim, entries: [Name, HostOptions][]) {
    this.#claim = claim;
    this.#router = namespaceName(claim.number, 'router');
    let index = 0;
    const link = (device: string, { lossRate, nat }: HostOptions): Link => ({
      device,
      link: `link${index}`,
      // A /30 each: the router has the first address, the host the second.
      gateway: `${subnet(claim.number)}.${4 * index + 1}`,
      address: `${subnet(claim.number)}.${4 * index++ + 2}`,
      lossRate: both(lossRate),
      cut: false,
      udpBlocked: false,
      nat,
    });
    this.#hosts = new Map(
      entries.map(([name, options]) => {
        const devices = options.main
          ? [mainDevice(claim.number)]
          : Array.from({ length: options.links ?? 1 }, (_, i) => `eth${i}`);
        return [
          name,
          {
            options,
            namespace: options.main ? undefined : namespaceName(claim.number, `host-${name}`),
            links: devices.map((device) => link(device, options)),
          },
        ];
      }),
    );
  }

  /** Called once, by `createNetwork`. */
  async build(): Promise<void> {
    await runCommand('ip', ['netns', 'add', this.#router]);
    await runCommand('ip', ['-n', this.#router, 'link', 'set', 'lo', 'up']);
    await this.#inRouter('sysctl', ['-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.disable_ipv6=1']);
    for (const host of this.#hosts.values()) await this.#build(host);
    await this.#applyFilter();
    await this.#inRouter('nft', ['-f', '-'], natRuleset(this.#links()));
    for (const [name, { options }] of this.#hosts)
      if (options.rateBps !== undefined) await this.setRate(name, options.rateBps);
  }

  /** The host's own address on a link; other hosts reach it there unless it is behind address translation. */
  address(name: Name, link = 0): string {
    return this.#link(name, link).address;
  }

  /** Starts a process on the host. It is killed when the network closes. */
  exec(name: Name, command: string, args: readonly string[] = [], options: SpawnOptions = {}): ChildProcess {
    if (this.#closing) throw new PlatformError('wrong-state', 'the network is closed');
    const { namespace } = this.#host(name);
    const child = spawn(...inside(namespace, command, args), options);
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    child.once('error', () => this.#children.delete(child));
    return child;
  }

  /** Runs a command on the host to its end: its standard output, or an error when it fails or takes too long. */
  async run(name: Name, command: string, args: readonly string[] = [], timeoutMs = 10_000): Promise<string> {
    const { namespace } = this.#host(name);
    return runCommand(...inside(namespace, command, args), { timeoutMs });
  }

  /** The path of an executable that runs `command` on the host: for what takes a path, as a browser's launcher. */
  async executable(name: Name, command: string): Promise<string> {
    const { namespace } = this.#host(name);
    if (!namespace) return command;
    this.#wrappers ??= tempDir();
    const path = join((await this.#wrappers).path, `${name}-${command.replaceAll('/', '_')}`);
    await writeFile(path, `#!/bin/sh\nexec ip netns exec ${namespace} '${command}' "$@"\n`, { mode: 0o755 });
    return path;
  }

  /** Limits what the host sends and receives; `undefined` takes the limit away. */
  async setRate(name: Name, rateBps: PerDirection | undefined): Promise<void> {
    const { namespace, links } = this.#host(name);
    const { up, down } = typeof rateBps === 'object' ? rateBps : { up: rateBps, down: rateBps };
    for (const { device, link } of links) {
      await shape(namespace, device, up);
      await shape(this.#router, link, down);
    }
  }

  /** Loses packets at random between the host and all others; 0 stops it. */
  setLoss(name: Name, lossRate: PerDirection): Promise<void> {
    return this.#change(name, { lossRate: both(lossRate) });
  }

  /** Loses everything from and to the host, as a cable cut beyond its modem: the host itself is not told. */
  cut(name: Name): Promise<void> {
    return this.#change(name, { cut: true });
  }

  mend(name: Name): Promise<void> {
    return this.#change(name, { cut: false });
  }

  /** Drops the host's UDP as strict firewalls do; TCP goes on. */
  blockUdp(name: Name, udpBlocked = true): Promise<void> {
    return this.#change(name, { udpBlocked });
  }

  /** Lets nothing through between the host and these ports of others, UDP and TCP; all else goes on. */
  closePorts(name: Name, closedPorts: readonly number[]): Promise<void> {
    return this.#change(name, { closedPorts });
  }

  /** Lets the host reach that one port and nothing else, as the strictest firewalls do; `undefined` lifts it. */
  allowOnlyTcp(name: Name, onlyTcpPort: number | undefined): Promise<void> {
    return this.#change(name, { onlyTcpPort });
  }

  /** Takes one of the host's links down, as when Wi-Fi is left: the host is told, and its address there is gone. */
  async unplug(name: Name, link = 0): Promise<void> {
    const { namespace } = this.#host(name);
    const { device } = this.#link(name, link);
    await runCommand('ip', [...within(namespace), 'link', 'set', device, 'down']);
    await runCommand('ip', [...within(namespace), 'address', 'flush', 'dev', device]);
  }

  /** Brings an unplugged link up again. */
  async plug(name: Name, link = 0): Promise<void> {
    await this.#connect(this.#host(name), this.#link(name, link));
  }

  /** The translators forget every mapping, as when they start anew: a `symmetric` one chooses other ports from now on. */
  async rebind(): Promise<void> {
    for (const { link, gateway } of this.#links()) {
      // The kernel drops the mappings to an address that an interface loses.
      const address = [`${gateway}/30`, 'dev', link];
      await runCommand('ip', ['-n', this.#router, 'address', 'delete', ...address]);
      await runCommand('ip', ['-n', this.#router, 'address', 'add', ...address]);
    }
  }

  /** Ends what runs on the hosts and removes every trace. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await this.#applying.catch(() => {});
    await removeNamespaces(this.#claim.number);
    await (await this.#wrappers)?.[Symbol.asyncDispose]();
    await this.#claim.release();
  }

  async #build(host: Host): Promise<void> {
    const { namespace, links } = host;
    if (namespace) {
      await runCommand('ip', ['netns', 'add', namespace]);
      await runCommand('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
      await runCommand(...inside(namespace, 'sysctl', ['-qw', 'net.ipv6.conf.all.disable_ipv6=1']));
    }
    for (const link of links) {
      const peer = ['peer', 'name', link.link, 'netns', this.#router];
      await runCommand('ip', [...within(namespace), 'link', 'add', link.device, 'type', 'veth', ...peer]);
      await runCommand('ip', ['-n', this.#router, 'address', 'add', `${link.gateway}/30`, 'dev', link.link]);
      await runCommand('ip', ['-n', this.#router, 'link', 'set', link.link, 'up']);
      if (links.length > 1)
        // What is sent from an address leaves by its link, whichever is preferred.
        await runCommand('ip', [
          ...within(namespace),
          'rule',
          'add',
          'from',
          link.address,
          'lookup',
          table(link),
        ]);
      await this.#connect(host, link);
    }
  }

  /** Brings a link up on the host's side, with its address and routes. */
  async #connect({ namespace, links }: Host, link: Link): Promise<void> {
    const { device, gateway, address } = link;
    const ip = (...args: string[]) => runCommand('ip', [...within(namespace), ...args]);
    await ip('address', 'replace', `${address}/30`, 'dev', device);
    await ip('link', 'set', device, 'up');
    const to = namespace ? 'default' : `${subnet(this.#claim.number)}.0/24`;
    const route = ['route', 'replace', to, 'via', gateway, 'dev', device];
    await ip(...route, 'metric', String(1 + links.indexOf(link)));
    if (links.length > 1) await ip(...route, 'table', table(link));
  }

  #host(name: Name): Host {
    const host = this.#hosts.get(name);
    if (!host) throw new PlatformError('not-found', `the network has no host ${name}`);
    return host;
  }

  #link(name: Name, index: number): Link {
    const link = this.#host(name).links[index];
    if (!link) throw new PlatformError('not-found', `the host ${name} has no link ${index}`);
    return link;
  }

  #links(): Link[] {
    return [...this.#hosts.values()].flatMap(({ links }) => links);
  }

  #change(name: Name, change: Partial<HostRules>): Promise<void> {
    for (const link of this.#host(name).links) Object.assign(link, change);
    return this.#applyFilter();
  }

  #applyFilter(): Promise<void> {
    const applied = this.#applying
      .catch(() => {}) // Its caller was told; the next ruleset is whole again.
      .then(async () => {
        await this.#inRouter('nft', ['-f', '-'], filterRuleset(this.#links()));
      });
    this.#applying = applied;
    return applied;
  }

  #inRouter(command: string, args: string[], input?: string): Promise<string> {
    return runCommand(...inside(this.#router, command, args), { input });
  }
}

const subnet = (number: number) => `10.213.${number}`;

/** The command line that runs a command in a namespace; in our own when there is none. */
function inside(
  namespace: string | undefined,
  command: string,
  args: readonly string[],
): [string, readonly string[]] {
  return namespace ? ['ip', ['netns', 'exec', namespace, command, ...args]] : [command, args];
}

/** For `ip`: in which namespace it works; our own when there is none. */
const within = (namespace: string | undefined) => (namespace ? ['-n', namespace] : []);

/** The routing table of what is sent from a link's address. */
const table = ({ address }: Link) => String(100 + Number(address.split('.')[3]));

const both = (value: PerDirection = 0) =>
  typeof value === 'number' ? { up: value, down: value } : { up: value.up ?? 0, down: value.down ?? 0 };

async function shape(namespace: string | undefined, device: string, rateBps?: number): Promise<void> {
  const replace = [...within(namespace), 'qdisc', 'replace', 'dev', device, 'root'];
  if (rateBps === undefined) {
    await runCommand('tc', [...replace, 'noqueue']);
    return;
  }
  const burstBytes = Math.max(3000, Math.ceil(rateBps / 800)); // 10 ms' worth, or two packets.
  const limit = ['rate', `${Math.round(rateBps)}bit`, 'burst', `${burstBytes}`, 'latency', '200ms'];
  await runCommand('tc', [...replace, 'tbf', ...limit]);
}
