import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Contract, Handlers } from './contract.ts';
import { type Channel, RpcPeer } from './rpc-peer.ts';
import { type SignalingServer, signalingServer } from './signaling.ts';

/** What the peer may ask, so that answers are fuzzed too. */
const asked = { requests: signalingServer.requests, notifications: {} } as const satisfies Contract;
const methods = Object.keys(signalingServer.requests);

/** A peer with the contract of a signaling node, driven by hand. */
function drivenPeer() {
  const sent: string[] = [];
  const faults: unknown[] = [];
  let receive = (_: string) => {};
  const channel: Channel = {
    send: (text) => sent.push(text),
    close: () => {},
    onMessage: (listener) => {
      receive = listener;
    },
    onClose: () => {},
  };
  const handlers = Object.fromEntries(methods.map((method) => [method, async () => ({})]));
  const peer = new RpcPeer<SignalingServer, typeof asked>(channel, {
    contract: signalingServer,
    handlers: handlers as unknown as Handlers<SignalingServer>,
    notices: {},
    onFault: (_, error) => faults.push(error),
  });
  return { peer, sent, faults, receive: (text: string) => receive(text) };
}

const odd = fc.constantFrom(
  ...[
    '__proto__',
    'constructor',
    'hasOwnProperty',
    'toString',
    'then',
    '',
    '\ud800',
    '\u0000',
    '🫠',
    '\u202e',
    'id',
  ],
);
const text = fc.oneof(odd, fc.string({ unit: 'binary', maxLength: 40 }));
const json = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 5 }),
);
const id = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 50 }) },
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(0, -1, null, '1', true, Number.MAX_SAFE_INTEGER),
);
const good = fc.constantFrom<[method: string, params: object]>(
  ['session.ping', {}],
  ['track.setMuted', { trackId: 't_1', muted: true }],
  ['track.subscribe', { trackIds: ['t_1', 't_2'] }],
  ['lobby.admit', { participantId: 'p_1' }],
  ['data.send', { topic: 'chat', payload: 'hello', encoding: 'utf8' }],
  ['track.publish', { kind: 'audio', source: 'microphone' }],
  ['room.update', { settings: { lobby: true } }],
  [
    'session.resume',
    { roomId: 'r', participantId: 'p', secret: 's', protocolVersion: 1, rtpCapabilities: {}, revision: 0 },
  ],
);
const valid = fc
  .tuple(fc.integer({ min: 1, max: 50 }), good)
  .map(([id, [method, params]]) => ({ id, method, params }));
const request = fc.record(
  {
    id,
    method: fc.oneof(fc.constantFrom(...methods), text),
    params: fc.oneof(
      good.map(([, params]) => params),
      json,
    ),
  },
  { requiredKeys: [] },
);
const answer = fc.record(
  { id, result: json, error: fc.oneof(json, fc.record({ code: fc.oneof(text, json), message: json })) },
  { requiredKeys: ['id'] },
);
const wellFormed = fc.oneof(valid, request, answer, json).map((value) => JSON.stringify(value));
const mutated = fc
  .tuple(
    wellFormed,
    fc.array(fc.tuple(fc.nat(), fc.constantFrom('cut', 'drop', 'put', 'double'), text), { maxLength: 4 }),
  )
  .map(([whole, edits]) =>
    edits.reduce((t, [at, edit, piece]) => {
      const i = at % (t.length + 1);
      if (edit === 'cut') return t.slice(0, i);
      if (edit === 'drop') return t.slice(0, i) + t.slice(i + 1);
      if (edit === 'put') return t.slice(0, i) + piece + t.slice(i);
      return t.slice(0, i) + t;
    }, whole),
  );
const number = fc.constantFrom(
  '1e400',
  '-1e400',
  '9'.repeat(400),
  '-0',
  '1e-400',
  '0.1e1',
  '01',
  'NaN',
  '0x10',
);
const huge = fc
  .tuple(number, number, fc.constantFrom(...methods))
  .map(
    ([n, m, method]) =>
      `{"id":${n},"method":"${method}","params":{"revision":${m},"trackIds":[${m}],"muted":${m}}}`,
  );
const deep = fc
  .tuple(
    fc.integer({ min: 1, max: 16_000 }),
    fc.constantFrom(['[', ']'], ['{"params":', '}']),
    fc.boolean(),
    id,
  )
  .map(([depth, [open, close], closed, n]) => {
    const nested = `${open!.repeat(depth)}1${closed ? close!.repeat(depth) : ''}`;
    return `{"id":${JSON.stringify(n)},"method":"room.update","params":{"settings":${nested}}}`;
  });
const message = fc.oneof(
  { weight: 30, arbitrary: wellFormed },
  { weight: 40, arbitrary: mutated },
  { weight: 15, arbitrary: text },
  { weight: 13, arbitrary: huge },
  { weight: 2, arbitrary: deep },
);

const unhandled: unknown[] = [];
const keep = (error: unknown) => unhandled.push(error);
beforeAll(() => {
  process.on('unhandledRejection', keep);
});
afterAll(() => {
  process.off('unhandledRejection', keep);
});

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('[SG1] whatever is sent, the peer stays up, answers at most once and goes on answering', {
  timeout: 120_000,
}, async () => {
  const { peer, sent, faults, receive } = drivenPeer();
  const used = { ok: 0, 'bad-request': 0, 'unknown-method': 0 } as Record<string, number>;
  await fc.assert(
    fc.asyncProperty(message, async (hostile) => {
      sent.length = 0;
      receive(hostile);
      await turn();
      expect(sent.length).toBeLessThanOrEqual(1);
      for (const reply of sent) {
        const { id, error } = JSON.parse(reply);
        expect(Number.isSafeInteger(id)).toBe(true);
        used[error?.code ?? 'ok'] = (used[error?.code ?? 'ok'] ?? 0) + 1;
      }
      sent.length = 0;
      receive('{"id":51,"method":"session.ping","params":{}}');
      await turn();
      expect(sent).toEqual(['{"id":51,"result":{}}']);
    }),
    { numRuns: 20_000 },
  );
  expect(peer.closed).toBe(false);
  expect(faults).toEqual([]);
  expect(unhandled).toEqual([]);
  // The generator reaches every kind of reply, and no other occurs.
  expect(Object.keys(used).sort()).toEqual(['bad-request', 'ok', 'unknown-method']);
  for (const count of Object.values(used)) expect(count).toBeGreaterThan(500);
});

test('[SG7] whatever comes as an answer settles its request or leaves it to the next', async () => {
  const { peer, sent, receive } = drivenPeer();
  const body = fc.record(
    { result: json, error: fc.oneof(json, fc.record({ code: fc.oneof(text, json), message: json })) },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(body, async (answered) => {
      sent.length = 0;
      const outcome = peer.calls['session.ping']({}).then(
        () => 'result',
        (error) => error.name,
      );
      const { id: asking } = JSON.parse(sent[0]!);
      receive(JSON.stringify({ ...answered, id: asking }));
      receive(JSON.stringify({ id: asking, result: {} }));
      expect(await outcome).toBe((answered.error ?? null) === null ? 'result' : 'PlatformError');
    }),
    { numRuns: 2_000 },
  );
  expect(unhandled).toEqual([]);
});
