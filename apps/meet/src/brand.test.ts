import { expect, test } from 'vitest';
import { contrast, readableAccent, wearAccent } from './brand.ts';

test('contrast as WCAG counts it', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 1);
});

test.each(['#003366', '#000000', '#c8102e', '#5ec4e4', '#ffffff', '#00843d'])('%s is readable', (accent) => {
  const properties = new Map<string, string>();
  wearAccent(accent, {
    style: { setProperty: (name: string, value: string) => properties.set(name, value) },
  } as never);
  const shown = properties.get('--weir-accent')!;
  expect(contrast(shown, '#2a2f37')).toBeGreaterThanOrEqual(4.5);
  expect(contrast(properties.get('--weir-accent-ink')!, shown)).toBeGreaterThanOrEqual(4.5);
});

test('a colour that is light enough stays as it is', () => {
  expect(readableAccent('#5ec4e4')).toBe('#5ec4e4');
});
