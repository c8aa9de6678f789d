import { expect, test } from 'vitest';
import { bench } from './audio.ts';

test('what an open microphone costs is told, heard through slots and sent to everybody', async () => {
  const said: string[] = [];
  const { details } = await bench.run({
    parameters: { microphones: 20, seconds: 1 },
    say: (line) => said.push(line),
    signal: new AbortController().signal,
  });
  expect(details).toMatchObject({ microphones: 20, slotStreams: 120, allStreams: 380 });
  expect(Number(details.forwardMicrosPerPacket)).toBeGreaterThan(0);
  expect(said.join('\n')).toContain('everybody to everybody');
}, 240_000);
