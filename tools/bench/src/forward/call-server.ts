import { Room } from '@weir/client';
import { preparedTrack, rtpCapabilities } from '@weir/peer';
import type { MediaSession, RtpParameters } from '@weir/protocol';
import type { BareProcess } from '../measure/bare-process.ts';
import { Child } from '../measure/child.ts';
import { type Doors, tokenFor } from '../measure/peers.ts';
import type { PlatformProcess } from '../measure/platform-process.ts';
import type { RemoteEngine } from './remote-engine.ts';
import { steadyMedia } from './steady-media.ts';

/** A server under measurement: those who receive in one of its rooms get whatever is published there. */
export interface CallServer {
  readonly name: 'weir' | 'bare';
  readonly pid: number;
  readonly workerPids: number[];
  /** Answers how to publish. */
  join(room: string, identity: string, engine: RemoteEngine, receives: boolean): Promise<() => Promise<void>>;
  closeRoom(room: string): Promise<void>;
}

/** What everybody who publishes does publish. */
export const sources = ['camera', 'screen'] as const;
const anyVideo = () => preparedTrack([steadyMedia(10)]); // Only a name: the engine sends what it was made for.

/** The whole platform, with one worker. */
export async function startWeir(stack: AsyncDisposableStack): Promise<CallServer> {
  const child = stack.use(
    new Child<PlatformProcess>(new URL('../measure/platform-process.ts', import.meta.url)),
  );
  const site = await child.call('start', { workers: 1 });
  const doors: Doors = site;
  const rooms = new Map<string, Room[]>();
  return {
    name: 'weir',
    ...site,
    async join(name, identity, engine, receives) {
      const room = new Room({
        url: doors.url,
        token: await tokenFor(doors, name, identity, { subscribe: receives }),
        engine,
        keepSeat: false,
      });
      rooms.set(name, [...(rooms.get(name) ?? []), room]);
      await room.connect();
      return async () => {
        for (const source of sources) await room.local.publish(anyVideo(), { source });
      };
    },
    async closeRoom(name) {
      await Promise.all((rooms.get(name) ?? []).map((room) => room.leave()));
      rooms.delete(name);
    },
  };
}

type BareMember = { engine: RemoteEngine; receiveId: string };
type BareRoom = { members: Set<BareMember>; producerIds: string[] };

/** mediasoup alone, with one worker. */
export async function startBare(stack: AsyncDisposableStack): Promise<CallServer> {
  const child = stack.use(new Child<BareProcess>(new URL('../measure/bare-process.ts', import.meta.url)));
  const { pid, workerPids } = await child.call('start', undefined);
  const rooms = new Map<string, BareRoom>();
  const consume = async ({ engine, receiveId }: BareMember, producerId: string) => {
    const answer = await child.call('consume', {
      id: receiveId,
      producerId,
      rtpCapabilities: rtpCapabilities(),
    });
    await engine.receive([
      { ...answer, trackId: producerId, kind: 'video', epoch: 1, transportId: receiveId, started: true },
    ]);
  };
  return {
    name: 'bare',
    pid,
    workerPids,
    async join(room, identity, engine, receives) {
      const open = (direction: 'send' | 'receive') => child.call('openTransport', { room, direction });
      const [send, receive] = await Promise.all([open('send'), open('receive')]);
      const media: MediaSession = { mediaSessionId: identity, nodeId: 'bare', send, receive };
      engine.open(media, [], {
        connect: (_direction, id, dtlsParameters) => child.call('connect', { id, dtlsParameters }),
        restartIce: () => Promise.reject(new Error('not here')),
        openTransport: () => Promise.reject(new Error('not here')),
        closeTransport: () => {},
        receiveAnew: () => {},
        sendAnew: () => {},
        transportLost: () => {},
        suspected: () => {},
        lost: () => {},
      });
      const here = rooms.get(room) ?? { members: new Set(), producerIds: [] };
      rooms.set(room, here);
      const member: BareMember = { engine, receiveId: receive.id };
      if (receives) here.members.add(member);
      for (const producerId of receives ? here.producerIds : []) await consume(member, producerId);
      return async () => {
        const announce = async (rtpParameters: RtpParameters) => {
          const producerId = await child.call('produce', { id: send.id, rtpParameters });
          here.producerIds.push(producerId);
          const others = [...here.members].filter((one) => one !== member);
          await Promise.all(others.map((one) => consume(one, producerId)));
        };
        for (const source of sources) await engine.publish(anyVideo(), { source }, announce);
      };
    },
    async closeRoom(room) {
      rooms.delete(room);
      await child.call('closeRoom', { room });
    },
  };
}
