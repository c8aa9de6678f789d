import { mintJoinToken, type VerifiedJoin, verifyJoinToken } from '@weir/auth';
import { newId, PlatformError } from '@weir/core';
import {
  DisplayName,
  JoinAnswer,
  JoinRequest,
  type MediaPaths,
  type ParticipantId,
  RoomId,
} from '@weir/protocol';
import type { HttpApp } from '@weir/service';
import { z } from 'zod';
import { Token } from './answers.ts';
import type { DirectorContext } from './director.ts';

const guestTokenSeconds = 12 * 3600;
const guestsPerMinute = 60;

/** How people get in: with a token of the embedding product, or as guests of an open deployment. */
export function joinRoutes(api: HttpApp, context: DirectorContext): void {
  api.post(
    '/v1/join',
    {
      config: {
        access: 'anyone',
        errors: ['unauthenticated', 'token-expired', 'removed', 'room-full', 'no-media-node', 'no-relay'],
      },
      schema: {
        operationId: 'join',
        summary: 'Take a seat in a room',
        description:
          'Verifies the token, places the participant, and answers where to open the signaling socket. A room that ' +
          'does not live is brought to life. A seat that nobody comes to take is given up after 30 seconds.',
        tags: ['join'],
        body: JoinRequest.strict(),
        response: { 200: JoinAnswer.describe('Where to go, and how to prove the seat') },
      },
    },
    async (request) => {
      const findSecret = async (keyId: string) => (await context.keys.find(keyId))?.secret;
      const claims = await verifyJoinToken(request.body.token, findSecret);
      const regionOf = (pin: string) => context.regions.find(request, pin, request.body.regions);
      const { paths, region, ...seat } = await takeSeat(context, claims, regionOf);
      return {
        roomId: claims.room,
        ...seat,
        signaling: await context.signalingUrls(request.raw),
        iceServers: context.iceServers(seat.participantId, paths, region),
        rtpCapabilities: context.rtpCapabilities,
      };
    },
  );

  api.post(
    '/v1/guest',
    {
      config: {
        access: 'anyone',
        errors: ['forbidden'],
        rateLimit: { max: guestsPerMinute, timeWindow: 60_000 },
      },
      schema: {
        operationId: 'enterAsGuest',
        summary: 'A join token without an account, where the deployment is open',
        description:
          'Who joins a room that nobody is in becomes its admin, unless it was set up over this API.',
        tags: ['join'],
        body: z.strictObject({ room: RoomId, name: DisplayName.default('') }),
        response: { 200: Token.describe('Good for twelve hours') },
      },
    },
    async ({ body: { room, name } }) => {
      if (!context.guestAccess)
        throw new PlatformError(
          'forbidden',
          'guests are not allowed here: ask for a link with a token, or turn guest access on',
        );
      const opensRoom = !(await context.directory.isSetUp(room));
      const claims = { room, sub: newId('guest', 60), name, opensRoom };
      return {
        token: await mintJoinToken(await context.keys.first(), claims, { ttlSeconds: guestTokenSeconds }),
      };
    },
  );
}

async function takeSeat(
  { directory, placement, rooms, iceServers }: DirectorContext,
  claims: VerifiedJoin,
  regionOf: (pin: string) => Promise<string>,
): Promise<{ participantId: ParticipantId; secret: string; paths: MediaPaths; region: string }> {
  const { room: roomId, sub: identity, name: displayName, ...rest } = claims;
  const { metadata, grants, issuedAt, opensRoom } = rest;
  for (let attempt = 1; ; attempt++) {
    const { home: homeBefore, sessions, room } = await directory.open(roomId);
    const paths = room?.settings.mediaPaths ?? 'any'; // Absent in a room that an older version made.
    if (paths !== 'any' && iceServers('', paths).length === 0)
      throw new PlatformError('no-relay', `no relay for a room with the media paths ${paths}`);
    try {
      const hosts = [...sessions].map(({ mediaNodeId }) => mediaNodeId);
      const pin = room?.settings.region || claims.region;
      const where = { region: await regionOf(pin), pinned: pin !== '' };
      const { nodeId, home } = await placement.choose(roomId, { home: homeBefore, hosts, ...where });
      const seat = { identity, displayName, metadata, grants, issuedAt, opensRoom, ...where };
      const made = await rooms.createSeat(roomId, seat, nodeId, { home, homeBefore });
      return { ...made, paths, region: where.region };
    } catch (error) {
      const ended = error instanceof PlatformError && error.code === 'room-not-found';
      if (!ended || attempt === 3) throw error; // It ended between two steps: open it anew.
    }
  }
}
