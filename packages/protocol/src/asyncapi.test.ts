import { createRequire } from 'node:module';
import { errorTable } from '@weir/core';
import { Ajv } from 'ajv';
import { fullFormats } from 'ajv-formats/dist/formats.js';
import { describe, expect, test } from 'vitest';
import { asyncApiDocument, mediaControlDocument } from './asyncapi.ts';
import type { Contract } from './contract.ts';
import { mediaControl, mediaNode } from './media-control.ts';
import { signalingClient, signalingServer } from './signaling.ts';

const specification = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0.json');

describe.each([
  ['signaling', asyncApiDocument('1.2.3'), signalingServer, signalingClient],
  ['mediaControl', mediaControlDocument('1.2.3'), mediaNode, mediaControl],
] as const)('the AsyncAPI document of %s', (channel, document, served: Contract, told: Contract) => {
  test('is valid by the schema of AsyncAPI 3.0', () => {
    const ajv = new Ajv({ strict: false, meta: false, validateSchema: false, formats: fullFormats });
    const validate = ajv.compile(specification);
    expect(validate(document) ? [] : validate.errors).toEqual([]);
    expect(validate({ ...document, operations: { bad: { action: 'shout' } } })).toBe(false);
  });

  test('has every request with its answers, and every notification, in its direction', () => {
    for (const method of Object.keys(served.requests)) {
      expect(document.operations[method]).toMatchObject({
        action: 'receive',
        messages: [{ $ref: `#/channels/${channel}/messages/${method}` }],
        reply: {
          messages: [
            { $ref: `#/channels/${channel}/messages/${method}.answer` },
            { $ref: `#/channels/${channel}/messages/error` },
          ],
        },
      });
    }
    for (const name of Object.keys(told.notifications))
      expect(document.operations[name]).toMatchObject({ action: 'send' });
    const known = [...Object.keys(served.requests), ...Object.keys(told.notifications), 'error'];
    expect(Object.keys(document.operations).sort()).toEqual(known.sort());
    // The other two parts of the tables are empty: a table that grows there must grow this document.
    expect([told.requests, served.notifications]).toEqual([{}, {}]);
  });

  test('every reference leads somewhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
      (match) => match[1]!,
    );
    expect(references.length).toBeGreaterThan(50);
    for (const reference of references) {
      const target = reference
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document);
      expect(target, reference).toBeTypeOf('object');
    }
  });

  test('tells every error with its close code', () => {
    for (const [code, { status, hint }] of Object.entries(errorTable))
      expect(document['x-errors']).toMatchObject({ [code]: { status, hint, closeCode: 4000 + status } });
  });

  test('survives JSON and carries the version', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
    expect(document.info).toMatchObject({ version: '1.2.3' });
  });
});

describe('the schemas of the document', () => {
  const document = asyncApiDocument('1.2.3');
  const ajv = new Ajv({ strict: false, formats: fullFormats });
  ajv.addSchema(document, 'document');
  const validator = (message: string) =>
    ajv.getSchema(`document#/components/messages/${message}/payload`) as (value: unknown) => boolean;
  const track = {
    trackId: 't_1',
    participantId: 'p_1',
    kind: 'video',
    source: 'camera',
    name: '',
    muted: false,
    epoch: 1,
    codec: 'video/VP8',
    spatialLayers: 3,
  };

  test.each<[message: string, value: object, valid: boolean]>([
    ['session.ping', { id: 1, method: 'session.ping', params: {} }, true],
    ['session.ping', { id: 0, method: 'session.ping', params: {} }, false],
    ['session.ping', { id: 1, method: 'session.pong', params: {} }, false],
    ['track.setMuted', { id: 1, method: 'track.setMuted', params: { trackId: 't_1', muted: true } }, true],
    ['track.setMuted', { id: 1, method: 'track.setMuted', params: { trackId: 't_1' } }, false],
    [
      'track.setMuted',
      { id: 1, method: 'track.setMuted', params: { trackId: 't_1', muted: true, later: 1 } },
      true,
    ],
    ['track.publish.answer', { id: 1, result: { track } }, true],
    ['track.publish.answer', { id: 1, result: { track: { ...track, epoch: 'x' } } }, false],
    [
      'room.event',
      { method: 'room.event', params: { revision: 7, event: { type: 'trackPublished', track } } },
      true,
    ],
    [
      'room.event',
      { method: 'room.event', params: { revision: 7, event: { type: 'trackPublished' } } },
      false,
    ],
    ['session.join.answer', { id: 1, result: { status: 'waiting', participantId: 'p_1' } }, true],
    ['session.join.answer', { id: 1, result: { status: 'joined', participantId: 'p_1' } }, false],
    ['error', { id: 0, error: { code: 'bad-request', message: 'x' } }, true],
    ['error', { id: 0, error: { code: 'no-such-code', message: 'x' } }, false],
  ])('%s: %j', (message, value, valid) => {
    expect(validator(message)(value)).toBe(valid);
  });
});
