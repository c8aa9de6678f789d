import type { Participant } from '@weir/protocol';
import { eventually } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { People, type Person } from './people.ts';
import { startTestPlatform, type TestPlatform } from './test-platform.ts';

let platform: TestPlatform;
let people: People;
beforeAll(async () => {
  platform = await startTestPlatform();
  people = await People.of(platform);
});
afterAll(async () => {
  await people?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

const slow = { timeoutMs: 20_000 };
const admin = { grants: { admin: true } };

const idOf = (person: Person) => person.page.evaluate(() => seat.room.local.participantId);
const statusOf = (person: Person) => person.page.evaluate(() => seat.room.status);
const logOf = async (person: Person, type: string) =>
  (await person.log()).filter((line) => line.startsWith(type));
const identitiesSeenBy = (person: Person) =>
  person.page.evaluate(() => [...seat.room.remotes.values()].map(({ identity }) => identity));

/** How trying to publish ends: `ok` or the code of the error. */
const publishCamera = (person: Person) =>
  person.page.evaluate(() => seat.outcome(() => seat.publishCamera()));
const publishTone = (person: Person) => person.page.evaluate(() => seat.outcome(() => seat.publishTone()));
const say = (person: Person, text: string) =>
  person.page.evaluate((text) => seat.outcome(() => seat.room.sendMessage('chat', text)), text);

async function together(...all: Promise<Person>[]): Promise<Person[]> {
  return Promise.all(all);
}

describe('[A1] [SG21] the lobby', () => {
  test('who waits sees nothing; admitted it is in the call, refused it is told so', async () => {
    const room = 'lobby';
    const host = await people.join('host', { room, ...admin });
    await host.page.evaluate(() => seat.publishCamera());
    await host.page.evaluate(() => seat.room.moderation.updateSettings({ lobby: true }));
    const [guest, stranger, friend] = await together(
      people.join('guest', { room, away: true }),
      people.join('stranger', { room, away: true }),
      people.join('friend', { room, grants: { bypassLobby: true } }),
    );
    const waits = (person: Person) =>
      person.page.evaluate((options) => seat.joinError(options), person.roomOptions);
    const ends = { guest: waits(guest!), stranger: waits(stranger!) };
    for (const identity of ['guest', 'stranger'])
      await eventually(async () => {
        const lobby = await host.page.evaluate(() => seat.room.lobby.map((waiting) => waiting.identity));
        return lobby.includes(identity) || `the lobby holds ${lobby}`;
      });
    expect(await logOf(host, 'lobbyChanged')).toContainEqual(expect.stringMatching(/guest|stranger/));
    expect(await statusOf(guest!)).toBe('waiting');
    expect(await identitiesSeenBy(guest!)).toEqual([]);
    expect(await identitiesSeenBy(host)).toEqual(['friend']);
    expect(await friend!.page.evaluate(() => seat.room.lobby.length)).toBe(0); // Not for its eyes.

    const decide = (by: Person, verb: 'admit' | 'refuse', identity: string) =>
      by.page.evaluate(({ verb, id }) => seat.outcome(() => seat.room.moderation[verb](id)), {
        verb,
        id: waitingIds[identity]!,
      });
    const waitingIds: Record<string, string> = await host.page.evaluate(() =>
      Object.fromEntries(seat.room.lobby.map(({ identity, participantId }) => [identity, participantId])),
    );
    expect(await decide(friend!, 'admit', 'guest')).toBe('forbidden');
    expect(await statusOf(guest!)).toBe('waiting');
    expect(await decide(host, 'admit', 'guest')).toBe('ok');
    expect(await decide(host, 'refuse', 'stranger')).toBe('ok');
    expect(await ends.guest).toBe('joined');
    expect(await ends.stranger).toBe('lobby-refused');
    await eventually(() => guest!.sees(host), slow);
    expect(await decide(host, 'admit', 'stranger')).toBe('participant-not-found');
    await eventually(
      async () => (await host.page.evaluate(() => seat.room.lobby.length)) === 0 || 'not empty',
    );
    expect(await identitiesSeenBy(host)).not.toContain('stranger');
    await Promise.all([host, guest!, stranger!, friend!].map((person) => person.close()));
  });
});

describe('[A1] grants', () => {
  test('[SG30] only what they allow can be published or said', async () => {
    const room = 'grants';
    const [silent, speaker, mute, free] = await together(
      people.join('silent', { room, grants: { publish: false } }),
      people.join('speaker', { room, grants: { publish: ['microphone'] } }),
      people.join('mute', { room, grants: { data: false } }),
      people.join('free', { room }),
    );
    expect(await publishCamera(silent!)).toBe('forbidden');
    expect(await publishTone(silent!)).toBe('forbidden');
    expect(await publishCamera(speaker!)).toBe('forbidden');
    expect(await publishTone(speaker!)).toBe('ok');
    expect(await say(mute!, 'not allowed')).toBe('forbidden');
    const openChannel = (person: Person) =>
      person.page.evaluate(() =>
        seat.outcome(() => seat.room.openSampleChannel({ name: 'pulse', maxAgeMs: 200 })),
      );
    expect(await openChannel(mute!)).toBe('forbidden');
    expect(await publishCamera(mute!)).toBe('ok');
    expect([await publishCamera(free!), await openChannel(free!), await say(free!, 'allowed')]).toEqual([
      'ok',
      'ok',
      'ok',
    ]);
    await eventually(async () => (await silent!.log()).includes('data allowed') || 'nothing heard');
    expect(await silent!.log()).not.toContain('data not allowed');
    const published = await free!.page.evaluate(() =>
      [...seat.room.remotes.values()].flatMap(({ identity, publications }) =>
        [...publications.values()].map(({ source }) => `${identity} ${source}`),
      ),
    );
    expect(published.sort()).toEqual(['mute camera', 'speaker microphone']);
    await Promise.all([silent!, speaker!, mute!, free!].map((person) => person.close()));
  });

  test('[SG38] a hidden participant sees and is not seen; one without subscribe receives nothing', async () => {
    const room = 'hidden';
    const [alice, hidden, blind] = await together(
      people.join('alice', { room }),
      people.join('hidden', { room, grants: { hidden: true } }),
      people.join('blind', { room, grants: { subscribe: false } }),
    );
    await alice!.page.evaluate(() => seat.publishCamera());
    await eventually(() => hidden!.sees(alice!), slow);
    expect(await publishCamera(hidden!)).toBe('forbidden');
    expect(await identitiesSeenBy(alice!)).toEqual(['blind']);
    expect(await identitiesSeenBy(blind!)).toEqual(['alice']);
    expect(await blind!.page.evaluate(() => seat.publication('alice')?.source)).toBe('camera');
    expect(await blind!.sees(alice!)).toMatch('not subscribed');
    await blind!.page.evaluate(() => seat.outcome(() => seat.publication('alice')!.setSubscribed(true)));
    expect(await blind!.page.evaluate(() => seat.inbound('alice'))).toEqual({});
    await hidden!.close();
    await alice!.page.evaluate(() => seat.room.sendMessage('chat', 'after'));
    expect(await logOf(alice!, 'participantLeft')).toEqual([]);
    await Promise.all([alice!, blind!].map((person) => person.close()));
  });

  test('[SG37] taken away in the call, they hold at once', async () => {
    const room = 'withdrawn';
    const [host, bob] = await together(people.join('host', { room, ...admin }), people.join('bob', { room }));
    await Promise.all([host!, bob!].map((person) => person.page.evaluate(() => seat.publishCamera())));
    await eventually(() => host!.sees(bob!), slow);
    await eventually(() => bob!.sees(host!), slow);
    const setGrants = async (grants: Partial<Participant['grants']>) =>
      host!.page.evaluate(
        ({ id, grants }) => seat.outcome(() => seat.room.moderation.setGrants(id, grants)),
        { id: await idOf(bob!), grants },
      );
    expect(await setGrants({ publish: false })).toBe('ok');
    await eventually(async () => /publishes no camera/.test(String(await host!.sees(bob!))) || 'still there');
    await eventually(async () => {
      const own = await bob!.page.evaluate(() => seat.room.local.publications.size);
      return own === 0 || `bob believes to publish ${own} tracks`;
    });
    expect(await publishCamera(bob!)).toBe('forbidden');
    expect(await setGrants({ subscribe: false })).toBe('ok');
    const packets = () => bob!.page.evaluate(() => seat.packetsReceived());
    await eventually(
      async () => /not subscribed|no picture/.test(String(await bob!.sees(host!))) || 'still shown',
    );
    const before = await packets();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await packets()) - before, 'video packets after the withdrawal').toBeLessThan(15);
    expect(await setGrants({ publish: true, subscribe: true })).toBe('ok');
    await eventually(() => bob!.sees(host!), slow);
    expect(await publishCamera(bob!)).toBe('ok');
    await eventually(() => host!.sees(bob!), slow);
    await Promise.all([host!, bob!].map((person) => person.close()));
  });
});

