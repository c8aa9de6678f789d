const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford's base 32: no letter is mistaken for another.

/** `prefix_` and `bits` random bits (default 100) in base 32. */
export function newId(prefix: string, bits = 100): string {
  const bytes = crypto.getRandomValues(new Uint8Array(Math.ceil(bits / 5)));
  let id = `${prefix}_`;
  for (const byte of bytes) id += alphabet[byte & 31];
  return id;
}

/** A secret of 160 random bits for a bearer to hold. */
export function newSecret(): string {
  return newId('s', 160);
}
