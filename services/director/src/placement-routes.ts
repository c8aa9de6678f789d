import { RoomId } from '@weir/protocol';
import type { HttpApp } from '@weir/service';
import { z } from 'zod';
import { PlacementAnswer } from './answers.ts';
import type { DirectorContext } from './director.ts';

/** Why people are where they are. */
export function placementRoutes(api: HttpApp, { placement }: DirectorContext): void {
  api.get(
    '/v1/placements',
    {
      config: { access: 'key' },
      schema: {
        operationId: 'listPlacements',
        summary: 'The last choices of media nodes by this director, with their reasons, newest first',
        tags: ['placements'],
        querystring: z.strictObject({
          limit: z.coerce.number().int().min(1).max(1_000).default(100),
          roomId: RoomId.optional().describe('Of this room only'),
          nodeId: z.string().max(64).optional().describe('Of this media node only'),
        }),
        response: { 200: z.object({ placements: z.array(PlacementAnswer) }).describe('The choices') },
      },
    },
    async ({ query: { limit, roomId, nodeId } }) => {
      const asked = placement.decisions.filter(
        (one) => (roomId ?? one.roomId) === one.roomId && (nodeId ?? one.nodeId) === one.nodeId,
      );
      return { placements: asked.slice(-limit).reverse() };
    },
  );
}
