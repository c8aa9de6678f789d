import { expect, test } from 'vitest';
import { linkParts } from './link-parts.ts';

const marked = (text: string) =>
  linkParts(text)
    .map(({ text: part, href }) => (href ? `[${part}]` : part))
    .join('');

test.each([
  ['no address', 'no address'],
  ['see https://example.org/a?b=c#d now', 'see [https://example.org/a?b=c#d] now'],
  ['https://example.org.', '[https://example.org].'],
  ['(http://example.org/x), ok', '([http://example.org/x]), ok'],
  ['https://a.example https://b.example', '[https://a.example] [https://b.example]'],
  ['javascript:alert(1) data:text/html,x', 'javascript:alert(1) data:text/html,x'],
  ['https://', 'https://'],
  ['<a href="https://example.org">x</a>', '<a href="[https://example.org]">x</a>'],
  ['', ''],
])('%j', (text, expected) => {
  expect(marked(text)).toBe(expected);
});

test('nothing of the text is lost', () => {
  const text = 'a https://example.org/x, b http://y.example/(z) c';
  expect(
    linkParts(text)
      .map((part) => part.text)
      .join(''),
  ).toBe(text);
});
