import { verifyJoinToken } from '@weir/auth';
import { newId, PlatformError } from '@weir/core';
import { Grants, limits, PreflightAnswer, PreflightRequest, RoomSettings } from '@weir/protocol';
import type { HttpApp } from '@weir/service';
import type { DirectorContext } from './director.ts';

const perMinute = 12;
/** A call with oneself; relays are tried on further ones. */
const directSeats = 2;
/** Each carries a few Mbit/s for some seconds. */
const testsAtOnce = 25;
/** Between making the room and its seats it is empty; a client that goes early leaves no room behind for long. */
const emptyTimeoutSeconds = 5;

/** Testing a connection: a call with oneself in a room of one's own, for half a minute. */
export function preflightRoutes(api: HttpApp, context: DirectorContext): void {
  const { rooms, placement, publicPreflight } = context;
  const findSecret = async (keyId: string) => (await context.keys.find(keyId))?.secret;
  let endings: number[] = [];

  api.post(
    '/v1/preflight',
    {
      config: {
        access: 'anyone',
        errors: ['unauthenticated', 'token-expired', 'forbidden', 'no-media-node'],
        rateLimit: { max: perMinute, timeWindow: 60_000 },
      },
      schema: {
        operationId: 'startPreflight',
        summary: 'A private room to test a connection in',
        description:
          'With seats for one client, which ends by itself. Strangers may ask where the operator allows it; the holder ' +
          'of a join token always may. Few tests an address and minute, and a bounded number at a time.',
        tags: ['join'],
        body: PreflightRequest.strict(),
        response: { 200: PreflightAnswer.describe('Where to go, and the seats') },
      },
    },
    async (request) => {
      const { token } = request.body;
      if (token !== undefined) await verifyJoinToken(token, findSecret);
      else if (!publicPreflight)
        throw new PlatformError('forbidden', 'strangers may not test here: open the test from an invitation');
      const now = Date.now();
      endings = endings.filter((at) => at > now);
      if (endings.length >= testsAtOnce)
        throw new PlatformError('rate-limited', `${testsAtOnce} tests are running; try again in a moment`);
      endings.push(now + limits.preflightMs);

      const roomId = newId('preflight', 120); // Not to be guessed: whoever is in it is its client.
      const { nodeId } = await placement.choose(roomId);
      const settings = RoomSettings.parse({ maxParticipants: limits.preflightSeats, emptyTimeoutSeconds });
      await rooms.ensureRoom(roomId, settings, limits.preflightMs);
      const grants = Grants.parse({ publish: ['camera', 'microphone'], data: false });
      const hasRelays = context.iceServers('', 'any').length > 0;
      const seats = [];
      for (let i = 1; i <= (hasRelays ? limits.preflightSeats : directSeats); i++) {
        const claims = { identity: `test-${i}`, displayName: '', metadata: '', grants };
        seats.push(await rooms.createSeat(roomId, claims, nodeId));
      }
      return {
        roomId,
        seats,
        signaling: await context.signalingUrls(request.raw),
        iceServers: context.iceServers(seats[0]!.participantId, 'any'),
        rtpCapabilities: context.rtpCapabilities,
        timeLimitMs: limits.preflightMs,
      };
    },
  );
}
