import { mintJoinToken, verifyJoinToken } from '@weir/auth';
import { newId, PlatformError } from '@weir/core';
import { DisplayName, JoinAnswer, JoinRequest, RoomId, RoomSettings } from '@weir/protocol';
import type { HttpApp } from '@weir/service';
import { z } from 'zod';
import type { DirectorContext } from './director.ts';

const guestTokenSeconds = 12 * 3600;
const guestsPerMinute = 60;

/** How people get in: with a token of the embedding product, or as guests of an open deployment. */
export function joinRoutes(app: HttpApp, context: DirectorContext): void {
  const { database, rooms, placement } = context;

  app.post(
    '/v1/join',
    {
      schema: {
        summary: 'Take a seat in a room',
        description:
          'Verifies the token, places the participant, and answers where to open the signaling socket.',
        tags: ['join'],
        body: JoinRequest.strict(),
        response: { 200: JoinAnswer },
      },
    },
    async (request) => {
      const claims = await verifyJoinToken(
        request.body.token,
        async (id) => (await database.apiKeys.find(id))?.secret,
      );
      const { room: roomId, sub: identity, name: displayName, metadata, grants } = claims;
      const stored = await database.rooms.get(roomId);
      await rooms.ensureRoom(roomId, stored?.settings ?? RoomSettings.parse({}));
      const mediaNodeId = await placement.choose(roomId);
      const seat = await rooms.createSeat(roomId, { identity, displayName, metadata, grants }, mediaNodeId);
      return {
        roomId,
        ...seat,
        signaling: context.signalingUrls(request.raw),
        iceServers: context.iceServers(seat.participantId),
        rtpCapabilities: context.rtpCapabilities,
      };
    },
  );

  app.post(
    '/v1/guest',
    {
      config: { rateLimit: { max: guestsPerMinute, timeWindow: 60_000 } },
      schema: {
        summary: 'A token without an account, where the deployment is open',
        description: 'Whoever opens a room that nobody is in becomes its admin.',
        tags: ['join'],
        body: z.strictObject({ room: RoomId, name: DisplayName.default('') }),
        response: { 200: z.object({ token: z.string() }) },
      },
    },
    async ({ body: { room, name } }) => {
      if (!context.guestAccess)
        throw new PlatformError('forbidden', 'guests are not allowed here: ask for a link with a token');
      const key = await database.apiKeys.ensureFirst();
      const first = await rooms.read(room).then(
        (reader) => [...reader.sessions].length === 0,
        () => true, // It does not live yet.
      );
      const claims = { room, sub: newId('guest', 60), name, grants: first ? { admin: true } : {} };
      return { token: await mintJoinToken(key, claims, { ttlSeconds: guestTokenSeconds }) };
    },
  );
}
