import { SignalingLink } from '@weir/client/signaling';
import { type ClusterStore, Rooms, redisStore } from '@weir/cluster';
import { PlatformError, silentLogger, sleep } from '@weir/core';
import { type Channel, Grants, RoomSettings, subprotocol } from '@weir/protocol';
import { WebSocket } from 'ws';
import { serveParent } from '../measure/child.ts';
import { mediaNodeId } from './media-link.ts';

// A process of its own with clients of rooms: their signaling is that of the SDK, media they have none.

type Join = { redis: string; urls: string[]; name: string; clients: number; atOnce: number };

/** Of so many clients how many are in, seem gone to others, or gave up. */
export type Attendance = { joined: number; closed: number; left: number; events: number };

/** A mix of consultations, meetings and classes; together a hundred people. */
const roomSizes = [2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 4, 4, 5, 5, 6, 8, 10, 36];
const joinPatienceMs = 60_000;
const rtpCapabilities = { codecs: [], headerExtensions: [] };

type Client = { link: SignalingLink; trackId: string | undefined; backAt: number };

let store: ClusterStore;
const clients: Client[] = [];
let left = 0;
let events = 0;
let traffic: AbortController | undefined;

function open(url: string, signal: AbortSignal): Promise<Channel> {
  const socket = new WebSocket(url, subprotocol, { perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    const fail = () => reject(new PlatformError('connection-lost', `${url} did not open`));
    const giveUp = () => socket.terminate();
    signal.addEventListener('abort', giveUp, { once: true });
    socket.once('error', fail);
    socket.once('close', fail);
    socket.once('open', () => {
      signal.removeEventListener('abort', giveUp);
      socket.on('error', () => {}); // Its close tells.
      resolve({
        send: (text) => socket.send(text),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (listener) => socket.on('message', (data) => listener(data.toString())),
        onClose: (listener) => socket.on('close', (code, reason) => listener(code, reason.toString())),
      });
    });
  });
}

async function join(rooms: Rooms, roomId: string, identity: string, urls: string[]): Promise<number> {
  const claims = { identity, displayName: identity, metadata: '', grants: Grants.parse({}) };
  const seat = await rooms.createSeat(roomId, claims, mediaNodeId);
  let revision = 0;
  let mediaSessionId: string | undefined;
  const startedAt = performance.now();
  const link = new SignalingLink({
    ask: async () => ({ ...seat, roomId, signaling: urls, iceServers: [], rtpCapabilities }),
    openSocket: open,
    rtpCapabilities: async () => rtpCapabilities,
    progress: () => ({ mediaSessionId, revision }),
    subscribe: 'all',
    client: 'bench',
  });
  const client: Client = { link, trackId: undefined, backAt: 0 };
  clients.push(client);
  link.events.on('stateChanged', ({ status }) => {
    if (status === 'joined') client.backAt = Date.now();
  });
  link.events.on('event', (at, event) => {
    revision = at;
    events++;
    if (event.type === 'participantLeft') left++;
  });
  link.events.on('resumed', (missed) => {
    revision = 'events' in missed ? missed.revision : missed.snapshot.revision;
  });
  const joined = new Promise<void>((resolve, reject) => {
    link.events.once('joined', ({ snapshot, media }) => {
      revision = snapshot.revision;
      mediaSessionId = media.mediaSessionId;
      resolve();
    });
    link.onClose(() => reject(endOf(link)));
  });
  link.connect();
  await Promise.race([
    joined,
    sleep(joinPatienceMs).then(() => Promise.reject(new PlatformError('timeout', identity))),
  ]);
  const joinMs = performance.now() - startedAt;
  const { track } = await link.request('track.publish', {
    kind: 'audio',
    source: 'microphone',
    rtpParameters: { codecs: [{ mimeType: 'audio/opus', payloadType: 100, clockRate: 48_000, channels: 2 }] },
  });
  client.trackId = track.trackId;
  return joinMs;
}

function endOf({ state }: SignalingLink): PlatformError {
  const error = state.status === 'closed' ? state.error : undefined;
  return error ?? new PlatformError('connection-lost', 'it ended before it was in');
}

const handlers = {
  /** All of these join and publish a microphone; answers how long each took to be in the room, ms. */
  async join({ redis, urls, name, clients: count, atOnce }: Join): Promise<number[]> {
    store = await redisStore({ urls: [redis], logger: silentLogger });
    const rooms = new Rooms(store.rooms);
    const people: { roomId: string; identity: string }[] = [];
    for (let room = 0; people.length < count; room++) {
      const size = Math.min(roomSizes[room % roomSizes.length]!, count - people.length);
      const roomId = `${name}-${room}`;
      await rooms.ensureRoom(roomId, RoomSettings.parse({}));
      for (let i = 0; i < size; i++) people.push({ roomId, identity: `${roomId}-${i}` });
    }
    const times: number[] = [];
    const queue = people.values();
    const work = async () => {
      for (const { roomId, identity } of queue) times.push(await join(rooms, roomId, identity, urls));
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return times;
  },

  /** From now on each client says something, and mutes or unmutes, once in so long. */
  async talk({ everyMs }: { everyMs: number }): Promise<void> {
    traffic = new AbortController();
    const { signal } = traffic;
    clients.forEach(async ({ link, trackId }, i) => {
      await sleep((everyMs * i) / clients.length, signal);
      for (let turn = 0; !signal.aborted && !link.closed; turn++) {
        const payload = 'Could you look at the second picture again, please?';
        const message = { messageId: `${i}-${turn}`, topic: 'chat', payload, encoding: 'utf8' as const };
        const request =
          turn % 2 === 0
            ? link.request('data.send', message)
            : link.request('track.setMuted', { trackId: trackId!, muted: turn % 4 === 1 });
        request.catch(() => {}); // Its node has just died: nobody is told, the count tells.
        await sleep(everyMs, signal);
      }
    });
  },

  async rest(): Promise<void> {
    traffic?.abort();
  },

  async attendance(): Promise<Attendance> {
    return {
      joined: clients.filter(({ link }) => link.state.status === 'joined').length,
      closed: clients.filter(({ link }) => link.closed).length,
      left,
      events,
    };
  },

  /** When each was last told that it is in, ms since the epoch. */
  async backAt(): Promise<number[]> {
    return clients.map(({ backAt }) => backAt);
  },
};

export type ClientsProcess = typeof handlers;

serveParent(handlers);
