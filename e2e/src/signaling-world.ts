import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { memoryStore, Rooms } from '@weir/cluster';
import { silentLogger } from '@weir/core';
import { Grants, protocolVersion, type RoomEvent, RoomSettings, subprotocol } from '@weir/protocol';
import { Signaling, signalingPath } from '@weir/signaling';
import { eventually } from '@weir/testing';
import { ScriptedMediaNode } from './scripted-media-node.ts';

export type Answer = {
  id?: number;
  result?: Record<string, unknown>;
  error?: { code: string };
  method?: string;
  params?: unknown;
};

/** A live signaling node on a loopback port, and raw sockets to it. */
export async function signalingWorld(settings: Partial<RoomSettings> = {}) {
  const store = memoryStore();
  const rooms = new Rooms(store.rooms);
  await rooms.ensureRoom('room', RoomSettings.parse(settings));
  const media = new ScriptedMediaNode();
  const signaling = await Signaling.start({ store, openMediaLink: media.link, logger: silentLogger });
  const server = createServer();
  signaling.attach(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}${signalingPath}`;
  const open = async () => {
    const socket = new WebSocket(url, subprotocol);
    const answers: Answer[] = [];
    let closed: { code: number; reason: string } | undefined;
    socket.addEventListener('message', ({ data }) => answers.push(JSON.parse(String(data))));
    socket.addEventListener('close', ({ code, reason }) => {
      closed = { code, reason };
    });
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', reject, { once: true });
    });
    let id = 1_000_000;
    const call = async (method: string, params: unknown): Promise<Answer> => {
      const mine = ++id;
      socket.send(JSON.stringify({ id: mine, method, params }));
      return eventually(() => answers.find((answer) => answer.id === mine) ?? `no answer to ${method}`);
    };
    /** The room's events so far, with their revisions. */
    const events = () =>
      answers.flatMap(({ method, params }) =>
        method === 'room.event' ? [params as { revision: number; event: RoomEvent }] : [],
      );
    const notices = (method: string) => answers.filter((answer) => answer.method === method);
    return { socket, answers, call, events, notices, closed: () => closed };
  };
  const seat = async (identity: string, grants: Partial<Grants> = {}) => {
    const claims = { identity, displayName: '', metadata: '', grants: Grants.parse(grants) };
    const { participantId, secret } = await rooms.createSeat('room', claims, 'scripted');
    return { roomId: 'room', participantId, secret, protocolVersion, rtpCapabilities: {} };
  };
  const join = async (identity: string, grants: Partial<Grants> = {}) => {
    const client = await open();
    const credentials = await seat(identity, grants);
    const answer = await client.call('session.join', credentials);
    return { ...client, credentials, answer };
  };
  const close = async () => {
    await signaling.stop();
    server.closeAllConnections();
    server.close();
    await store.close();
  };
  return { rooms, store, media, signaling, url, open, join, seat, close };
}
