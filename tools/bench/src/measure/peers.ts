import { mintJoinToken } from '@weir/auth';
import type { Platform } from '@weir/cli';
import { type Grants, Room } from '@weir/client';
import { PeerEngine, preparedTrack, prepareMedia, prepareSimulcast } from '@weir/peer';

/** Where a platform is, and the right to enter it. */
export type Doors = Pick<Platform, 'apiKey'> & { url: string };

export function tokenFor(
  { apiKey }: Doors,
  room: string,
  identity: string,
  grants: Partial<Grants> = {},
): Promise<string> {
  return mintJoinToken(apiKey, { room, sub: identity, grants }, { ttlSeconds: 3_600 });
}

export type Picture = { width: number; height: number; fps: number; bitrateBps: number };
export type Sound = { bitrateBps: number; frameMs: number };
const usualSound: Sound = { bitrateBps: 32_000, frameMs: 20 };
const usual: Picture = { width: 640, height: 360, fps: 25, bitrateBps: 600_000 };

/** A camera of three layers and a microphone. */
export async function prepareCamera(picture: Picture = usual, sound: Sound = usualSound) {
  const [camera, microphone] = await Promise.all([
    prepareSimulcast({ codec: 'VP8', ...picture, seconds: 4, keyFrameEvery: picture.fps }),
    prepareMedia({ codec: 'opus', ...sound, seconds: 6 }),
  ]);
  return { camera, microphone };
}

/** Somebody with camera (three layers, by default up to 640×360) and microphone on, live in the room until left. */
export async function joinWithCamera(
  doors: Doors,
  room: string,
  identity: string,
  picture: Picture = usual,
  sound: Sound = usualSound,
): Promise<Room> {
  const [{ camera, microphone }, token] = await Promise.all([
    prepareCamera(picture, sound),
    tokenFor(doors, room, identity),
  ]);
  const engine = new PeerEngine({ dataChannels: false });
  const peer = new Room({ url: doors.url, token, engine, keepSeat: false, autoSubscribe: false });
  await peer.connect();
  await peer.local.publish(preparedTrack(camera), { source: 'camera' });
  await peer.local.publish(preparedTrack([microphone]), { source: 'microphone' });
  return peer;
}
