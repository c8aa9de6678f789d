import { BlockList, isIP } from 'node:net';
import type { MeasuredRegion } from '@weir/protocol';

/** How somebody's region was found. */
export type RegionChoice = { region: string; by: 'pin' | 'measured' | 'header' | 'address' | 'director' };

export type RegionQuestion = {
  /** Where the room, or whoever signed the token, must stay: always wins. */
  pin?: string | undefined;
  measured?: readonly MeasuredRegion[] | undefined;
  /** What the configured header says, and the client's address. */
  header?: string | undefined;
  address?: string | undefined;
};

/** What is known of clients without asking them: networks, and words of a header that a proxy sets. */
export class RegionHints {
  readonly #networks: { region: string; addresses: BlockList }[] = [];
  readonly #words = new Map<string, string>();

  /** Each like `10.1.0.0/16=eu` or `DE=eu`; the first that fits counts. Throws on what is neither. */
  constructor(hints: readonly string[] = []) {
    for (const hint of hints) this.#add(hint);
  }

  get isEmpty(): boolean {
    return this.#networks.length === 0 && this.#words.size === 0;
  }

  byAddress(address: string): string | undefined {
    const plain = address.replace(/^::ffff:(?=\d+\.)/, '');
    const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4';
    return this.#networks.find(({ addresses }) => isIP(plain) && addresses.check(plain, family))?.region;
  }

  /** The region of that word; a word without a hint may be a region itself. */
  byWord(word: string): string {
    return this.#words.get(word.toLowerCase()) ?? word;
  }

  #add(hint: string): void {
    const [, what = '', region = ''] = /^([^=]+)=([\w.-]{1,32})$/.exec(hint) ?? [];
    const [address = '', bits = ''] = what.split('/');
    const most = isIP(address) === 6 ? 128 : 32;
    if (!what || (isIP(address) && !(Number(bits || most) <= most)))
      throw new TypeError(`${hint}: a network or a word and its region are wanted, like 10.1.0.0/16=eu`);
    if (!isIP(address)) return void this.#words.set(what.toLowerCase(), region);
    const addresses = new BlockList();
    addresses.addSubnet(address, Number(bits || most), isIP(address) === 6 ? 'ipv6' : 'ipv4');
    this.#networks.push({ region, addresses });
  }
}

/** Which region is somebody's, of those where media nodes are; the director's own where nothing better is known. */
export function chooseRegion(
  { pin, measured = [], header, address }: RegionQuestion,
  alive: ReadonlySet<string>,
  hints: RegionHints,
  own: string,
): RegionChoice {
  if (pin) return { region: pin, by: 'pin' };
  let nearest: MeasuredRegion | undefined;
  for (const one of measured)
    if (alive.has(one.region) && one.rttMs < (nearest?.rttMs ?? Number.POSITIVE_INFINITY)) nearest = one;
  if (nearest) return { region: nearest.region, by: 'measured' };
  const byWord = header === undefined ? undefined : hints.byWord(header);
  if (byWord !== undefined && alive.has(byWord)) return { region: byWord, by: 'header' };
  const byAddress = address === undefined ? undefined : hints.byAddress(address);
  if (byAddress !== undefined && alive.has(byAddress)) return { region: byAddress, by: 'address' };
  return { region: own, by: 'director' };
}