describe('[A1] moderators', () => {
  test('[SG36] their mute stops the media on the server, and only they can lift it', async () => {
    const room = 'mute';
    const [host, bob] = await together(people.join('host', { room, ...admin }), people.join('bob', { room }));
    await bob!.page.evaluate(() => seat.publishTone());
    await eventually(async () => (await host!.hears(bob!)) > -65 || 'the host hears no tone', slow);
    const mute = (muted: boolean) =>
      host!.page.evaluate(
        (muted) =>
          seat.outcome(() =>
            seat.room.moderation.mute(seat.publication('bob', 'microphone')!.trackId, muted),
          ),
        muted,
      );
    const unmute = () =>
      bob!.page.evaluate(() =>
        seat.outcome(() => seat.room.local.publication('microphone')!.setMuted(false)),
      );
    const mutedBy = () => bob!.page.evaluate(() => seat.room.local.publication('microphone')?.mutedBy);
    const received = () =>
      host!.page.evaluate(async () => Number((await seat.inbound('bob', 'microphone')).packetsReceived ?? 0));

    expect(await mute(true)).toBe('ok');
    await eventually(async () => (await mutedBy()) === 'moderator' || 'bob does not know');
    expect(await unmute()).toBe('muted-by-moderator');
    const viaServer = await bob!.page.evaluate(() => {
      const publication = seat.room.local.publication('microphone')!;
      const { mutedBy: _, ...info } = publication.info; // A page that will not see that it is muted.
      publication.info = info;
      return seat.outcome(() => publication.setMuted(false));
    });
    expect(viaServer).toBe('muted-by-moderator');
    const sent = await bob!.page.evaluate(async () => {
      const publication = seat.room.local.publication('microphone')!;
      publication.mediaTrack!.enabled = true; // … and that sends all the same.
      publication.production!.setPaused(false);
      return Number((await seat.outbound('audio'))[0]?.packetsSent);
    });
    const before = await received();
    await eventually(async () => {
      const now = await bob!.page.evaluate(async () =>
        Number((await seat.outbound('audio'))[0]?.packetsSent),
      );
      return now > sent + 25 || 'the page does not send';
    });
    expect((await received()) - before).toBeLessThan(3); // What was under way.

    expect(await mute(false)).toBe('ok');
    await eventually(async () => (await mutedBy()) === 'self' || 'not lifted');
    expect(await host!.page.evaluate(() => seat.publication('bob', 'microphone')?.muted)).toBe(true);
    expect(await unmute()).toBe('ok');
    await eventually(async () => (await host!.hears(bob!)) > -65 || 'the host hears no tone', slow);
    await Promise.all([host!, bob!].map((person) => person.close()));
  });

  test('[SG37] whoever is none is refused every one of their actions', async () => {
    const room = 'no-admin';
    const [alice, bob] = await together(people.join('alice', { room }), people.join('bob', { room }));
    await alice!.page.evaluate(() => seat.publishTone());
    await eventually(async () => (await bob!.hears(alice!)) > -65 || 'bob hears no tone', slow);
    const outcomes = await bob!.page.evaluate(
      async (id) => {
        const { moderation } = seat.room;
        const trackId = seat.publication('alice', 'microphone')!.trackId;
        const attempts = {
          mute: () => moderation.mute(trackId),
          remove: () => moderation.remove(id),
          promoteMyself: () => moderation.setGrants(seat.room.local.participantId, { admin: true }),
          admit: () => moderation.admit(id),
          refuse: () => moderation.refuse(id),
          updateSettings: () => moderation.updateSettings({ maxParticipants: 1 }),
          endRoom: () => moderation.endRoom(),
        };
        const codes: Record<string, string> = {};
        for (const [name, attempt] of Object.entries(attempts)) codes[name] = await seat.outcome(attempt);
        return codes;
      },
      await idOf(alice!),
    );
    expect(new Set(Object.values(outcomes))).toEqual(new Set(['forbidden']));
    expect(await bob!.hears(alice!)).toBeGreaterThan(-65);
    await Promise.all([alice!, bob!].map((person) => person.close()));
  });

  test('[SG37] remove one, then end the room for all', async () => {
    const room = 'removal';
    const [host, bob, carol] = await together(
      people.join('host', { room, ...admin }),
      people.join('bob', { room }),
      people.join('carol', { room }),
    );
    await bob!.page.evaluate(() => seat.publishCamera());
    await eventually(() => carol!.sees(bob!), slow);
    const bobId = await idOf(bob!);
    const remove = () =>
      host!.page.evaluate((id) => seat.outcome(() => seat.room.moderation.remove(id)), bobId);
    expect(await remove()).toBe('ok');
    await eventually(async () => (await bob!.log()).includes('closed removed') || 'bob is still there');
    await eventually(
      async () => (await carol!.log()).includes('participantLeft bob removed') || 'carol sees bob',
    );
    expect(await remove()).toBe('participant-not-found');
    expect(await statusOf(bob!)).toBe('closed');
    expect(await host!.page.evaluate(() => seat.outcome(() => seat.room.moderation.endRoom()))).toBe('ok');
    for (const person of [host!, carol!])
      await eventually(async () => (await person.log()).includes('closed room-ended') || 'still open');
    await Promise.all([host!, bob!, carol!].map((person) => person.close()));
  });
});

