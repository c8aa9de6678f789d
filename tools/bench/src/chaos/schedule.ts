import { seededRandom } from '@weir/testing';

/** What is done to a fleet, and for how long where it has a length. */
export type Blow =
  /** SIGKILL; started again soon after. */
  | { kind: 'kill'; node: string }
  /** SIGSTOP with its engine workers, then SIGCONT. */
  | { kind: 'pause'; node: string; ms: number }
  /** One of its engine workers is killed. */
  | { kind: 'kill-worker'; node: string }
  /** Its control port cannot be reached: from signaling nodes, and from other media nodes. */
  | { kind: 'cut-control'; node: string; ms: number }
  /** All that goes to its control port takes so long. */
  | { kind: 'slow-control'; node: string; ms: number; delayMs: number }
  /** Its people are moved away, then it takes people again. */
  | { kind: 'drain'; node: string; ms: number }
  /** The peers lose this share of their packets, both ways. */
  | { kind: 'loss'; percent: number; ms: number }
  /** Redis does not answer. */
  | { kind: 'store-pause'; ms: number }
  /** Postgres is down. */
  | { kind: 'database-down'; ms: number };

export type Planned = { atMs: number; blow: Blow };

/** Long enough for what a blow does to be over before the next one. */
const everyMs = { least: 9_000, most: 15_000 };
/** At first everybody has to be in a call; at the end it must be seen that all is well. */
export const calm = { firstMs: 3_000, lastMs: 12_000 };

const kinds = [
  'kill-media',
  'kill-front',
  'pause-media',
  'pause-front',
  'kill-worker',
  'cut-control',
  'slow-control',
  'drain-media',
  'drain-front',
  'loss',
  'store-pause',
  'database-down',
] as const;

/** What is done when, by the seed alone. Every kind comes before any comes again. */
export function schedule(
  seed: number,
  lengthMs: number,
  nodes: { media: string[]; fronts: string[] },
): Planned[] {
  const random = seededRandom(seed);
  const between = (least: number, most: number) => Math.round(least + random() * (most - least));
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const planned: Planned[] = [];
  let left: (typeof kinds)[number][] = [];
  for (let atMs = calm.firstMs; atMs < lengthMs - calm.lastMs; atMs += between(everyMs.least, everyMs.most)) {
    if (left.length === 0) left = [...kinds];
    const [kind] = left.splice(Math.floor(random() * left.length), 1);
    planned.push({ atMs, blow: blowOf(kind!) });
  }
  return planned;

  function blowOf(kind: (typeof kinds)[number]): Blow {
    const media = one(nodes.media);
    const front = one(nodes.fronts);
    switch (kind) {
      case 'kill-media':
        return { kind: 'kill', node: media };
      case 'kill-front':
        return { kind: 'kill', node: front };
      case 'pause-media':
        return { kind: 'pause', node: media, ms: between(300, 5_000) };
      case 'pause-front':
        return { kind: 'pause', node: front, ms: between(300, 5_000) };
      case 'kill-worker':
        return { kind: 'kill-worker', node: media };
      case 'cut-control':
        return { kind: 'cut-control', node: media, ms: between(300, 4_000) };
      case 'slow-control':
        return { kind: 'slow-control', node: media, ms: between(2_000, 5_000), delayMs: between(50, 250) };
      case 'drain-media':
        return { kind: 'drain', node: media, ms: 6_000 };
      case 'drain-front':
        return { kind: 'drain', node: front, ms: 5_000 };
      case 'loss':
        return { kind: 'loss', percent: between(2, 10), ms: between(2_000, 6_000) };
      case 'store-pause':
        return { kind: 'store-pause', ms: between(500, 6_000) };
      case 'database-down':
        return { kind: 'database-down', ms: between(1_000, 6_000) };
    }
  }
}

/** A blow in words. */
export function describeBlow(blow: Blow): string {
  const seconds = 'ms' in blow ? `, ${(blow.ms / 1_000).toFixed(1)} s` : '';
  switch (blow.kind) {
    case 'loss':
      return `${blow.percent} % loss${seconds}`;
    case 'store-pause':
      return `Redis silent${seconds}`;
    case 'database-down':
      return `Postgres down${seconds}`;
    case 'slow-control':
      return `control of ${blow.node} ${blow.delayMs} ms late${seconds}`;
    case 'cut-control':
      return `control of ${blow.node} cut${seconds}`;
    case 'kill-worker':
      return `worker of ${blow.node} killed`;
    case 'kill':
      return `${blow.node} killed`;
    case 'pause':
      return `${blow.node} stopped${seconds}`;
    case 'drain':
      return `${blow.node} drained${seconds}`;
  }
}
