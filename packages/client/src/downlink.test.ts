import { expect, test } from 'vitest';
import { downlinkOf } from './downlink.ts';
import type { RemotePublication } from './publication.ts';

type Facts = Pick<RemotePublication, 'kind' | 'muted' | 'layer' | 'limitedBy' | 'starved'>;

const video = (facts: Partial<Facts> = {}): Facts => ({
  kind: 'video',
  muted: false,
  layer: { spatial: 2, temporal: 2 },
  limitedBy: undefined,
  starved: false,
  ...facts,
});
const lower = video({ layer: { spatial: 0, temporal: 2 }, limitedBy: 'bandwidth' });
const stopped = video({ layer: undefined, limitedBy: 'bandwidth' });
const hidden = video({ layer: undefined, limitedBy: 'not-shown' });
const unsent = video({ layer: undefined, limitedBy: 'publisher' });
const audio = video({ kind: 'audio', layer: undefined });

test.each([
  ['nobody is there', [], 'good'],
  ['all flows', [video(), audio], 'good'],
  ['what is not shown does not count', [video(), hidden], 'good'],
  ['a sender’s own trouble is not yours', [video(), unsent], 'good'],
  ['a lower layer', [video(), lower], 'limited'],
  ['one of two stopped', [video(), stopped], 'limited'],
  ['a lower layer beside a stopped one', [lower, stopped], 'limited'],
  ['all stopped', [stopped, stopped, audio], 'audio-only'],
  ['all that should be seen stopped', [stopped, hidden, video({ muted: true })], 'audio-only'],
  [
    'nothing of it arrives, says nobody but this page',
    [video({ limitedBy: 'bandwidth', starved: true })],
    'audio-only',
  ],
  ['what stopped is muted now', [{ ...stopped, muted: true }], 'good'],
] as const)('%s: %#', (_, publications, state) => {
  expect(downlinkOf(publications)).toBe(state);
});
