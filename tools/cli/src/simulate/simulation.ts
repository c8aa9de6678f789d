import {
  defaultScalePolicy,
  desiredNodes,
  freshScale,
  mediaScaled,
  memoryStore,
  Placement,
  type ScalePolicy,
  type ScaleState,
} from '@weir/cluster';
import { ModelNode } from './fleet-model.ts';
import { ModelRoom } from './room-model.ts';

export type SimulationOptions = {
  participants: number;
  /** The biggest room; others get ever smaller. */
  biggestRoom: number;
  /** Everybody comes within so many seconds, and stays for so many more. */
  rampSeconds: number;
  staySeconds: number;
  /** So many nodes die one by one, and then at once a share of a region's. */
  failures: number;
  catastropheShare: number;
  /** A node that is started takes people after so long. */
  bootSeconds: number;
  nodesAtFirst: number;
  random: () => number;
  /** Called each virtual minute. */
  progress?: (text: string) => void;
};

export type SimulationReport = {
  participants: number;
  rooms: number;
  biggestRoom: number;
  seconds: number;
  nodes: { most: number; died: number; hours: number };
  /** Seconds of nodes above these shares of their scarcest resource, of all that were lived. */
  load: {
    mean: number;
    highest: number;
    above70: number;
    above85: number;
    above100: number;
    nodeSeconds: number;
  };
  placements: { count: number; leastBad: number };
  moves: { byDeath: number; byDrain: number; refused: number };
  trees: { deepest: number; unserved: number; nodesOfBiggest: number };
  /** What a participant costs: node-hours for a thousand of their hours. */
  nodeHoursPer1000: number;
};

const regions = ['eu', 'us'] as const;
/** Most of a room are in one region. */
const homeShare = 0.8;
const leaseMs = 3_000;
const drainSeconds = 120;

type Person = { room: ModelRoom; region: string; nodeId: string; publishes: boolean };

