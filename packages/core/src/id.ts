const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford's base 32: no letter is mistaken for another.

/** Drawn ahead: each call to the system's generator costs more than what it gives. */
const drawn = new Uint8Array(2_048);
let used = drawn.length;

/** Random bytes, at most 2,048; good until the next call. */
function randomBytes(count: number): Uint8Array {
  if (used + count > drawn.length) {
    crypto.getRandomValues(drawn);
    used = 0;
  }
  used += count;
  return drawn.subarray(used - count, used);
}

/** `prefix_` and `bits` random bits (default 100) in base 32. */
export function newId(prefix: string, bits = 100): string {
  let id = `${prefix}_`;
  for (const byte of randomBytes(Math.ceil(bits / 5))) id += alphabet[byte & 31];
  return id;
}

/** A secret of 160 random bits for a bearer to hold. */
export function newSecret(): string {
  return newId('s', 160);
}
