import { newId, PlatformError } from '@weir/core';
import { DataMessage, limits, RoomId, RoomSettings, RoomSettingsUpdate } from '@weir/protocol';
import type { HttpApp } from '@weir/service';
import { z } from 'zod';
import { Done, RoomAnswer, RoomPage } from './answers.ts';
import type { Caller } from './callers.ts';
import type { DirectorContext } from './director.ts';

const params = z.object({ roomId: RoomId });

/** Setting rooms up, looking at them, ending them, and messages to all who are in one. */
export function roomRoutes(api: HttpApp, { directory, rooms }: DirectorContext): void {
  api.post(
    '/v1/rooms',
    {
      config: { access: 'key', errors: ['conflict'] },
      schema: {
        operationId: 'createRoom',
        summary: 'Set a room up',
        description:
          'It comes to life when somebody joins; one that lives takes the settings at once. Rooms that were not set up ' +
          'have default settings.',
        tags: ['rooms'],
        body: z.strictObject({ roomId: RoomId, settings: RoomSettings.strict().prefault({}) }),
        response: { 201: RoomAnswer.describe('The room') },
      },
    },
    async ({ body: { roomId, settings } }, reply) => {
      const room = await directory.create(roomId, settings);
      return reply
        .code(201)
        .header('location', `/v1/rooms/${encodeURIComponent(roomId)}`)
        .send(room);
    },
  );

  api.get(
    '/v1/rooms',
    {
      config: { access: 'key' },
      schema: {
        operationId: 'listRooms',
        summary: 'All rooms by name: those that were set up and those that live',
        tags: ['rooms'],
        querystring: z.strictObject({
          limit: z.coerce.number().int().min(1).max(200).default(50),
          cursor: z.string().max(1_024).optional().describe('Of the page before'),
        }),
        response: { 200: RoomPage.describe('A page') },
      },
    },
    ({ query: { limit, cursor } }) => directory.list(limit, cursor),
  );

  api.get(
    '/v1/rooms/:roomId',
    {
      config: { access: 'moderator', errors: ['room-not-found'] },
      schema: {
        operationId: 'getRoom',
        summary: 'One room',
        tags: ['rooms'],
        params,
        response: { 200: RoomAnswer.describe('The room') },
      },
    },
    ({ params: { roomId }, caller }) => directory.get(roomId, { seesHidden: holdsKey(caller) }),
  );

  api.patch(
    '/v1/rooms/:roomId',
    {
      config: { access: 'moderator', errors: ['room-not-found', 'conflict'] },
      schema: {
        operationId: 'updateRoom',
        summary: 'Change settings',
        description:
          'What is left out stays. An API key changes how the room was set up and how it lives; a moderator only how it ' +
          'lives.',
        tags: ['rooms'],
        params,
        body: z.strictObject({ settings: RoomSettingsUpdate.strict() }),
        response: { 200: RoomAnswer.describe('The room') },
      },
    },
    async ({ params: { roomId }, body: { settings }, caller }) => {
      await directory.update(roomId, settings, { onlyLive: !holdsKey(caller) });
      return directory.get(roomId, { seesHidden: holdsKey(caller) });
    },
  );

  api.delete(
    '/v1/rooms/:roomId',
    {
      config: { access: 'moderator' },
      schema: {
        operationId: 'endRoom',
        summary: 'End a room, for everybody',
        description:
          'With an API key its settings are forgotten too; a moderator ends the call only. Nothing happens when there is ' +
          'no such room.',
        tags: ['rooms'],
        params,
        response: { 204: Done },
      },
    },
    async ({ params: { roomId }, caller }, reply) => {
      await directory.end(roomId, { onlyLive: !holdsKey(caller) });
      return reply.code(204).send();
    },
  );

  api.post(
    '/v1/rooms/:roomId/data',
    {
      config: { access: 'moderator', errors: ['room-not-found', 'payload-too-large'] },
      schema: {
        operationId: 'sendData',
        summary: 'Send a message to those who are in the room',
        description:
          'Receivers take a `messageId` once: choose it yourself to be able to send again after a lost answer.',
        tags: ['rooms'],
        params,
        body: DataMessage.pick({ to: true, topic: true, payload: true })
          .extend({
            messageId: DataMessage.shape.messageId.optional(),
            encoding: DataMessage.shape.encoding.default('utf8'),
          })
          .strict(),
        response: {
          200: z.object({ revision: z.number().int() }).describe('Its place in the order of the room'),
        },
      },
    },
    async ({ params: { roomId }, body }) => {
      const bytes = Buffer.from(body.payload, body.encoding);
      if (body.encoding === 'base64' && bytes.toString('base64') !== body.payload)
        throw new PlatformError('bad-request', 'body.payload: not base64 with padding');
      if (bytes.length > limits.dataPayloadBytes)
        throw new PlatformError(
          'payload-too-large',
          `body.payload: at most ${limits.dataPayloadBytes} bytes`,
        );
      return { revision: await rooms.sendData(roomId, { messageId: newId('d'), ...body, from: '' }) };
    },
  );
}

function holdsKey(caller: Caller | null): boolean {
  return caller?.kind === 'key';
}
