import type { Living, RelayStatus } from './nodes.ts';

export type RelayChoice = {
  /** Those of this region come first; those of others only where it has none to offer. */
  region: string;
  /** Which of a relay's addresses will do. */
  suits: (url: string) => boolean;
  count: number;
  random?: () => number;
};

/** A relay that is fuller than this is taken only when all are. */
const fullAbove = 0.9;

/**
 * The relays for one client, the best first, each with the addresses that suit. Of two random ones the less loaded comes
 * first: many who choose by the same figures do not all choose the same.
 */
export function chooseRelays(
  alive: readonly Living<RelayStatus>[],
  { region, suits, count, random = Math.random }: RelayChoice,
): { nodeId: string; urls: string[] }[] {
  const left = alive
    .filter(({ status }) => status.working === true && !status.drain)
    .map(({ nodeId, status }) => ({ nodeId, status, urls: addresses(status).filter(suits) }))
    .filter(({ urls }) => urls.length > 0);
  const chosen: { nodeId: string; urls: string[] }[] = [];
  while (chosen.length < count && left.length > 0) {
    const { nodeId, urls } = takeOne(left, region, random);
    chosen.push({ nodeId, urls });
  }
  return chosen;
}

type Candidate = { nodeId: string; status: Partial<RelayStatus>; urls: string[] };

/** Takes one off the list: from the best group that has any, the less loaded of two. */
function takeOne(left: Candidate[], region: string, random: () => number): Candidate {
  const best = Math.min(...left.map((one) => rank(one, region)));
  const group = left.filter((one) => rank(one, region) === best);
  const first = Math.floor(random() * group.length);
  const second = (first + 1 + Math.floor(random() * (group.length - 1))) % group.length;
  const [one, two] = [group[first]!, group[second]!];
  const taken = load(one) <= load(two) ? one : two;
  left.splice(left.indexOf(taken), 1);
  return taken;
}

/** Room comes before nearness: a full relay refuses. */
function rank(relay: Candidate, region: string): number {
  return (load(relay) > fullAbove ? 2 : 0) + (relay.status.region === region ? 0 : 1);
}

function load({ status }: Candidate): number {
  return (Number(status.allocations) || 0) / (Number(status.allocationsAtMost) || 1);
}

/** Another version's relay may say what we cannot read. */
function addresses({ urls }: Partial<RelayStatus>): string[] {
  return Array.isArray(urls) ? urls.filter((url) => typeof url === 'string') : [];
}
