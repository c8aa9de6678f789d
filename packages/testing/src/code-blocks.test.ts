import { expect, test } from 'vitest';
import { codeBlocks } from './code-blocks.ts';

const text = `
\`\`\`ts
// main.ts
const a = 1;
\`\`\`
\`\`\`sh
npm run dev # no file
\`\`\`
\`\`\`html
<!-- index.html -->
<p></p>
\`\`\`
`;

test('finds the files of a text', () => {
  expect(Object.fromEntries(codeBlocks(text))).toEqual({
    'main.ts': 'const a = 1;\n',
    'index.html': '<p></p>\n',
  });
});

test('a file that is there twice is an error', () => {
  expect(() => codeBlocks(text + text)).toThrow('main.ts is there twice');
});
