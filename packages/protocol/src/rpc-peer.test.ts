import { type ErrorCode, errorTable, PlatformError } from '@weir/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { Contract } from './contract.ts';
import { limits } from './limits.ts';
import { type Channel, RpcPeer, type RpcPeerOptions } from './rpc-peer.ts';

const nothing = { requests: {}, notifications: {} } as const satisfies Contract;
const server = {
  requests: {
    'math.add': {
      params: z.object({ a: z.number(), b: z.number().default(1) }),
      result: z.object({ sum: z.number() }),
    },
    'gate.open': { params: z.object({}), result: z.object({}) },
    'fault.raise': { params: z.object({ code: z.string() }), result: z.object({}) },
    'odd.answer': { params: z.object({ kind: z.string() }), result: z.unknown() },
  },
  notifications: { 'note.left': z.object({ text: z.string() }) },
} as const satisfies Contract;
type Server = typeof server;
type Nothing = typeof nothing;

/** One end of a pair; a message arrives at the other in a microtask of its own. */
class End implements Channel {
  readonly sent: string[] = [];
  closedWith?: [code: number, reason: string];
  other!: End;
  readonly #onMessage: ((text: string) => void)[] = [];
  readonly #onClose: ((code: number, reason: string) => void)[] = [];

  send(text: string): void {
    if (this.closedWith) throw new Error('closed');
    this.sent.push(text);
    queueMicrotask(() => {
      for (const listener of this.other.#onMessage) listener(text);
    });
  }

  close(code: number, reason: string): void {
    if (this.closedWith) throw new Error('closed twice');
    this.closedWith = [code, reason];
    queueMicrotask(() => this.other.end(code, reason));
    this.end(code, reason);
  }

  end(code: number, reason: string): void {
    for (const listener of this.#onClose.splice(0)) listener(code, reason);
  }

  onMessage(listener: (text: string) => void): void {
    this.#onMessage.push(listener);
  }

  onClose(listener: (code: number, reason: string) => void): void {
    this.#onClose.push(listener);
  }
}

function channelPair(): [End, End] {
  const [a, b] = [new End(), new End()];
  a.other = b;
  b.other = a;
  return [a, b];
}

function connected(options: Partial<RpcPeerOptions<Server, Nothing>> = {}) {
  const [clientEnd, serverEnd] = channelPair();
  const gate = Promise.withResolvers<Record<string, never>>();
  const notes: string[] = [];
  const violations: PlatformError[] = [];
  const faults: unknown[] = [];
  const serverPeer = new RpcPeer<Server, Nothing>(serverEnd, {
    contract: server,
    handlers: {
      'math.add': async ({ a, b }) => ({ sum: a + b }),
      'gate.open': () => gate.promise,
      'fault.raise': async ({ code }) => {
        if (code === 'plain') throw new Error('the password is swordfish');
        if (code === 'syncless') throw 'swordfish';
        throw new PlatformError(code as ErrorCode, `about ${code}`);
      },
      'odd.answer': async ({ kind }) => {
        const circular: Record<string, unknown> = {};
        circular.self = circular;
        return { bigint: 1n, circular, nothing: undefined }[kind];
      },
    },
    notices: {
      'note.left': ({ text }) => {
        if (text === 'bomb') throw new Error('swordfish');
        notes.push(text);
      },
    },
    onViolation: (error) => violations.push(error),
    onFault: (_, error) => faults.push(error),
    ...options,
  });
  const peer = new RpcPeer<Nothing, Server>(clientEnd, {
    handlers: {},
    notices: {},
    requestTimeoutMs: 1_000,
  });
  /** Sends any text, and answers what came back for it. */
  const raw = async (text: string): Promise<unknown[]> => {
    const before = serverEnd.sent.length;
    clientEnd.send(text);
    await settle();
    return serverEnd.sent.slice(before).map((answer) => JSON.parse(answer));
  };
  return { peer, serverPeer, clientEnd, serverEnd, gate, notes, violations, faults, raw };
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'no error',
    (error) => (error instanceof PlatformError ? error.code : error),
  );

describe('requests', () => {
  test('[SG2] a request is answered with its result', async () => {
    const { peer, clientEnd, serverEnd } = connected();
    expect(await peer.calls['math.add']({ a: 2, b: 3 })).toEqual({ sum: 5 });
    expect(clientEnd.sent.map((text) => JSON.parse(text))).toEqual([
      { id: 1, method: 'math.add', params: { a: 2, b: 3 } },
    ]);
    expect(serverEnd.sent.map((text) => JSON.parse(text))).toEqual([{ id: 1, result: { sum: 5 } }]);
  });

  test('[SG6] handlers get parsed parameters, defaults filled in', async () => {
    const { peer } = connected();
    expect(await peer.request('math.add', { a: 2 })).toEqual({ sum: 3 });
  });

  test('[SG6] wrong parameters are refused and the field is named', async () => {
    const { raw, violations } = connected();
    for (const params of [{ a: '2' }, {}, null, undefined, [], 'text', 7]) {
      const [answer] = await raw(JSON.stringify({ id: 5, method: 'math.add', params }));
      expect(answer).toMatchObject({
        id: 5,
        error: { code: 'bad-request', message: expect.stringContaining('math.add: params') },
      });
    }
    expect(violations).toHaveLength(7);
    const [named] = await raw('{"id":6,"method":"math.add","params":{"a":1,"b":"x"}}');
    expect(named).toMatchObject({ error: { message: expect.stringContaining('params.b') } });
  });

  test('[SG8] answers come in any order and find their requests', async () => {
    const { peer, gate } = connected();
    const slow = peer.calls['gate.open']({});
    expect(await peer.calls['math.add']({ a: 1 })).toEqual({ sum: 2 });
    gate.resolve({});
    expect(await slow).toEqual({});
  });

  test('[SG7] an error of the table arrives with its code and message', async () => {
    const { peer, faults } = connected();
    for (const code of Object.keys(errorTable) as ErrorCode[]) {
      if (code === 'internal') continue;
      await expect(peer.calls['fault.raise']({ code })).rejects.toMatchObject({
        name: 'PlatformError',
        code,
        message: `about ${code}`,
      });
    }
    expect(faults).toEqual([]);
  });

  test.each(['plain', 'syncless', 'internal'])(
    '[SG7] a fault (%s) is internal and tells nothing',
    async (code) => {
      const { peer, serverEnd, faults } = connected();
      await expect(peer.calls['fault.raise']({ code })).rejects.toMatchObject({ code: 'internal' });
      expect(serverEnd.sent.join()).not.toMatch(/swordfish|about/);
      expect(faults).toHaveLength(1);
    },
  );

  test.each(['bigint', 'circular'])('[SG7] a result that is no JSON (%s) is internal', async (kind) => {
    const { peer, faults } = connected();
    expect(await codeOf(peer.calls['odd.answer']({ kind }))).toBe('internal');
    expect(faults).toHaveLength(1);
    expect(await peer.calls['math.add']({ a: 1 })).toEqual({ sum: 2 });
  });

  test('[SG2] an answer always has a result or an error', async () => {
    const { raw } = connected();
    expect(await raw('{"id":1,"method":"odd.answer","params":{"kind":"nothing"}}')).toEqual([
      { id: 1, result: null },
    ]);
  });

  test('parameters that are no JSON fail the call, not the connection', async () => {
    const { peer } = connected();
    await expect(peer.calls['math.add']({ a: 1n as unknown as number })).rejects.toThrow(TypeError);
    expect(await peer.calls['math.add']({ a: 1 })).toEqual({ sum: 2 });
  });

  test('the calls are no promise, so that they may be returned from async functions', async () => {
    const { peer, clientEnd } = connected();
    const calls = await Promise.resolve(peer.calls);
    expect(await calls['math.add']({ a: 4 })).toEqual({ sum: 5 });
    expect(`${Object.prototype.toString.call(calls)}`).toBe('[object Object]');
    expect(clientEnd.sent).toHaveLength(1);
  });
});

test('[SG1] who takes arrays gets several messages in one, in order; one that is none is refused alone', async () => {
  const { raw, notes } = connected({ takesArrays: true });
  const note = (text: string) => `{"method":"note.left","params":{"text":"${text}"}}`;
  expect(await raw(`[${note('first')},7,${note('second')}]`)).toEqual([
    { id: 0, error: { code: 'bad-request', message: 'the message is not a JSON object' } },
  ]);
  expect(notes).toEqual(['first', 'second']);
  expect(await raw('[]')).toEqual([]);
});

describe('messages that break the rules', () => {
  test.each([
    'not json',
    '',
    '[]',
    'null',
    '7',
    '"text"',
    '{"id":1',
    '[{"id":1,"method":"math.add","params":{"a":1}}]',
  ])('[SG1] %s is refused and the connection goes on', async (text) => {
    const { raw, peer, violations } = connected();
    expect(await raw(text)).toEqual([
      { id: 0, error: { code: 'bad-request', message: 'the message is not a JSON object' } },
    ]);
    expect(violations.map((error) => error.code)).toEqual(['bad-request']);
    expect(await peer.calls['math.add']({ a: 1 })).toEqual({ sum: 2 });
  });

  test.each(['0', '-1', '1.5', '"1"', 'null', '9007199254740992', '1e999', '{}', 'true'])(
    '[SG3] id %s is refused',
    async (id) => {
      const { raw } = connected();
      expect(await raw(`{"id":${id},"method":"math.add","params":{"a":1}}`)).toMatchObject([
        { id: 0, error: { code: 'bad-request' } },
      ]);
    },
  );

  test('[SG4] an id that is being answered is refused, and the first answer stands', async () => {
    const { raw, gate, serverEnd } = connected();
    expect(await raw('{"id":9,"method":"gate.open","params":{}}')).toEqual([]);
    expect(await raw('{"id":9,"method":"math.add","params":{"a":1}}')).toMatchObject([
      { id: 0, error: { code: 'bad-request' } },
    ]);
    gate.resolve({});
    await settle();
    expect(JSON.parse(serverEnd.sent.at(-1)!)).toEqual({ id: 9, result: {} });
    expect(await raw('{"id":9,"method":"math.add","params":{"a":1}}')).toEqual([
      { id: 9, result: { sum: 2 } },
    ]);
  });

  test.each(['math.divide', '', '__proto__', 'constructor', 'hasOwnProperty', 'toString', 'valueOf', 'then'])(
    '[SG5] the method %s is unknown',
    async (method) => {
      const { raw, notes } = connected();
      expect(await raw(JSON.stringify({ id: 3, method, params: {} }))).toMatchObject([
        { id: 3, error: { code: 'unknown-method' } },
      ]);
      expect(await raw(JSON.stringify({ method, params: {} }))).toMatchObject([
        { id: 0, error: { code: 'unknown-method' } },
      ]);
      expect(notes).toEqual([]);
    },
  );

  test('[SG5] a long method name is not sent back whole', async () => {
    const { raw } = connected();
    const [answer] = await raw(JSON.stringify({ id: 3, method: 'x'.repeat(60_000), params: {} }));
    expect(JSON.stringify(answer).length).toBeLessThan(200);
  });

  test('[SG2] what is neither request, answer nor notification is refused', async () => {
    const { raw } = connected();
    for (const text of ['{}', '{"id":7}', '{"method":7}', '{"id":7,"method":null}', '{"params":{}}'])
      expect(await raw(text)).toMatchObject([{ id: 0, error: { code: 'bad-request' } }]);
  });

  test('[SG2] an error report (id 0) and an answer that nobody waits for are passed over in silence', async () => {
    const { raw } = connected();
    expect(await raw('{"id":0,"error":{"code":"bad-request","message":"x"}}')).toEqual([]);
    expect(await raw('{"id":77,"result":{}}')).toEqual([]);
  });

  test('[SG11] what `admit` refuses is answered with its error and not acted on', async () => {
    const refuse = { next: false };
    const { raw, violations, gate } = connected({
      admit: () => {
        if (refuse.next) throw new PlatformError('rate-limited', 'too many');
      },
    });
    const error = { code: 'rate-limited', message: 'too many' };
    await raw('{"id":1,"method":"gate.open","params":{}}');
    refuse.next = true;
    expect(await raw('{"id":2,"method":"math.add","params":{"a":1}}')).toEqual([{ id: 2, error }]);
    expect(await raw('{"id":1,"method":"math.add","params":{"a":1}}')).toEqual([{ id: 0, error }]);
    expect(await raw('{"method":"note.left","params":{"text":"x"}}')).toEqual([{ id: 0, error }]);
    expect(await raw('no json')).toEqual([{ id: 0, error }]);
    expect(violations.map(({ code }) => code)).toEqual(Array(4).fill('rate-limited'));
    refuse.next = false;
    gate.resolve({});
    expect(await raw('{"id":2,"method":"math.add","params":{"a":1}}')).toContainEqual({
      id: 2,
      result: { sum: 2 },
    });
  });

  test('[SG10] `admit` sees the length of the message', async () => {
    const lengths: number[] = [];
    const { raw } = connected({ admit: (length) => lengths.push(length) });
    await raw('{"id":1,"method":"math.add","params":{"a":1}}');
    await raw('');
    expect(lengths).toEqual([45, 0]);
  });

  test.each([
    ['"text"', 'internal', 'the other side gave no message'],
    ['{"code":"no-such-code","message":"hm"}', 'internal', 'hm'],
    ['{"code":"__proto__","message":"hm"}', 'internal', 'hm'],
    ['{"code":"timeout"}', 'timeout', 'the other side gave no message'],
    ['{"code":"timeout","message":{"toString":1,"valueOf":1}}', 'timeout', 'the other side gave no message'],
    ['[]', 'internal', 'the other side gave no message'],
  ])('[SG7] the error %s rejects the call all the same', async (error, code, message) => {
    const [clientEnd, serverEnd] = channelPair();
    const peer = new RpcPeer<Nothing, Server>(clientEnd, { handlers: {}, notices: {} });
    const outcome = peer.calls['math.add']({ a: 1 }).catch((e) => e);
    serverEnd.send(`{"id":1,"error":${error}}`);
    expect(await outcome).toMatchObject({ name: 'PlatformError', code, message });
  });
});

describe('notifications', () => {
  test('[SG2] are taken and not answered', async () => {
    const { raw, notes } = connected();
    expect(await raw('{"method":"note.left","params":{"text":"hello"}}')).toEqual([]);
    expect(notes).toEqual(['hello']);
  });

  test('[SG6] wrong ones are reported and not taken', async () => {
    const { raw, notes } = connected();
    expect(await raw('{"method":"note.left","params":{"text":7}}')).toMatchObject([
      { id: 0, error: { code: 'bad-request', message: expect.stringContaining('params.text') } },
    ]);
    expect(notes).toEqual([]);
  });

  test('[SG7] a fault while taking one tells nothing', async () => {
    const { raw, faults, peer } = connected();
    expect(JSON.stringify(await raw('{"method":"note.left","params":{"text":"bomb"}}'))).not.toContain(
      'swordfish',
    );
    expect(faults).toHaveLength(1);
    expect(await peer.calls['math.add']({ a: 1 })).toEqual({ sum: 2 });
  });
});

describe('bounds and deadlines', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('[SG8] a request without an answer rejects with timeout, and its late answer is ignored', async () => {
    const { peer, gate } = connected();
    const outcome = codeOf(peer.calls['gate.open']({}));
    const shorter = codeOf(peer.request('gate.open', {}, 10));
    vi.advanceTimersByTime(10);
    expect(await shorter).toBe('timeout');
    vi.advanceTimersByTime(990);
    expect(await outcome).toBe('timeout');
    gate.resolve({});
    await settle();
    expect(await peer.calls['math.add']({ a: 1 })).toEqual({ sum: 2 });
  });

  test('leaves no timer behind', async () => {
    const { peer } = connected();
    await peer.calls['math.add']({ a: 1 });
    await codeOf(peer.calls['fault.raise']({ code: 'forbidden' }));
    const lost = codeOf(peer.calls['gate.open']({}));
    peer.close();
    await lost;
    expect(vi.getTimerCount()).toBe(0);
  });

  test('[SG9] unanswered requests are bounded on the asking side', async () => {
    const { peer, gate, clientEnd } = connected();
    const waiting = Array.from({ length: limits.pendingRequests }, () => peer.calls['gate.open']({}));
    expect(await codeOf(peer.calls['gate.open']({}))).toBe('limit-reached');
    expect(clientEnd.sent).toHaveLength(limits.pendingRequests);
    gate.resolve({});
    await Promise.all(waiting);
    expect(await peer.calls['math.add']({ a: 1 })).toEqual({ sum: 2 });
  });

  test('[SG9] and on the answering side', async () => {
    const { raw, gate } = connected();
    for (let id = 1; id <= limits.pendingRequests; id++)
      expect(await raw(JSON.stringify({ id, method: 'gate.open', params: {} }))).toEqual([]);
    expect(await raw('{"id":1000,"method":"math.add","params":{"a":1}}')).toMatchObject([
      { id: 1000, error: { code: 'rate-limited' } },
    ]);
    gate.resolve({});
    await settle();
    expect(await raw('{"id":1000,"method":"math.add","params":{"a":1}}')).toEqual([
      { id: 1000, result: { sum: 2 } },
    ]);
  });

  test('[SG9] more are let through where many share a connection', async () => {
    const { raw, gate } = connected({ pendingAtMost: limits.pendingRequests + 1 });
    const open = (id: number) => raw(JSON.stringify({ id, method: 'gate.open', params: {} }));
    for (let id = 1; id <= limits.pendingRequests + 1; id++) expect(await open(id)).toEqual([]);
    expect(await open(1_000)).toMatchObject([{ id: 1_000, error: { code: 'rate-limited' } }]);
    gate.resolve({});
    await settle();
  });
});

describe('the end of a connection', () => {
  test('[SG13] its loss rejects what is unanswered and what comes later', async () => {
    const { peer, clientEnd } = connected();
    const waiting = [codeOf(peer.calls['gate.open']({})), codeOf(peer.calls['gate.open']({}))];
    clientEnd.end(1006, '');
    expect(await Promise.all(waiting)).toEqual(['connection-lost', 'connection-lost']);
    expect(peer.closeReason).toBe('lost');
    expect(peer.closeInfo).toEqual({ code: 1006, reason: '' });
    expect(await codeOf(peer.calls['math.add']({ a: 1 }))).toBe('connection-lost');
    expect(clientEnd.closedWith).toBeUndefined(); // It was closed already.
  });

  test('[SG13] a channel that cannot send counts as lost', async () => {
    const { peer, clientEnd } = connected();
    clientEnd.closedWith = [1001, ''];
    clientEnd.close = () => {};
    expect(await codeOf(peer.calls['math.add']({ a: 1 }))).toBe('connection-lost');
    expect(peer.closeReason).toBe('lost');
  });

  test.each(Object.keys(errorTable) as ErrorCode[])(
    '[SG13] closeWith(%s) closes both sides with it',
    async (code) => {
      const { peer, serverPeer, serverEnd } = connected();
      const told = { code: 4000 + errorTable[code].status, reason: code };
      serverPeer.closeWith(code);
      serverPeer.closeWith('internal');
      await settle();
      expect(serverEnd.closedWith).toEqual([told.code, told.reason]);
      expect(peer.closeInfo).toEqual(told);
      expect(peer.closeReason).toBe('lost');
      expect(serverPeer.closeInfo).toEqual(told);
      expect(serverPeer.closeReason).toBe('failed');
    },
  );

  test('[SG13] close is 1000, and its listeners see so', async () => {
    const { peer, serverPeer, clientEnd } = connected();
    let seen: unknown;
    peer.onClose(() => {
      seen = peer.closeInfo;
    });
    peer.close();
    await settle();
    expect(seen).toEqual({ code: 1000, reason: '' });
    expect(clientEnd.closedWith).toEqual([1000, '']);
    expect(serverPeer.closeInfo).toEqual({ code: 1000, reason: '' });
  });

  test('an answer that is ready after the end goes nowhere', async () => {
    const { raw, gate, serverPeer, serverEnd } = connected();
    await raw('{"id":1,"method":"gate.open","params":{}}');
    serverPeer.close();
    gate.resolve({});
    await settle();
    expect(serverEnd.sent).toEqual([]);
  });

  test('knows when it last heard something', async () => {
    const { peer, serverPeer } = connected();
    const before = serverPeer.lastHeardAt;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await peer.calls['math.add']({ a: 1 });
    expect(serverPeer.lastHeardAt).toBeGreaterThan(before);
  });
});
