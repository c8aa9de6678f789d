import { describe, expect, test } from 'vitest';
import { inOrder, nextBatch, type ReceiveTransport, type WaitingTrack } from './subscribe-queue.ts';

const limits = { tracksPerTransport: 10, transports: 3, tracksPerBatch: 5, tracksInFirstBatch: 2 };

const track = (trackId: string, more: Partial<WaitingTrack> = {}): WaitingTrack => ({
  trackId,
  kind: 'video',
  streamId: trackId,
  ...more,
});
const tracks = (count: number, prefix = 't') =>
  Array.from({ length: count }, (_, i) => track(`${prefix}${i}`));
const transport = (transportId: string, count: number, more: Partial<ReceiveTransport> = {}) => ({
  transportId,
  tracks: count,
  streams: new Set<string>(),
  busy: false,
  ...more,
});

describe('the order', () => {
  const names = (waiting: WaitingTrack[]) =>
    inOrder(waiting).map((group) => group.map((t) => t.trackId).join('+'));

  test('who is heard, then what is shown, then the rest as it came, then what no tile shows', () => {
    const waiting = [
      track('hidden', { preferences: { paused: true } }),
      track('rest-1'),
      track('rest-2'),
      track('voice', { kind: 'audio' }),
      track('shown', { preferences: { paused: false } }),
    ];
    expect(names(waiting)).toEqual(['voice', 'shown', 'rest-1', 'rest-2', 'hidden']);
  });

  test('the pinned come first among those shown', () => {
    const waiting = [
      track('a', { preferences: { paused: false, priority: 100 } }),
      track('pinned', { preferences: { paused: false, priority: 255 } }),
      track('b', { preferences: { paused: false, priority: 100 } }),
    ];
    expect(names(waiting)).toEqual(['pinned', 'a', 'b']);
  });

  test('a camera comes with its microphone', () => {
    const waiting = [
      track('camera-1', { streamId: 'one' }),
      track('camera-2', { streamId: 'two' }),
      track('microphone-2', { streamId: 'two', kind: 'audio' }),
    ];
    expect(names(waiting)).toEqual(['camera-2+microphone-2', 'camera-1']);
  });
});

describe('the next batch', () => {
  test.each([
    ['nothing waits', [], [transport('a', 3)], 0, undefined],
    ['the first is small', tracks(9), [transport('a', 0)], 0, ['a', 2]],
    ['later ones are larger', tracks(9), [transport('a', 2)], 0, ['a', 5]],
    ['a transport takes no more than it should', tracks(9), [transport('a', 7)], 0, ['a', 3]],
    ['the emptiest is taken', tracks(9), [transport('a', 7), transport('b', 4)], 0, ['b', 5]],
    [
      'a busy one is left alone',
      tracks(9),
      [transport('a', 2, { busy: true }), transport('b', 8)],
      0,
      ['b', 2],
    ],
    ['another is opened', tracks(9), [transport('a', 10)], 0, [undefined, 5]],
    [
      '… also while those with room are busy',
      tracks(9),
      [transport('a', 2, { busy: true })],
      0,
      [undefined, 5],
    ],
    ['… but no more than may be', tracks(9), [transport('a', 2, { busy: true })], 2, undefined],
    [
      'all are full: the emptiest takes more',
      tracks(9),
      [11, 10, 12].map((n, i) => transport(`${i}`, n)),
      0,
      ['1', 5],
    ],
    ['all are busy', tracks(9), [1, 2, 3].map((n) => transport(`${n}`, 10, { busy: true })), 0, undefined],
  ] as const)('%s', (_, waiting, transports, opening, expected) => {
    const batch = nextBatch([...waiting], [...transports], opening, limits);
    expect(batch && [batch.transportId, batch.trackIds.length]).toEqual(expected);
  });

  test('what belongs to a stream goes where that is, however full', () => {
    const full = transport('a', 10, { streams: new Set(['one']) });
    const waiting = [track('camera', { streamId: 'one', preferences: { paused: false } }), ...tracks(9)];
    expect(nextBatch(waiting, [full, transport('b', 1)], 0, limits)).toMatchObject({ transportId: 'a' });
    // While that one is busy, others go on elsewhere.
    const batch = nextBatch(waiting, [{ ...full, busy: true }, transport('b', 1)], 0, limits);
    expect(batch).toEqual({ transportId: 'b', trackIds: tracks(5).map(({ trackId }) => trackId) });
  });

  test('worked off batch by batch everything is received, evenly, in as few transports as do', () => {
    let waiting = tracks(30);
    const transports = [transport('first', 0)];
    for (let batch = nextBatch(waiting, transports, 0, limits); batch; ) {
      const { transportId = `opened-${transports.length}`, trackIds } = batch;
      let target = transports.find((one) => one.transportId === transportId);
      if (!target) {
        target = transport(transportId, 0);
        transports.push(target);
      }
      target.tracks += trackIds.length;
      waiting = waiting.filter(({ trackId }) => !trackIds.includes(trackId));
      batch = nextBatch(waiting, transports, 0, limits);
    }
    expect(waiting).toEqual([]);
    expect(transports.map((one) => one.tracks)).toEqual([10, 10, 10]);
  });
});
