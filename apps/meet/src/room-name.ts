/** `text` as the name of a room: blanks become dashes, the rest that no name may hold goes. Empty: nothing is left. */
export function roomNameFrom(text: string): string {
  return text
    .normalize('NFC')
    .trim()
    .replace(/\s+/g, '-')
    .replace(/[^\p{L}\p{N}._~-]/gu, '')
    .slice(0, 64);
}

const first = [
  'amber',
  'brisk',
  'calm',
  'clear',
  'early',
  'gentle',
  'green',
  'quiet',
  'silver',
  'still',
  'warm',
  'wide',
];
const second = [
  'bay',
  'bridge',
  'brook',
  'delta',
  'ford',
  'lake',
  'meadow',
  'mill',
  'reed',
  'river',
  'spring',
  'tide',
];

/** A name that is easy to say and, with 40 random bits, not to be guessed. */
export function randomRoomName(): string {
  const random = crypto.getRandomValues(new Uint8Array(10));
  const code = [...random.slice(2)].map((byte) => alphabet[byte & 31]).join('');
  return `${first[random[0]! % first.length]}-${second[random[1]! % second.length]}-${code}`;
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'; // No letter is mistaken for another.
