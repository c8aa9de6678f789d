import { describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import {
  Attributes,
  DataMessage,
  Grants,
  GrantsUpdate,
  Metadata,
  mayPublish,
  RoomId,
  RoomSettings,
  RoomSettingsUpdate,
  type Source,
} from './room.ts';

describe('grants', () => {
  test('an ordinary participant publishes, subscribes and sends data, and no more', () => {
    expect(Grants.parse({})).toEqual({
      publish: true,
      subscribe: true,
      data: true,
      hidden: false,
      admin: false,
      bypassLobby: false,
    });
  });

  test.each<[grants: object, allowed: Source[]]>([
    [{}, ['camera', 'microphone', 'screen', 'screen-audio', 'data']],
    [{ publish: false }, ['data']],
    [{ publish: ['microphone'] }, ['microphone', 'data']],
    [{ publish: [], data: false }, []],
    [{ data: false }, ['camera', 'microphone', 'screen', 'screen-audio']],
    [{ hidden: true, admin: true }, []],
  ])('%j may publish %j', (grants, allowed) => {
    const sources: Source[] = ['camera', 'microphone', 'screen', 'screen-audio', 'data'];
    expect(sources.filter((source) => mayPublish(Grants.parse(grants), source))).toEqual(allowed);
  });
});

describe('updates', () => {
  test('change what they name and nothing else', () => {
    expect(GrantsUpdate.parse({ admin: true })).toEqual({ admin: true });
    expect(RoomSettingsUpdate.parse({ lobby: true })).toEqual({ lobby: true });
    expect(GrantsUpdate.parse({})).toEqual({});
    expect(Object.keys(GrantsUpdate.shape)).toEqual(Object.keys(Grants.shape));
    expect(Object.keys(RoomSettingsUpdate.shape)).toEqual(Object.keys(RoomSettings.shape));
  });

  test('are checked like the whole', () => {
    for (const update of [{ admin: 1 }, { publish: ['cam'] }, { publish: 'all' }])
      expect(GrantsUpdate.safeParse(update).success).toBe(false);
    for (const update of [{ maxParticipants: 0 }, { maxParticipants: 1.5 }, { emptyTimeoutSeconds: -1 }])
      expect(RoomSettingsUpdate.safeParse(update).success).toBe(false);
  });
});

test.each(['room-1', 'Visite_3', 'Geburtshilfe.Süd', '会議室', '~', 'a'.repeat(64)])(
  '%s names a room',
  (name) => {
    expect(RoomId.safeParse(name).success).toBe(true);
  },
);
test.each(['', 'a b', 'a/b', '../a', 'a?b', 'a#b', 'a\n', '<a>', 'a'.repeat(65)])('%j names none', (name) => {
  expect(RoomId.safeParse(name).success).toBe(false);
});

test('metadata is bounded in bytes, not characters', () => {
  expect(Metadata.safeParse('a'.repeat(limits.metadataBytes)).success).toBe(true);
  expect(Metadata.safeParse('a'.repeat(limits.metadataBytes + 1)).success).toBe(false);
  expect(Metadata.safeParse('ü'.repeat(limits.metadataBytes / 2 + 1)).success).toBe(false);
});

test('attributes are few and small', () => {
  const many = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`key${i}`, 'x']));
  expect(Attributes.safeParse(many(32)).success).toBe(true);
  expect(Attributes.safeParse(many(33)).success).toBe(false);
  expect(Attributes.safeParse({ hand: 'x'.repeat(1025) }).success).toBe(false);
});

test('[SG33] a data message holds its payload as base64, and may come from the HTTP API', () => {
  const message = { messageId: 'm', from: '', topic: 'chat', encoding: 'base64', sentAt: 0 };
  const payload = Buffer.alloc(limits.dataPayloadBytes).toString('base64');
  expect(DataMessage.safeParse({ ...message, payload }).success).toBe(true);
  expect(DataMessage.safeParse({ ...message, payload: `${payload}A` }).success).toBe(false);
});
