import { RegionList } from '@weir/protocol';
import type { HttpApp } from '@weir/service';
import type { DirectorContext } from './director.ts';

/** Where the fleet's nodes are. */
export function regionRoutes(api: HttpApp, { regions }: DirectorContext): void {
  api.get(
    '/v1/regions',
    {
      config: { access: 'anyone' },
      schema: {
        operationId: 'listRegions',
        summary: 'Where media nodes are, for a client to measure how far that is',
        tags: ['join'],
        response: { 200: RegionList.describe('The regions') },
      },
    },
    async () => ({ regions: await regions.list() }),
  );
}
