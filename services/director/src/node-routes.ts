import type { HttpApp } from '@weir/service';
import { z } from 'zod';
import { NodeAnswer } from './answers.ts';
import type { DirectorContext } from './director.ts';

const params = z.object({ nodeId: z.string().min(1).max(64) });
const defaultSeconds = 60;
const deadlineSeconds = z
  .number()
  .int()
  .min(1)
  .max(86_400)
  .default(defaultSeconds)
  .describe('By then it is empty: who could not be moved unnoticed is moved at once');

/** The processes of the fleet, and taking one out of it without anybody noticing. */
export function nodeRoutes(api: HttpApp, { nodes }: DirectorContext): void {
  api.get(
    '/v1/nodes',
    {
      config: { access: 'key' },
      schema: {
        operationId: 'listNodes',
        summary: 'All nodes that live, by name',
        tags: ['nodes'],
        response: { 200: z.object({ nodes: z.array(NodeAnswer) }).describe('The nodes') },
      },
    },
    async () => ({ nodes: await nodes.list() }),
  );

  api.get(
    '/v1/nodes/:nodeId',
    {
      config: { access: 'key', errors: ['not-found'] },
      schema: {
        operationId: 'getNode',
        summary: 'One node',
        tags: ['nodes'],
        params,
        response: { 200: NodeAnswer.describe('The node') },
      },
    },
    ({ params: { nodeId } }) => nodes.get(nodeId),
  );

  api.post(
    '/v1/nodes/:nodeId/drain',
    {
      config: { access: 'key', errors: ['not-found'] },
      schema: {
        operationId: 'drainNode',
        summary: 'Drain a node: nobody new comes to it, and whoever is there is moved elsewhere',
        description:
          'Spread over the time to the deadline. Asked again, the new deadline holds. A drained node stays so, also when ' +
          'it is started again, until the drain is undone.',
        tags: ['nodes'],
        params,
        body: z.strictObject({ deadlineSeconds }).nullish(),
        response: { 200: NodeAnswer.describe('The node, which is drained from now on') },
      },
    },
    ({ params: { nodeId }, body }) => nodes.drain(nodeId, (body?.deadlineSeconds ?? defaultSeconds) * 1_000),
  );

  api.delete(
    '/v1/nodes/:nodeId/drain',
    {
      config: { access: 'key', errors: ['not-found'] },
      schema: {
        operationId: 'undrainNode',
        summary: 'Undo a drain: the node takes people again',
        tags: ['nodes'],
        params,
        response: { 200: NodeAnswer.describe('The node') },
      },
    },
    ({ params: { nodeId } }) => nodes.cancelDrain(nodeId),
  );
}
