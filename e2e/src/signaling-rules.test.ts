import { once } from 'node:events';
import { connect } from 'node:net';
import { limits } from '@weir/protocol';
import { eventually } from '@weir/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { type Answer, signalingWorld } from './signaling-world.ts';

let world: Awaited<ReturnType<typeof signalingWorld>>;
const setUp = async (...args: Parameters<typeof signalingWorld>) => {
  world = await signalingWorld(...args);
  return world;
};
afterEach(() => world?.close());

const message = (messageId: string, payload = messageId) => ({
  messageId,
  topic: 't',
  payload,
  encoding: 'utf8',
});
const video = {
  kind: 'video',
  source: 'camera',
  rtpParameters: { codecs: [{ mimeType: 'video/VP8', payloadType: 100, clockRate: 90_000 }] },
};
type Joined = Awaited<ReturnType<typeof world.join>>;
const mediaOf = (answer: Answer) =>
  (answer.result as { media: { mediaSessionId: string } }).media.mediaSessionId;
const trackOf = (answer: Answer) => (answer.result as { track: { trackId: string; epoch: number } }).track;
const types = (client: Joined) => client.events().map(({ event }) => event.type);

/** A WebSocket handshake by hand, and then silence: it neither reads nor answers pings. */
async function silentSocket(url: string) {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: weir.v1\r\n\r\n',
  );
  await once(socket, 'data');
  return socket;
}

