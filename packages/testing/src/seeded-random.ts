export type Seed = number | string;

/** A function like `Math.random` whose results depend on `seed` alone. Not for secrets. */
export function seededRandom(seed: Seed): () => number {
  let state = hash(String(seed));
  return () => {
    state = (state + 0x9e3779b9) | 0;
    return mix(state) / 2 ** 32;
  };
}

/** 32-bit FNV-1a, mixed so that seeds 1 and 2 do not begin alike. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return mix(value);
}

/** A bijection on 32 bits in which each input bit flips about half of the output. */
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * A test body that is given a fresh seed, or the one in `WEIR_SEED`. A failure names the seed:
 * `test('…', withSeed(async (seed) => { … }))`.
 */
export function withSeed(body: (seed: number) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const fixed = process.env.WEIR_SEED;
    const seed = fixed ? Number(fixed) : crypto.getRandomValues(new Uint32Array(1))[0]!;
    if (!Number.isSafeInteger(seed)) throw new Error(`WEIR_SEED must be an integer, not ${fixed}`);
    try {
      await body(seed);
    } catch (error) {
      console.error(`failed with seed ${seed}; run it again with WEIR_SEED=${seed}`);
      if (error instanceof Error) error.message += `\n(WEIR_SEED=${seed})`;
      throw error;
    }
  };
}
