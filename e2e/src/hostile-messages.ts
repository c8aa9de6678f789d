import { signalingServer } from '@weir/protocol';

const methods = [
  ...Object.keys(signalingServer.requests),
  'no.such',
  '__proto__',
  'constructor',
  'toString',
  '',
];
const oddities: unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  '',
  'x',
  '\u0000',
  '💥'.repeat(50),
  'a'.repeat(5_000),
  '__proto__',
  [],
  {},
  { __proto__: null },
  { constructor: { prototype: { polluted: true } } },
];

/** Generated client messages: well-formed with wrong values, malformed, oversized, out of order; by seed. */
export class HostileMessages {
  readonly #random: () => number;
  #id = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  next(): string {
    const choice = this.#random();
    if (choice < 0.55) return JSON.stringify(this.#request());
    if (choice < 0.7) return this.#torn(JSON.stringify(this.#request()));
    if (choice < 0.8) return JSON.stringify(this.#value(4));
    if (choice < 0.85) return JSON.stringify({ id: this.#odd(), result: this.#odd(), error: this.#odd() });
    if (choice < 0.9) return JSON.stringify({ method: this.#pick(methods), params: this.#value(3) });
    if (choice < 0.95) return '['.repeat(1 + Math.floor(this.#random() * 2_000));
    return this.#bytes();
  }

  #request() {
    const method = this.#pick(methods);
    const id = this.#random() < 0.9 ? ++this.#id : this.#odd();
    return { id, method, params: this.#random() < 0.8 ? this.#params(method) : this.#value(3) };
  }

  /** Plausible parameters of the method, each field now and then replaced. */
  #params(method: string): unknown {
    const plausible: Record<string, unknown> = {
      roomId: 'room',
      participantId: 'p_0',
      secret: 's_0',
      protocolVersion: 1,
      rtpCapabilities: { codecs: [], headerExtensions: [] },
      revision: 0,
      direction: 'send',
      dtlsParameters: { fingerprints: [{ algorithm: 'sha-256', value: '00' }] },
      kind: 'video',
      source: 'camera',
      rtpParameters: {
        codecs: [{ mimeType: 'video/VP8', payloadType: 100, clockRate: 90000 }],
        encodings: [{ ssrc: 1 }],
      },
      trackId: 't_0',
      trackIds: ['t_0', 't_1'],
      muted: true,
      preferences: [{ trackId: 't_0', maxSpatialLayer: 0 }],
      messageId: 'm_0',
      topic: 'chat',
      payload: 'hello',
      encoding: 'utf8',
      grants: { admin: true },
      settings: { lobby: true },
      attributes: { hand: 'up' },
      displayName: 'Mallory',
    };
    void method;
    for (const key of Object.keys(plausible)) {
      const dice = this.#random();
      if (dice < 0.12) plausible[key] = this.#value(3);
      else if (dice < 0.2) delete plausible[key];
    }
    return plausible;
  }

  #value(depth: number): unknown {
    if (depth === 0 || this.#random() < 0.5) return this.#odd();
    if (this.#random() < 0.5)
      return Array.from({ length: Math.floor(this.#random() * 4) }, () => this.#value(depth - 1));
    return Object.fromEntries(
      Array.from({ length: Math.floor(this.#random() * 4) }, () => [
        this.#pick(['id', 'method', 'params', 'x']),
        this.#value(depth - 1),
      ]),
    );
  }

  #torn(text: string): string {
    const at = Math.floor(this.#random() * text.length);
    return this.#random() < 0.5
      ? text.slice(0, at)
      : text.slice(0, at) + this.#bytes().slice(0, 5) + text.slice(at);
  }

  #bytes(): string {
    return String.fromCharCode(
      ...Array.from({ length: 1 + Math.floor(this.#random() * 60) }, () =>
        Math.floor(this.#random() * 0x2ff),
      ),
    );
  }

  #odd(): unknown {
    return this.#pick(oddities);
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)]!;
  }
}
