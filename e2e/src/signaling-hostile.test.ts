import { limits } from '@weir/protocol';
import { eventually, seededRandom, withSeed } from '@weir/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { HostileMessages } from './hostile-messages.ts';
import { signalingWorld as setUp } from './signaling-world.ts';

let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

describe('[SG7] what does not belong gets a typed error, and only its sender notices', () => {
  test('before joining nothing but joining is answered', async () => {
    const world = await setUp();
    close = world.close;
    const client = await world.open();
    for (const [method, params] of [
      ['track.unpublish', { trackId: 't' }],
      ['data.send', { messageId: 'm', topic: 't', payload: 'p', encoding: 'utf8' }],
      ['room.end', {}],
      ['session.leave', {}],
      ['session.enter', {}],
    ] as const)
      expect((await client.call(method, params)).error?.code).toBe('wrong-state');
  });

  test('a wrong secret, another version, a second join, an unknown room', async () => {
    const world = await setUp();
    close = world.close;
    const credentials = await world.seat('alice');
    const client = await world.open();
    const attempt = (change: object) => client.call('session.join', { ...credentials, ...change });
    expect((await attempt({ secret: 's_guess' })).error?.code).toBe('session-unknown');
    expect((await attempt({ protocolVersion: 99 })).error?.code).toBe('unsupported-version');
    expect((await attempt({ roomId: 'elsewhere' })).error?.code).toBe('room-not-found');
    expect((await attempt({})).result?.status).toBe('joined');
    expect((await attempt({})).error?.code).toBe('wrong-state');
  });

  test('each moderation call is refused without the admin grant, and works with it', async () => {
    const world = await setUp();
    close = world.close;
    const mallory = await world.join('mallory');
    const admin = await world.join('admin', { admin: true });
    const victim = await world.join('victim');
    const { participantId } = victim.credentials;
    const calls: [string, object][] = [
      ['moderation.setGrants', { participantId, grants: { publish: false } }],
      ['moderation.mute', { trackId: 't_none', muted: true }],
      ['lobby.admit', { participantId }],
      ['lobby.refuse', { participantId }],
      ['room.update', { settings: { metadata: 'x' } }],
      ['moderation.remove', { participantId }],
      ['room.end', {}],
    ];
    for (const [method, params] of calls)
      expect((await mallory.call(method, params)).error?.code).toBe('forbidden');
    expect(victim.closed()).toBeUndefined();
    expect((await admin.call('moderation.remove', { participantId })).error).toBeUndefined();
    await eventually(() => victim.closed()?.reason === 'removed');
    expect(victim.closed()?.code).toBe(4403);
    expect((await admin.call('room.end', {})).error).toBeUndefined();
    await eventually(() => mallory.closed()?.reason === 'room-ended');
  });

  test('a participant without the data or publish grant is refused on the server', async () => {
    const world = await setUp();
    close = world.close;
    const watcher = await world.join('watcher', { data: false, publish: false, subscribe: false });
    const message = { messageId: 'm', topic: 't', payload: 'p', encoding: 'utf8' };
    expect((await watcher.call('data.send', message)).error?.code).toBe('forbidden');
    const rtpParameters = { codecs: [{ mimeType: 'video/VP8', payloadType: 100, clockRate: 90_000 }] };
    const publish = await watcher.call('track.publish', { kind: 'video', source: 'camera', rtpParameters });
    expect(publish.error?.code).toBe('forbidden');
    expect((await watcher.call('track.subscribe', { trackIds: ['t'] })).error?.code).toBe('forbidden');
  });

  test('an oversized message ends the connection, not the node', async () => {
    const world = await setUp();
    close = world.close;
    const client = await world.open();
    client.socket.send('x'.repeat(limits.clientMessageBytes + 1));
    await eventually(() => client.closed()?.code === 1009);
    expect((await world.join('alice')).answer.result?.status).toBe('joined');
  });

  test('a flood is refused by rate, then cut off', async () => {
    const world = await setUp();
    close = world.close;
    const { socket, answers, closed } = await world.join('mallory');
    for (let i = 1; i < 2_000 && !closed(); i++)
      socket.send(JSON.stringify({ id: i, method: 'session.ping', params: {} }));
    await eventually(() => closed()?.reason === 'rate-limited');
    expect(answers.some((answer) => answer.error?.code === 'rate-limited')).toBe(true);
  });

  test('a socket that never joins is closed', async () => {
    const world = await setUp();
    close = world.close;
    const client = await world.open();
    await eventually(() => client.closed()?.reason === 'timeout', {
      timeoutMs: limits.unauthenticatedSocketMs + 3_000,
    });
  });
});

test(
  '[SG1] 100,000 generated messages at a live socket disturb nobody',
  withSeed(async (seed) => {
    const world = await setUp();
    close = world.close;
    const random = seededRandom(seed);
    const messages = new HostileMessages(random);
    const alice = await world.join('alice');
    const bob = await world.join('bob');
    const heapBefore = process.memoryUsage().heapUsed;
    let sent = 0;
    let chats = 0;
    let connection = 0;
    while (sent < 100_000) {
      connection += 1;
      const attacker = connection % 2 ? await world.open() : await world.join(`mallory-${connection}`);
      for (
        let i = 0;
        i < 400 && !attacker.closed() && attacker.socket.readyState === WebSocket.OPEN;
        i++, sent++
      )
        attacker.socket.send(messages.next());
      await eventually(() => attacker.closed() !== undefined || attacker.answers.length > 100, {
        timeoutMs: 10_000,
      });
      attacker.socket.close();
      if (connection % 25 === 0) {
        chats += 1;
        const answer = await alice.call('data.send', {
          messageId: `m${chats}`,
          topic: 'chat',
          payload: `${chats}`,
          encoding: 'utf8',
        });
        expect(answer.error).toBeUndefined();
      }
    }
    const said = () =>
      bob.answers.flatMap((answer) => {
        const event = (
          answer.params as { event?: { type: string; message: { payload: string; from: string } } }
        )?.event;
        return event?.type === 'dataReceived' && event.message.from === alice.credentials.participantId
          ? event.message.payload
          : [];
      });
    await eventually(() => said().length === chats || `bob heard ${said().length} of ${chats}`);
    expect(said()).toEqual(Array.from({ length: chats }, (_, i) => String(i + 1)));
    expect(alice.closed()).toBeUndefined();
    expect(bob.closed()).toBeUndefined();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    await eventually(
      () => world.signaling.connectionCount === 2 || `${world.signaling.connectionCount} connections left`,
    );
    expect(world.signaling.violations.get('bad-request')).toBeGreaterThan(1_000);
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(200e6);
  }),
  180_000,
);