describe('[A1] [DI3] moderation over HTTP', () => {
  /** As the API key, unless a token is given. */
  async function call(method: string, path: string, body?: object, token?: string) {
    const { id, secret } = platform.apiKey;
    const response = await fetch(new URL(path, platform.urls.local), {
      method,
      headers: {
        authorization: token ? `Bearer ${token}` : `Basic ${btoa(`${id}:${secret}`)}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined };
  }

  test('set up with a lobby, admit, mute, withdraw grants, say something, remove, end', async () => {
    const room = 'over-http';
    const base = `/v1/rooms/${room}`;
    expect((await call('POST', '/v1/rooms', { roomId: room, settings: { lobby: true } })).status).toBe(201);
    const bob = await people.join('bob', { room, away: true });
    const joining = bob.join();
    const waiting = await eventually(async () => {
      const { body } = await call('GET', `${base}/lobby`);
      return body.waiting?.find(({ identity }: { identity: string }) => identity === 'bob') ?? 'nobody waits';
    });
    expect((await call('POST', `${base}/lobby/${waiting.participantId}/admit`)).status).toBe(204);
    const bobId = await joining;
    expect(bobId).toBe(waiting.participantId);
    const alice = await people.join('alice', { room, grants: { bypassLobby: true } });
    await bob.page.evaluate(() => seat.publishTone());
    await eventually(async () => (await alice.hears(bob)) > -65 || 'alice hears no tone', slow);

    const trackId = await bob.page.evaluate(() => seat.room.local.publication('microphone')!.trackId);
    const muting = `${base}/tracks/${trackId}/mute`;
    expect(await call('POST', muting, { muted: true })).toMatchObject({
      status: 200,
      body: { mutedBy: 'moderator' },
    });
    await eventually(async () => (await alice.hears(bob)) < -80 || 'alice still hears bob');
    const unmuted = await bob.page.evaluate(() =>
      seat.outcome(() => seat.room.local.publication('microphone')!.setMuted(false)),
    );
    expect(unmuted).toBe('muted-by-moderator');

    const withdrawn = await call('PATCH', `${base}/participants/${bobId}`, { grants: { publish: false } });
    expect(withdrawn).toMatchObject({
      status: 200,
      body: { grants: { publish: false, data: true }, tracks: [] },
    });
    expect(await publishCamera(bob)).toBe('forbidden');

    const message = { topic: 'notice', payload: 'the room closes soon' };
    expect((await call('POST', `${base}/data`, message)).status).toBe(200);
    await eventually(
      async () => (await alice.log()).includes('data the room closes soon') || 'alice has not heard it',
    );

    expect((await call('DELETE', `${base}/participants/${bobId}`)).status).toBe(204);
    await eventually(async () => (await bob.log()).includes('closed removed') || 'bob is still there');
    expect((await call('DELETE', base)).status).toBe(204);
    await eventually(async () => (await alice.log()).includes('closed room-ended') || 'alice is still there');
    expect((await call('GET', base)).body).toMatchObject({ code: 'room-not-found' });
    await Promise.all([alice.close(), bob.close()]);
  });

  test('an admin of the room may do it with the join token; others, and admins of other rooms, may not', async () => {
    const room = 'by-token';
    const alice = await people.join('alice', { room });
    const id = await idOf(alice);
    const remove = (token: string) =>
      call('DELETE', `/v1/rooms/${room}/participants/${id}`, undefined, token);
    const refused = { status: 403, body: { code: 'forbidden' } };
    expect(await remove(await people.token('bob', { room }))).toMatchObject(refused);
    expect(await remove(await people.token('bob', { room: 'elsewhere', ...admin }))).toMatchObject(refused);
    expect(await remove('nonsense')).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(await statusOf(alice)).toBe('connected');
    expect((await remove(await people.token('host', { room, ...admin }))).status).toBe(204);
    await eventually(async () => (await alice.log()).includes('closed removed') || 'alice is still there');
    await alice.close();
  });
});
