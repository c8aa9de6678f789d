import { getEventListeners } from 'node:events';
import { Emitter, Lifetime, PlatformError } from '@weir/core';
import type { Track } from '@weir/protocol';
import { expect, test } from 'vitest';
import { LocalParticipant } from './local-participant.ts';
import type { MediaEngine } from './media-engine.ts';
import type { LocalPublication } from './publication.ts';
import type { RoomEvents } from './room-events.ts';
import type { SignalingLink } from './signaling-link.ts';

type Mute = { trackId: string; muted: boolean; by: 'self' | 'device' };
type Persist = (method: string, params: Mute) => Promise<{ track: Track }>;

/** A participant whose `track.publish` is answered with these errors first, then well. */
function participant(
  answers: (PlatformError | undefined)[],
  { persist, announced }: { persist?: Persist; announced?: () => Promise<void> } = {},
) {
  const asked: (string | undefined)[] = [];
  const named: (string | undefined)[] = [];
  const link = Object.assign(new Lifetime(), {
    async persist(method: string, params: Mute | (() => { trackId?: string; publishId?: string })) {
      if (typeof params !== 'function') return persist!(method, params);
      const { trackId, publishId } = params();
      asked.push(trackId);
      named.push(publishId);
      const error = answers.shift();
      if (error) throw error;
      return {
        track: {
          trackId: trackId ?? `t_${asked.length}`,
          kind: 'video',
          source: 'camera',
          muted: false,
        } as Track,
      };
    },
  });
  const engine = {
    async publish(_track: unknown, _options: unknown, announce: (parameters: object) => Promise<void>) {
      await announce({});
      await announced?.();
      return { setPaused: () => {}, replaceTrack: async () => {}, close: () => {} };
    },
  };
  const events = new Emitter<RoomEvents>();
  const unpublished: string[] = [];
  events.on('trackUnpublished', ({ trackId }) => unpublished.push(trackId));
  const local = new LocalParticipant(link as never as SignalingLink, engine as never as MediaEngine, events);
  const track = Object.assign(new EventTarget(), {
    kind: 'video',
    readyState: 'live',
    getSettings: () => ({}),
  });
  const publish = () => local.publish(track as never as MediaStreamTrack, { source: 'camera' });
  return { local, link, track, publish, asked, named, unpublished };
}

test('what cannot be published on new media at once is tried again until it can', async () => {
  const busy = () => new PlatformError('rate-limited', 'too many at a time');
  const { local, link, publish, asked, unpublished } = participant([undefined, busy(), busy()]);
  const { trackId } = await publish();
  await local.republish(new Set([trackId]));
  expect(asked).toEqual([undefined, trackId, trackId, trackId]);
  expect(local.publications.get(trackId)?.production).toBeDefined();
  expect(unpublished).toEqual([]);
  link.close();
});

test('under a new name when the room does not know it any more, and no more when it may not be', async () => {
  const unknown = new PlatformError('track-not-found', 'it is gone');
  const forbidden = new PlatformError('forbidden', 'no more');
  const { local, link, publish, asked, unpublished } = participant([
    undefined,
    unknown,
    undefined,
    forbidden,
  ]);
  const { trackId } = await publish();
  await local.republish(new Set([trackId]));
  expect(asked).toEqual([undefined, trackId, undefined]);
  const [renamed] = [...local.publications.keys()];
  expect(renamed).toBe('t_3');
  await local.republish(new Set(['t_3']));
  expect(local.publications.size).toBe(0);
  expect(unpublished).toEqual(['t_3']);
  link.close();
});

test('another reset of the media takes over from one that is still trying', async () => {
  const lost = () => new PlatformError('media-lost', 'gone again');
  const { local, link, publish, asked } = participant([undefined, lost()]);
  const { trackId } = await publish();
  await Promise.all([local.republish(new Set([trackId])), local.republish(new Set([trackId]))]);
  expect(asked).toEqual([undefined, trackId, trackId]);
  expect(local.publications.get(trackId)?.production).toBeDefined();
  link.close();
});

test('what is refused because its media is gone is asked for again under the same name, and nothing else', async () => {
  const lost = new PlatformError('media-lost', 'gone');
  const full = new PlatformError('limit-reached', 'too many');
  const { link, publish, named } = participant([lost, undefined, full]);
  expect((await publish()).trackId).toBe('t_2');
  await expect(publish()).rejects.toBe(full);
  expect(named.map((name) => named.indexOf(name))).toEqual([0, 0, 2]);
  expect(named).not.toContain(undefined);
  link.close();
});

test('what was on its way while media was set up anew or moved is published over that, too', async () => {
  for (const change of ['republish', 'move'] as const) {
    let changing: Promise<unknown> | undefined;
    const announced = async () => {
      changing ??= change === 'move' ? local.move() : local.republish(new Set());
      await changing;
    };
    const { local, link, publish, asked } = participant([], { announced });
    const { trackId } = await publish();
    await expect.poll(() => asked).toEqual([undefined, trackId]);
    expect([...local.publications.keys()]).toEqual([trackId]);
    link.close();
  }
});

test('a mute and an unmute are told in turn, and what is on its way is not undone by older news', async () => {
  const told: { muted: boolean; answer: (error?: PlatformError) => void }[] = [];
  let publication: LocalPublication | undefined;
  const as = (mutedBy?: Track['mutedBy']): Track => {
    const { mutedBy: _, ...rest } = publication!.info;
    return { ...rest, muted: mutedBy !== undefined, ...(mutedBy ? { mutedBy } : {}) };
  };
  const persist: Persist = (_, { muted, by }) =>
    new Promise((resolve, reject) => {
      const track = as(muted ? by : undefined);
      told.push({ muted, answer: (error) => (error ? reject(error) : resolve({ track })) });
    });
  const { link, publish } = participant([undefined], { persist });
  publication = await publish();
  const turns = () => new Promise((resolve) => setTimeout(resolve, 1));

  const lost = publication.setInterruption('device-lost');
  const back = publication.setInterruption(undefined);
  await turns();
  expect(told.map(({ muted }) => muted)).toEqual([true]);
  publication.accept(as('device')); // The room tells the first of them.
  expect(publication.muted).toBe(false);
  told[0]!.answer();
  await lost;
  expect(publication.muted).toBe(false);
  await turns();
  expect(told.map(({ muted }) => muted)).toEqual([true, false]);

  publication.accept(as('moderator')); // Nothing that is on its way holds a moderator up.
  expect(publication.mutedBy).toBe('moderator');
  told[1]!.answer(new PlatformError('muted-by-moderator', 'a moderator muted this track'));
  await expect(back).rejects.toMatchObject({ code: 'muted-by-moderator' });
  expect(publication.mutedBy).toBe('moderator');
  publication.accept(as('self'));

  const on = publication.setMuted(false);
  await turns();
  told[2]!.answer(new PlatformError('connection-lost', 'no answer'));
  await expect(on).rejects.toMatchObject({ code: 'connection-lost' });
  expect(publication.mutedBy).toBe('self');
  link.close();
});

test('a track that is published again and again is listened to once', async () => {
  const { local, track, publish } = participant([]);
  for (let i = 0; i < 3; i++) {
    const { trackId } = await publish();
    expect(getEventListeners(track, 'ended').length).toBe(1);
    local.withdrawn(trackId);
  }
  expect(getEventListeners(track, 'ended').length).toBe(0);
});