/** A fleet on a virtual clock, with the real placement, autoscale and pipe trees. */
export class Simulation {
  readonly #options: SimulationOptions;
  readonly #placement: Placement;
  readonly #nodes = new Map<string, ModelNode>();
  readonly #starting: { region: string; readyAt: number }[] = [];
  readonly #people = new Map<string, Set<Person>>();
  readonly #scale = new Map<string, ScaleState>();
  readonly #policy: ScalePolicy;
  readonly #rooms: ModelRoom[] = [];
  #nextNode = 1;
  #now = 0;
  #in = 0;
  /** Seconds that people were in. */
  #attended = 0;
  #report: SimulationReport;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#placement = new Placement(memoryStore(), { random: options.random });
    this.#policy = { ...defaultScalePolicy, atLeast: 2, atMost: 100_000, upEveryMs: 5_000 };
    this.#report = emptyReport();
  }

  run(): SimulationReport {
    const { rampSeconds, staySeconds, progress, nodesAtFirst } = this.#options;
    for (let i = 0; i < nodesAtFirst; i++) this.#start(regions[i % regions.length]!);
    const arrivals = this.#arrivals();
    const seconds = rampSeconds + staySeconds;
    let next = 0;
    for (let second = 0; second < seconds; second++) {
      this.#now = second * 1_000;
      this.#boot();
      this.#fail(second);
      this.#drainSome();
      this.#autoscale();
      const alive = this.#tell();
      for (; next < arrivals.length && arrivals[next]!.at <= second; next++)
        this.#join(arrivals[next]!, alive);
      this.#measure();
      if (second % 60 === 0)
        progress?.(
          `${second} s: ${this.#in} people in ${this.#rooms.length} rooms on ${this.#nodes.size} nodes`,
        );
    }
    return this.#finish(seconds);
  }

  /** Each with when they come: rooms open over the whole ramp, and each fills within two minutes. */
  #arrivals(): { at: number; room: ModelRoom; region: string; publishes: boolean }[] {
    const { participants, biggestRoom, rampSeconds, random } = this.#options;
    const arrivals: { at: number; room: ModelRoom; region: string; publishes: boolean }[] = [];
    let left = participants;
    const sizes = roomSizes(participants, biggestRoom, random);
    for (const size of sizes) {
      const region = regions[Math.floor(random() * regions.length)]!;
      const room = new ModelRoom(`room-${this.#rooms.length}`, size, region);
      this.#rooms.push(room);
      const opensAt = random() * rampSeconds * 0.8;
      for (let i = 0; i < size; i++) {
        const far = regions[1 - regions.indexOf(region)]!;
        arrivals.push({
          at: opensAt + random() * Math.min(120, rampSeconds * 0.2),
          room,
          region: random() < homeShare ? region : far,
          publishes: i < room.publishers,
        });
      }
      left -= size;
      if (left <= 0) break;
    }
    return arrivals.sort((a, b) => a.at - b.at);
  }

  #start(region: string): void {
    const node = new ModelNode(`${region}-${this.#nextNode++}`, region, this.#now);
    this.#nodes.set(node.nodeId, node);
    this.#people.set(node.nodeId, new Set());
  }

  #boot(): void {
    for (const [i, { region, readyAt }] of [...this.#starting.entries()].reverse())
      if (readyAt <= this.#now) {
        this.#starting.splice(i, 1);
        this.#start(region);
      }
    for (const node of [...this.#nodes.values()])
      if (node.leaseEndsAt !== undefined && node.leaseEndsAt <= this.#now) this.#nodes.delete(node.nodeId);
  }

  #tell() {
    return [...this.#nodes.values()].map((node) => node.tell());
  }

  #join(
    { room, region, publishes }: { room: ModelRoom; region: string; publishes: boolean },
    alive: ReturnType<ModelNode['tell']>[],
  ): void {
    this.#in++;
    this.#place({ room, region, nodeId: '', publishes }, alive, undefined);
  }

  /** Where the real placement says; a node that turns out to be dead is left for another at once. */
  #place(person: Person, alive: ReturnType<ModelNode['tell']>[], avoid: string | undefined): void {
    const { room, region } = person;
    const { home, hosts } = room;
    const wish = { home, hosts, region, avoid };
    let placed: { nodeId: string; home: string };
    try {
      placed = this.#placement.chooseFrom(alive, room.roomId, wish, this.#now);
    } catch {
      this.#report.moves.refused++;
      return;
    }
    const decision = this.#placement.decisions.at(-1)!;
    this.#report.placements.count++;
    if (/^(all|none)/.test(decision.reason)) this.#report.placements.leastBad++;
    const node = this.#nodes.get(placed.nodeId)!;
    if (node.isDead) return this.#place(person, alive, placed.nodeId);
    room.home = placed.home;
    person.nodeId = placed.nodeId;
    this.#people.get(placed.nodeId)!.add(person);
    room.enter(node, person.publishes, this.#find);
  }

  readonly #find = (nodeId: string) => this.#nodes.get(nodeId);

  #fail(second: number): void {
    const { rampSeconds, staySeconds, failures, catastropheShare, random } = this.#options;
    const seconds = rampSeconds + staySeconds;
    const every = Math.max(1, Math.floor((seconds * 0.8) / Math.max(1, failures)));
    const doomed: ModelNode[] = [];
    const living = [...this.#nodes.values()].filter(({ isDead }) => !isDead);
    const isTime = second > 60 && second % every === 0 && this.#report.nodes.died < failures;
    if (isTime && living.length > 2) doomed.push(living[Math.floor(random() * living.length)]!);
    if (catastropheShare > 0 && second === Math.floor(rampSeconds + staySeconds / 2)) {
      const there = living.filter(({ region }) => region === regions[0]);
      doomed.push(...there.slice(0, Math.floor(there.length * catastropheShare)));
    }
    if (!doomed.length) return;
    for (const node of doomed) node.leaseEndsAt = this.#now + leaseMs;
    this.#report.nodes.died += doomed.length;
    const alive = this.#tell();
    const rooms = doomed.flatMap(({ nodeId }) => [...this.#people.get(nodeId)!].map(({ room }) => room));
    for (const node of doomed) this.#leaveDead(node, alive);
    for (const room of new Set(rooms)) room.askAgain(this.#find);
  }

  /** Everybody there is placed anew, at once. */
  #leaveDead(node: ModelNode, alive: ReturnType<ModelNode['tell']>[]): void {
    const people = this.#people.get(node.nodeId)!;
    this.#people.delete(node.nodeId);
    for (const room of new Set([...people].map((person) => person.room))) room.lose(node.nodeId, this.#find);
    for (const person of people) {
      this.#report.moves.byDeath++;
      this.#place(person, alive, node.nodeId);
    }
  }

  /** Of each drained node some people a second, until it is empty and goes. */
  #drainSome(): void {
    const drained = [...this.#nodes.values()].filter(({ drain, isDead }) => drain && !isDead);
    if (!drained.length) return;
    const alive = this.#tell();
    for (const node of drained) {
      const people = [...this.#people.get(node.nodeId)!];
      const leftSeconds = Math.max(1, (node.drain!.deadlineAt - this.#now) / 1_000);
      for (const person of people.slice(0, Math.ceil(people.length / leftSeconds))) {
        this.#people.get(node.nodeId)!.delete(person);
        person.room.leave(node, this.#find);
        this.#report.moves.byDrain++;
        this.#place(person, alive, node.nodeId);
      }
      if (this.#people.get(node.nodeId)!.size) continue;
      this.#report.nodes.hours += (this.#now - node.startedAt) / 3_600_000;
      this.#nodes.delete(node.nodeId);
    }
  }

  #autoscale(): void {
    for (const region of regions) {
      const nodes = [...this.#nodes.values()].filter((n) => n.region === region && !n.isDead && !n.drain);
      const coming = this.#starting.filter((one) => one.region === region).length;
      const load = nodes.reduce((sum, node) => sum + mediaScaled(node.tell()).load, 0);
      const signals = { working: nodes.length, coming, load };
      const before = this.#scale.get(region) ?? freshScale;
      const { desired, state } = desiredNodes(signals, before, this.#policy, this.#now);
      this.#scale.set(region, state);
      const more = desired - nodes.length - coming;
      const readyAt = this.#now + this.#options.bootSeconds * 1_000;
      for (let i = 0; i < more; i++) this.#starting.push({ region, readyAt });
      if (more >= 0) continue;
      const emptiest = nodes.sort((a, b) => a.share - b.share).slice(0, -more);
      for (const node of emptiest)
        node.drain = { since: this.#now, deadlineAt: this.#now + drainSeconds * 1_000 };
    }
  }

  #measure(): void {
    const { load, nodes } = this.#report;
    let living = 0;
    for (const node of this.#nodes.values()) {
      if (node.isDead) continue;
      living++;
      const { share } = node;
      load.nodeSeconds++;
      load.mean += share;
      load.highest = Math.max(load.highest, share);
      if (share >= 0.7) load.above70++;
      if (share >= 0.85) load.above85++;
      if (share >= 1) load.above100++;
    }
    nodes.most = Math.max(nodes.most, living);
    this.#attended += this.#in;
  }

  #finish(seconds: number): SimulationReport {
    const report = this.#report;
    for (const { startedAt } of this.#nodes.values())
      report.nodes.hours += (seconds * 1_000 - startedAt) / 3_600_000;
    const spread = this.#rooms.filter(({ hosts }) => hosts.size > 1);
    const biggest = this.#rooms.reduce((most, room) => (room.size > most.size ? room : most));
    report.participants = this.#in;
    report.rooms = this.#rooms.length;
    report.biggestRoom = biggest.size;
    report.seconds = seconds;
    report.load.mean /= Math.max(1, report.load.nodeSeconds);
    report.trees = {
      deepest: Math.max(0, ...spread.map(({ depth }) => depth)),
      unserved: spread.reduce((sum, { unserved }) => sum + unserved, 0),
      nodesOfBiggest: biggest.hosts.size,
    };
    report.nodeHoursPer1000 = (report.nodes.hours * 1_000 * 3_600) / Math.max(1, this.#attended);
    return report;
  }
}

/** From two to the biggest: most rooms are small, and a tenth of the people are in the biggest. */
function roomSizes(participants: number, biggest: number, random: () => number): number[] {
  const sizes: number[] = [biggest];
  let left = participants - biggest;
  while (left > 0) {
    const dice = random();
    const [least, most] =
      dice < 0.55
        ? [2, 4]
        : dice < 0.9
          ? [4, 12]
          : dice < 0.99
            ? [12, 60]
            : dice < 0.9995
              ? [60, 500]
              : [500, biggest / 4];
    const size = Math.min(left, Math.floor(least * (Math.max(least, most) / least) ** random()));
    sizes.push(Math.max(Math.min(2, left), size));
    left -= sizes.at(-1)!;
  }
  return sizes;
}

function emptyReport(): SimulationReport {
  return {
    participants: 0,
    rooms: 0,
    biggestRoom: 0,
    seconds: 0,
    nodes: { most: 0, died: 0, hours: 0 },
    load: { mean: 0, highest: 0, above70: 0, above85: 0, above100: 0, nodeSeconds: 0 },
    placements: { count: 0, leastBad: 0 },
    moves: { byDeath: 0, byDrain: 0, refused: 0 },
    trees: { deepest: 0, unserved: 0, nodesOfBiggest: 0 },
    nodeHoursPer1000: 0,
  };
}
