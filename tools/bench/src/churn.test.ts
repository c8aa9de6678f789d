import { expect, test } from 'vitest';
import { bench } from './churn.ts';

test('people come and go, and what the server and the page hold is told', async () => {
  const said: string[] = [];
  const { details } = await bench.run({
    parameters: { cycles: 16, 'page-cycles': 2 },
    say: (line) => said.push(line),
    signal: new AbortController().signal,
  });
  expect(details).toMatchObject({ serverCycles: 16, pageCycles: 2 });
  const kibibytes = (name: string) => Number(details[`${name}.last`]) / 2 ** 10;
  for (const name of ['nodeRssBytes', 'nodeHeapBytes', 'workerRssBytes', 'pageRssBytes', 'pageHeapBytes'])
    expect(kibibytes(name), name).toBeGreaterThan(500);
  expect(said.join('\n')).toContain('second half');
}, 120_000);
