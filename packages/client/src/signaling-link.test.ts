import type { Channel, RoomEvent } from '@weir/protocol';
import { expect, test } from 'vitest';
import { SignalingLink } from './signaling-link.ts';

const rtpCapabilities = { codecs: [], headerExtensions: [] };
const media = { mediaSessionId: 'ms_1', nodeId: 'm', send: null, receive: null };
const snapshot = { revision: 7, room: {}, participants: [], tracks: [], lobby: [] };

const joined = { status: 'joined', participantId: 'p', snapshot, media, subscriptions: [], iceServers: [] };

/** A server's end of a socket that answers each request with these texts, at once and in this order. */
function channelThatAnswers(texts: (id: number) => object[]): Channel {
  let tell: (text: string) => void = () => {};
  return {
    send: (text) => {
      const { id } = JSON.parse(text) as { id: number };
      queueMicrotask(() => {
        for (const message of texts(id)) tell(JSON.stringify(message));
      });
    },
    close: () => {},
    onMessage: (listener) => {
      tell = listener;
    },
    onClose: () => {},
  };
}

const seat = {
  roomId: 'r',
  participantId: 'p',
  secret: 's',
  signaling: ['ws://nowhere'],
  iceServers: [],
  rtpCapabilities,
};

function linkOver(openSocket: () => Promise<Channel>): SignalingLink {
  return new SignalingLink({
    ask: () => Promise.reject(new Error('not asked')),
    openSocket,
    rtpCapabilities: async () => rtpCapabilities,
    progress: () => ({ mediaSessionId: undefined, revision: 0 }),
    subscribe: 'all',
    client: 'test',
  });
}

test('[SG19] what comes before the answer is taken in after it, without what the answer holds already', async () => {
  const left = (participantId: string): RoomEvent => ({
    type: 'participantLeft',
    participantId,
    reason: 'left',
  });
  const event = (revision: number, participantId: string) => ({
    method: 'room.event',
    params: { revision, event: left(participantId) },
  });
  const channel = channelThatAnswers((id) => [
    { method: 'media.standby', params: { media: { ...media, mediaSessionId: 'ms_2' } } },
    event(7, 'known'),
    event(8, 'new'),
    {
      id,
      result: joined,
    },
    event(9, 'later'),
  ]);
  const link = linkOver(async () => channel);
  const told: string[] = [];
  link.events.on('joined', ({ snapshot: { revision } }) => told.push(`joined ${revision}`));
  link.events.on('standby', ({ media: standby }) => told.push(`standby ${standby?.mediaSessionId}`));
  link.events.on('event', (revision) => told.push(`event ${revision}`));
  link.connect(seat);
  await expect.poll(() => told.length).toBe(4);
  expect(told).toEqual(['joined 7', 'standby ms_2', 'event 8', 'event 9']);
  link.close();
});

test('a request that persists is made again after the connection broke, as it is meant by then', async () => {
  const asked: boolean[] = [];
  let muted = false;
  let sockets = 0;
  const openSocket = async (): Promise<Channel> => {
    const isFirst = ++sockets === 1;
    let lost: (code: number, reason: string) => void = () => {};
    let tell: (text: string) => void = () => {};
    return {
      send: (text) => {
        const { id, method, params } = JSON.parse(text) as {
          id: number;
          method: string;
          params: { muted: boolean };
        };
        const isMute = method === 'track.setMuted';
        if (isMute) asked.push(params.muted);
        if (isMute) muted = true; // It is meant otherwise by now.
        queueMicrotask(() =>
          isMute && isFirst ? lost(1006, '') : tell(JSON.stringify({ id, result: isMute ? {} : joined })),
        );
      },
      close: () => {},
      onMessage: (listener) => {
        tell = listener;
      },
      onClose: (listener) => {
        lost = listener;
      },
    };
  };
  const link = linkOver(openSocket);
  const telling = link.persist('track.setMuted', () => ({ trackId: 't', muted, by: 'self' }), 10_000);
  link.connect(seat);
  await telling;
  expect(asked).toEqual([false, true]);
  link.close();
});

test.each([
  ['stays: its answer was on its way', 10, 'the first'],
  ['is replaced: it has died', undefined, 'the second'],
])('when another socket opens at once the one in use %s', async (_, answersAfterMs, expected) => {
  const closed: string[] = [];
  const open = (name: string): Channel => {
    let tell: (text: string) => void = () => {};
    return {
      send: (text) => {
        const { id, method } = JSON.parse(text) as { id: number; method: string };
        const isPing = method === 'session.ping';
        const result = isPing
          ? {}
          : { ...joined, ...(name === 'the second' ? { status: 'resumed', missed: {} } : {}) };
        if (!isPing || name === 'the second') queueMicrotask(() => tell(JSON.stringify({ id, result })));
        else if (answersAfterMs) setTimeout(() => tell(JSON.stringify({ id, result })), answersAfterMs);
      },
      close: () => void closed.push(name),
      onMessage: (listener) => {
        tell = listener;
      },
      onClose: () => {},
    };
  };
  const names = ['the first', 'the second'];
  const link = linkOver(async () => open(names.shift()!));
  await new Promise<void>((resolve) => {
    link.events.on('joined', () => resolve());
    link.connect(seat);
  });
  link.probe();
  await expect.poll(() => closed.length).toBe(1);
  expect(closed).toEqual([expected === 'the first' ? 'the second' : 'the first']);
  link.close();
});
