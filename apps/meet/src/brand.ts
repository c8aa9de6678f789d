/** What a house puts its name on: its own name, words, colour and sign. Served at `/brand/brand.json`. */
export type Brand = { name?: string; tagline?: string; accent?: string; logo?: string; language?: string };

const patienceMs = 800;
/** Text of the accent's colour stands on these. */
const darkest = '#0d0f12';
const lightestSurface = '#2a2f37';
/** AA for text. */
const enough = 4.5;

/** The brand of this server; empty when it has none, or does not say so in time. */
export async function readBrand(): Promise<Brand> {
  try {
    const response = await fetch('/brand/brand.json', { signal: AbortSignal.timeout(patienceMs) });
    return response.ok ? ((await response.json()) as Brand) : {};
  } catch {
    return {};
  }
}

/** Puts the brand's colour in place of ours, made light enough to be read on our dark surfaces. */
export function wearAccent(accent: string, { style }: HTMLElement = document.documentElement): void {
  const readable = readableAccent(accent);
  style.setProperty('--weir-accent', readable);
  style.setProperty('--weir-accent-strong', mix(readable, 0.25));
  style.setProperty('--weir-accent-ink', contrast(readable, darkest) >= enough ? darkest : '#ffffff');
}

/** `accent` (`#rrggbb`) mixed with as little white as makes it readable. */
export function readableAccent(accent: string): string {
  for (let white = 0; white < 1; white += 0.05) {
    const mixed = mix(accent, white);
    if (contrast(mixed, lightestSurface) >= enough) return mixed;
  }
  return '#ffffff';
}

/** As WCAG 2 defines it, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [r, g, b] = channels(color).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function mix(color: string, white: number): string {
  const mixed = channels(color).map((value) => Math.round(value + (255 - value) * white));
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

function channels(color: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
}