/** A text frame of a client (RFC 6455, section 5.2), masked with zeros. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255, 0, 0, 0, 0]);
  return Buffer.concat([header, payload]);
}

describe('the connection', () => {
  test('[SG12] a reader that stands still is cut off, resumes, and has missed nothing', async () => {
    const { url, seat, join, open } = await setUp();
    const credentials = await seat('slow');
    const slow = await silentSocket(url);
    slow.write(frame(JSON.stringify({ id: 1, method: 'session.join', params: credentials })));
    await once(slow, 'data');
    slow.pause();
    const talker = await join('talker');
    const payload = 'x'.repeat(limits.dataPayloadBytes);
    let sent = 0;
    const ended = once(slow, 'close');
    // The kernel's buffers come first: some megabytes on loopback.
    for (; sent < 1_500 && world.signaling.connectionCount === 2; sent++) {
      await world.rooms.sendData('room', { ...message(`m${sent}`, payload), encoding: 'utf8', from: 'api' });
      await new Promise((resolve) => setTimeout(resolve, 1)); // The talker, in this process too, reads on.
    }
    expect(world.signaling.connectionCount).toBe(1);
    slow.resume();
    await ended;
    const back = await open();
    const answer = await back.call('session.resume', { ...credentials, revision: 0, mediaSessionId: 'gone' });
    expect(answer.result?.status).toBe('joined');
    expect(talker.closed()).toBeUndefined();
  }, 60_000);

  test('[SG14] a socket that answers nothing for 10 s is cut off', async () => {
    const { url } = await setUp();
    const socket = await silentSocket(url);
    socket.resume(); // It reads, and does not answer.
    await Promise.race([
      once(socket, 'close'),
      new Promise((_, reject) => setTimeout(() => reject(new Error('still open after 14 s')), 14_000)),
    ]);
    await eventually(() => world.signaling.connectionCount === 0);
  }, 20_000);

  test('[SG15] another subprotocol is not taken', async () => {
    const { url } = await setUp();
    const socket = new WebSocket(url, 'weir.v0');
    await new Promise((resolve) => socket.addEventListener('close', resolve, { once: true }));
    expect(world.signaling.connectionCount).toBe(0);
  });

  test('[SG59][SG20] a client of the next version is taken at this one’s, and what it says besides is passed over', async () => {
    const { url, seat } = await setUp();
    const socket = new WebSocket(url, ['weir.v2', 'weir.v1']);
    const answers: Answer[] = [];
    socket.addEventListener('message', ({ data }) => answers.push(JSON.parse(String(data))));
    await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
    expect(socket.protocol).toBe('weir.v1');
    const say = (more: object) => socket.send(JSON.stringify(more));
    say({ method: 'weather.changed', params: {} });
    say({ id: 1, method: 'weather.ask', params: {} });
    const params = { ...(await seat('alice')), hologram: { size: 3 } };
    say({ id: 2, method: 'session.join', params, hint: 'new' });
    const answer = (id: number) => eventually(() => answers.find((one) => one.id === id) ?? 'no answer');
    expect((await answer(1)).error?.code).toBe('unknown-method');
    expect((await answer(2)).result?.status).toBe('joined');
    socket.close();
  });

  test('an upgrade at any other path is refused', async () => {
    const { url } = await setUp();
    const socket = new WebSocket(new URL('/elsewhere', url), 'weir.v1');
    await new Promise((resolve) => socket.addEventListener('error', resolve, { once: true }));
    expect(socket.readyState).toBe(WebSocket.CLOSED);
  });

  test('[SG16] after a refused join the connection may try again', async () => {
    const { open, seat } = await setUp();
    const client = await open();
    const credentials = await seat('alice');
    expect((await client.call('session.join', { ...credentials, secret: 's' })).error?.code).toBe(
      'session-unknown',
    );
    expect((await client.call('session.join', credentials)).result?.status).toBe('joined');
  });

  test('[SG8] the server answers a request of its own client that ended the room before it closes', async () => {
    const { join } = await setUp();
    const admin = await join('admin', { admin: true });
    expect((await admin.call('room.end', {})).result).toEqual({});
    await eventually(() => admin.closed()?.reason === 'room-ended');
  });
});

describe('joining', () => {
  test('[SG19] each change has a greater revision than the snapshot, in order, each once', async () => {
    const { join, rooms } = await setUp();
    const alice = await join('alice');
    const { snapshot } = alice.answer.result as { snapshot: { revision: number } };
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        rooms.sendData('room', { ...message(`m${i}`), encoding: 'utf8', from: 'api' }),
      ),
    );
    await eventually(() => alice.events().length === 50);
    const revisions = alice.events().map(({ revision }) => revision);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    expect(new Set(revisions).size).toBe(50);
    expect(revisions[0]).toBeGreaterThan(snapshot.revision);
  });

  test('[SG21] who waits in the lobby learns nothing; admitted it enters, refused it is closed', async () => {
    const { join, rooms } = await setUp({ lobby: true });
    const admin = await join('admin', { admin: true });
    const patient = await join('patient');
    const stranger = await join('stranger');
    expect(patient.answer.result).toEqual({
      status: 'waiting',
      participantId: patient.credentials.participantId,
    });
    await rooms.sendData('room', { ...message('secret'), encoding: 'utf8', from: 'api' });
    await eventually(() => types(admin).filter((type) => type === 'lobbyEntered').length === 2);
    expect((await patient.call('track.publish', video)).error?.code).toBe('wrong-state');
    expect((await patient.call('session.enter', {})).error?.code).toBe('wrong-state');
    await admin.call('lobby.admit', { participantId: patient.credentials.participantId });
    await eventually(() => patient.notices('session.admitted').length === 1);
    expect(patient.events()).toEqual([]);
    expect((await patient.call('session.enter', {})).result?.status).toBe('joined');
    await admin.call('lobby.refuse', { participantId: stranger.credentials.participantId });
    await eventually(() => stranger.closed()?.reason === 'lobby-refused');
    expect(stranger.events()).toEqual([]);
  });

  test('[SG27] the same identity joining again ends the earlier seat', async () => {
    const { join } = await setUp();
    const bob = await join('bob');
    const first = await join('alice');
    await join('alice');
    await eventually(() => first.closed()?.reason === 'session-replaced');
    const left = () => bob.events().find(({ event }) => event.type === 'participantLeft');
    await eventually(() => left() !== undefined);
    expect(left()?.event).toMatchObject({
      participantId: first.credentials.participantId,
      reason: 'replaced',
    });
  });
});

describe('resuming', () => {
  test('[SG23][SG24] with the media alive only what was missed is told, in order', async () => {
    const { join, open, rooms } = await setUp();
    const alice = await join('alice');
    const { snapshot } = alice.answer.result as { snapshot: { revision: number } };
    alice.socket.close();
    for (let i = 0; i < 5; i++)
      await rooms.sendData('room', { ...message(`m${i}`), encoding: 'utf8', from: 'api' });
    const back = await open();
    const { result } = await back.call('session.resume', {
      ...alice.credentials,
      revision: snapshot.revision,
      mediaSessionId: mediaOf(alice.answer),
    });
    expect(result?.status).toBe('resumed');
    const { events } = (result as { missed: { events: { event: { message: { payload: string } } }[] } })
      .missed;
    expect(events.map(({ event }) => event.message.payload)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
  });

  test('[SG24] beyond what is kept there is a snapshot', async () => {
    const { join, open, rooms } = await setUp();
    const alice = await join('alice');
    alice.socket.close();
    for (let i = 0; i <= limits.roomLogEvents; i++)
      await rooms.sendData('room', { ...message(`m${i}`), encoding: 'utf8', from: 'api' });
    const back = await open();
    const media = mediaOf(alice.answer);
    const { result } = await back.call('session.resume', {
      ...alice.credentials,
      revision: 3,
      mediaSessionId: media,
    });
    expect(result).toMatchObject({
      status: 'resumed',
      missed: { snapshot: { participants: [{ identity: 'alice' }] } },
    });
  });

  test('[SG23] grants that were widened meanwhile bring new media', async () => {
    const { join, open, rooms } = await setUp();
    const listener = { publish: false, data: false } as const;
    const alice = await join('alice', listener);
    expect(alice.answer.result).toMatchObject({ media: { send: null } });
    alice.socket.close();
    await rooms.setGrants('room', alice.credentials.participantId, { publish: true });
    const back = await open();
    const { result } = await back.call('session.resume', {
      ...alice.credentials,
      revision: 1,
      mediaSessionId: mediaOf(alice.answer),
    });
    expect(result).toMatchObject({ status: 'joined', media: { send: { id: 'transport' } } });
  });

  test('[SG25] with the media gone the tracks stay; after a reload they do not', async () => {
    const { join, open, media } = await setUp();
    const alice = await join('alice');
    const { trackId } = trackOf(await alice.call('track.publish', video));
    alice.socket.close();
    media.sessions.clear();
    const back = await open();
    const joined = await back.call('session.resume', {
      ...alice.credentials,
      revision: 1,
      mediaSessionId: 'gone',
    });
    expect(joined.result).toMatchObject({ status: 'joined', snapshot: { tracks: [{ trackId }] } });
    expect(trackOf(await back.call('track.publish', { ...video, trackId }))).toMatchObject({
      trackId,
      epoch: 2,
    });
    back.socket.close();
    const reloaded = await open();
    const fresh = await reloaded.call('session.resume', { ...alice.credentials, revision: 0 });
    expect(fresh.result).toMatchObject({ status: 'joined', snapshot: { tracks: [] } });
  });

  test('[SG22] a page that goes (1001) is told as reconnecting at once, another loss after a moment', async () => {
    const { join } = await setUp();
    const bob = await join('bob');
    const page = await join('page');
    const wire = await join('wire');
    const told = (identity: string) =>
      bob
        .events()
        .some(
          ({ event }) =>
            event.type === 'participantUpdated' &&
            event.participant.identity === identity &&
            event.participant.status === 'reconnecting',
        );
    const since = Date.now();
    // Browsers send 1001; the WebSocket API itself only takes 1000 and from 3000 on.
    page.socket.close(1000);
    wire.socket.close(3999);
    await eventually(() => told('page') && told('wire'));
    expect(Date.now() - since).toBeGreaterThanOrEqual(limits.reconnectingGraceMs - 50);
  });
});

describe('media and moderation', () => {
  test('[SG31] one track anew: same id, greater epoch; nobody else’s, and none that is gone', async () => {
    const { join } = await setUp();
    const alice = await join('alice');
    const mallory = await join('mallory');
    const { trackId } = trackOf(await alice.call('track.publish', video));
    expect(trackOf(await alice.call('track.publish', { ...video, trackId })).epoch).toBe(2);
    expect((await mallory.call('track.publish', { ...video, trackId })).error?.code).toBe('forbidden');
    await alice.call('track.unpublish', { trackId });
    expect((await alice.call('track.publish', { ...video, trackId })).error?.code).toBe('track-not-found');
  });

  test('[SG70] asked for again under its name, also at the same time, it is one track, and nobody else’s', async () => {
    const { join, open } = await setUp();
    const alice = await join('alice');
    const bob = await join('bob');
    const named = { ...video, publishId: 'p_12345678' };
    const { trackId } = trackOf(await alice.call('track.publish', named));
    expect(trackOf(await bob.call('track.publish', named)).trackId).not.toBe(trackId);

    const back = await open();
    const revision = alice.events().at(-1)!.revision;
    await back.call('session.resume', {
      ...alice.credentials,
      revision,
      mediaSessionId: mediaOf(alice.answer),
    });
    const twice = await Promise.all([1, 2].map(() => back.call('track.publish', named)));
    expect(twice.map(({ error }) => error)).toEqual([undefined, undefined]);
    expect(twice.map((answer) => trackOf(answer).trackId)).toEqual([trackId, trackId]);
    expect(new Set(twice.map((answer) => trackOf(answer).epoch))).toEqual(new Set([2, 3]));
    expect(types(bob).filter((type) => type === 'trackPublished')).toHaveLength(2);
  });

  test('[SG30] the source decides the kind', async () => {
    const { join } = await setUp();
    const alice = await join('alice');
    expect((await alice.call('track.publish', { ...video, source: 'microphone' })).error?.code).toBe(
      'bad-request',
    );
  });

  test('[SG32] a lost media session is opened anew and told', async () => {
    const { join, media } = await setUp();
    const alice = await join('alice');
    media.loseAll('the worker died');
    await eventually(() => alice.notices('media.reset').length === 1);
    expect(alice.notices('media.reset')[0]?.params).toMatchObject({ reason: 'the worker died' });
    expect(alice.closed()).toBeUndefined();
  });

  test('[SG60] who gets nothing, of a node that does not answer either, gets media elsewhere; not of one that answers', async () => {
    const { join, media, store } = await setUp();
    await store.leases.acquire('media-node:other', 'other', 60_000, '{}');
    const alice = await join('alice');
    await alice.call('media.silent', {});
    expect(alice.notices('media.reset')).toEqual([]);
    media.cutOff.add('scripted');
    await alice.call('media.silent', {});
    await eventually(() => alice.notices('media.reset').length === 1);
    expect(alice.notices('media.reset')[0]?.params).toMatchObject({ media: { nodeId: 'other' } });
    await alice.call('media.silent', {});
    expect(alice.notices('media.reset')).toHaveLength(1);
  });

  test('[SG36] a moderator’s mute cannot be undone; lifted, it is the owner’s', async () => {
    const { join } = await setUp();
    const alice = await join('alice');
    const admin = await join('admin', { admin: true });
    const { trackId } = trackOf(await alice.call('track.publish', video));
    await admin.call('moderation.mute', { trackId, muted: true });
    expect((await alice.call('track.setMuted', { trackId, muted: false })).error?.code).toBe(
      'muted-by-moderator',
    );
    await admin.call('moderation.mute', { trackId, muted: false });
    const updates = () =>
      alice.events().flatMap(({ event }) => (event.type === 'trackUpdated' ? [event.track.mutedBy] : []));
    await eventually(() => updates().length === 2);
    expect(updates()).toEqual(['moderator', 'self']);
    expect((await alice.call('track.setMuted', { trackId, muted: false })).error).toBeUndefined();
  });

  test('[SG37] grants hold at once, and leave the others as they were', async () => {
    const { join, rooms } = await setUp();
    const alice = await join('alice');
    const admin = await join('admin', { admin: true });
    const { participantId } = alice.credentials;
    await alice.call('track.publish', video);
    await admin.call('moderation.setGrants', { participantId, grants: { publish: false } });
    await eventually(() => types(alice).includes('trackUnpublished'));
    expect((await alice.call('track.publish', video)).error?.code).toBe('forbidden');
    expect((await alice.call('data.send', message('m'))).error).toBeUndefined();
    expect((await rooms.read('room')).participant(participantId)?.grants).toMatchObject({
      publish: false,
      data: true,
    });
    await admin.call('moderation.setGrants', { participantId, grants: { admin: true } });
    expect((await alice.call('room.update', { settings: { lobby: true } })).error).toBeUndefined();
    expect((await rooms.read('room')).room?.settings.maxParticipants).toBe(limits.participantsPerRoom);
  });

  test('[SG38] the hidden are seen by nobody but themselves', async () => {
    const { join } = await setUp();
    const alice = await join('alice');
    const auditor = await join('auditor', { hidden: true });
    await auditor.call('participant.update', { displayName: 'nobody' });
    await auditor.call('session.leave', {});
    await join('bob');
    await eventually(() => types(alice).includes('participantJoined'));
    expect(types(alice)).toEqual(['participantJoined']);
    expect(JSON.stringify(alice.answers)).not.toContain('auditor');
  });

  test('[SG44] a thousand changes of preferences go at once, then 200 a second; more are refused as a whole', async () => {
    const { join } = await setUp();
    const [mallory, bob] = [await join('mallory'), await join('bob')];
    const many = (count: number) => ({
      preferences: Array.from({ length: count }, (_, i) => ({ trackId: `t${i}`, maxSpatialLayer: i % 8 })),
    });
    const asked = Array.from({ length: 8 }, () => mallory.call('track.setPreferences', many(500)));
    const codes = (await Promise.all(asked)).map(({ error }) => error?.code ?? 'ok');
    expect(codes.slice(0, 2)).toEqual(['ok', 'ok']);
    expect(codes).toContain('rate-limited');
    expect((await mallory.call('track.setPreferences', many(501))).error?.code).toBe('bad-request');
    expect((await bob.call('track.setPreferences', many(1))).error).toBeUndefined();
    expect(mallory.closed()).toBeUndefined();
  });

  test('[SG33] a message to some is seen by these and its sender only', async () => {
    const { join } = await setUp();
    const [alice, bob, carol] = [await join('alice'), await join('bob'), await join('carol')];
    await alice.call('data.send', { ...message('m1'), to: [bob.credentials.participantId] });
    await alice.call('data.send', message('m2'));
    const ids = (client: Joined) =>
      client
        .events()
        .flatMap(({ event }) => (event.type === 'dataReceived' ? [event.message.messageId] : []));
    await eventually(() => ids(carol).length === 1 && ids(bob).length === 2);
    expect([ids(alice), ids(bob), ids(carol)]).toEqual([['m1', 'm2'], ['m1', 'm2'], ['m2']]);
  });
});
