import { errorTable } from '@weir/core';
import { z } from 'zod';
import type { Contract } from './contract.ts';
import { limits, subprotocol } from './limits.ts';
import { mediaControl, mediaNode } from './media-control.ts';
import * as room from './room.ts';
import * as rtp from './rtp.ts';
import * as signaling from './signaling.ts';

type JsonObject = { [key: string]: unknown };

/** An AsyncAPI 3.0 document. */
export type AsyncApiDocument = JsonObject & {
  channels: Record<string, JsonObject & { messages: Record<string, { $ref: string }> }>;
  operations: Record<string, JsonObject>;
  components: { messages: Record<string, JsonObject>; schemas: Record<string, JsonObject> };
};

/** The signaling protocol, as a signaling node speaks it. `version` is the product's. */
export function asyncApiDocument(version: string): AsyncApiDocument {
  return describe(signaling.signalingServer, signaling.signalingClient, 'signaling', {
    info: {
      title: 'Weir signaling',
      version,
      description:
        `What a client and a signaling node say to each other over a WebSocket with the subprotocol \`${subprotocol}\`. ` +
        'The rules SG1 and on are in SPEC.md beside the tables from which this document is made.',
    },
    address: 'The addresses in `signaling` of the answer to POST /v1/join, best first.',
    protocol: 'wss',
  });
}

/** The media control protocol, as a media node speaks it to signaling nodes inside a fleet. */
export function mediaControlDocument(version: string): AsyncApiDocument {
  return describe(mediaNode, mediaControl, 'mediaControl', {
    info: {
      title: 'Weir media control',
      version,
      description:
        'What a signaling node and a media node say to each other on the private network of a fleet. ' +
        'The rules MC1 and on are in SPEC.md beside the tables from which this document is made.',
    },
    address: 'The address in the lease of the media node.',
    protocol: 'ws',
  });
}

type About = { info: JsonObject; address: string; protocol: string };

/** One channel: `served` is what the described side answers, `told` what it tells the other. */
function describe(served: Contract, told: Contract, channel: string, about: About): AsyncApiDocument {
  const messages: Record<string, JsonObject> = { error: errorMessage() };
  const operations: Record<string, JsonObject> = {};
  const schemas: Record<string, JsonObject> = { Error: errorSchema() };
  const inChannel = (message: string) => ({ $ref: `#/channels/${channel}/messages/${message}` });
  const operation = (action: 'send' | 'receive', name: string, rest: JsonObject = {}) => ({
    action,
    channel: { $ref: `#/channels/${channel}` },
    messages: [inChannel(name)],
    ...rest,
  });

  for (const [method, { params, result }] of Object.entries(served.requests)) {
    messages[method] = message(method, 'Request', {
      id,
      method: { const: method },
      params: schemaOf(params, schemas),
    });
    messages[`${method}.answer`] = message(method, 'Answer', { id, result: schemaOf(result, schemas) });
    operations[method] = operation('receive', method, {
      reply: {
        channel: { $ref: `#/channels/${channel}` },
        messages: [inChannel(`${method}.answer`), inChannel('error')],
      },
    });
  }
  for (const [name, params] of Object.entries(told.notifications)) {
    messages[name] = message(name, 'Notification', {
      method: { const: name },
      params: schemaOf(params, schemas),
    });
    operations[name] = operation('send', name);
  }
  operations.error = operation('send', 'error', {
    summary: 'A message was refused that has no id to answer to.',
  });

  return {
    asyncapi: '3.0.0',
    info: { ...about.info, license: { name: 'Apache-2.0' } },
    defaultContentType: 'application/json',
    servers: {
      node: { host: '{host}', protocol: about.protocol, variables: { host: { description: about.address } } },
    },
    channels: {
      [channel]: {
        address: null, // A server is found at run time: `host` says where.
        description: about.address,
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
      },
    },
    operations,
    components: { messages, schemas },
    'x-limits': limits,
    'x-errors': errorRows(),
  };
}

const id = {
  type: 'integer',
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Chosen by the side that asks; its own among its unanswered requests',
};

function message(name: string, kind: string, properties: Record<string, JsonObject>): JsonObject {
  return {
    name,
    title: `${kind}: ${name}`,
    payload: { type: 'object', properties, required: Object.keys(properties) },
  };
}

function errorMessage(): JsonObject {
  return {
    name: 'error',
    title: 'Error',
    summary: 'A request failed, or (id 0) a message was refused that has no id to answer to.',
    payload: {
      type: 'object',
      properties: {
        id: { ...id, minimum: 0 },
        error: { $ref: '#/components/schemas/Error' },
      },
      required: ['id', 'error'],
    },
  };
}

function errorSchema(): JsonObject {
  return {
    type: 'object',
    properties: {
      code: { type: 'string', enum: Object.keys(errorTable) },
      message: { type: 'string', description: 'The particulars, for a developer' },
    },
    required: ['code', 'message'],
  };
}

/** The error table with the code that a WebSocket closes with. */
function errorRows(): JsonObject {
  return Object.fromEntries(
    Object.entries(errorTable).map(([code, info]) => [code, { ...info, closeCode: 4000 + info.status }]),
  );
}

/** The shapes that several messages share, by the names that the document gives them. */
const shared = z.registry<{ id: string }>();
for (const [name, schema] of Object.entries({
  Attributes: room.Attributes,
  DataMessage: room.DataMessage,
  Grants: room.Grants,
  Participant: room.Participant,
  RoomEvent: room.RoomEvent,
  RoomInfo: room.RoomInfo,
  RoomSettings: room.RoomSettings,
  RoomSnapshot: room.RoomSnapshot,
  Track: room.Track,
  WaitingParticipant: room.WaitingParticipant,
  Joined: signaling.Joined,
  MediaSession: signaling.MediaSession,
  Subscription: signaling.Subscription,
  DtlsParameters: rtp.DtlsParameters,
  IceServer: rtp.IceServer,
  RtpCapabilities: rtp.RtpCapabilities,
  RtpParameters: rtp.RtpParameters,
  SctpStreamParameters: rtp.SctpStreamParameters,
  TransportParameters: rtp.TransportParameters,
}))
  shared.add(schema, { id: name });

/**
 * What may be sent, as JSON Schema draft 7 (AsyncAPI's default); shared shapes go to `schemas`. Objects stay open: a side
 * passes over fields that it does not know.
 */
function schemaOf(type: z.ZodType, schemas: Record<string, JsonObject>): JsonObject {
  const wrapped = z.object({ type }); // A shared shape becomes a reference only inside another.
  const whole = z.toJSONSchema(wrapped, { target: 'draft-7', io: 'input', metadata: shared });
  const text = JSON.stringify(whole).replaceAll('"#/definitions/', '"#/components/schemas/');
  const { properties, definitions = {} } = JSON.parse(text);
  for (const [name, { id: _, ...schema }] of Object.entries<JsonObject>(definitions)) schemas[name] = schema;
  return properties.type;
}
