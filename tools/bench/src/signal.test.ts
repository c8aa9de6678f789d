import { hasRedis } from '@weir/testing';
import { expect, test } from 'vitest';
import { bench } from './signal.ts';

test.skipIf(!hasRedis)(
  'sessions join, talk, and are all back on another node when theirs dies',
  async () => {
    const { details } = await bench.run({
      parameters: { sessions: 40, seconds: 1, processes: 1 },
      say: () => {},
      signal: new AbortController().signal,
    });
    expect(details).toMatchObject({ sessions: 40, back: 40, gaveUp: 0, seenLeaving: 0 });
    expect(details.rssKiBPerSession).toBeDefined();
  },
  120_000,
);
