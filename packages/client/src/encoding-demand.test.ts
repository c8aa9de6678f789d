import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EncodingDemand } from './encoding-demand.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A sender of three sizes, 10 pictures a second. `deaf`: so many changes show in its parameters and nowhere else. */
function startSender({ deaf = 0, muted = false } = {}) {
  const layers = ['low', 'middle', 'high'].map((rid) => ({ rid, active: true }));
  let encoded = layers.map(() => !muted);
  const frames = layers.map(() => 0);
  const changes: string[] = [];
  let left = deaf;
  const sender = {
    getParameters: () => ({ encodings: layers.map((layer) => ({ ...layer })) }),
    async setParameters({ encodings }: RTCRtpSendParameters) {
      for (const [i, { active }] of encodings.entries()) layers[i]!.active = active!;
      changes.push(encodings.map(({ active }) => (active ? '1' : '0')).join(''));
      if (left-- > 0) return;
      encoded = encodings.map(({ active }) => active! && !muted);
    },
    getStats: async () =>
      new Map(layers.map(({ rid }, i) => [rid, { type: 'outbound-rtp', rid, framesEncoded: frames[i] }])),
  };
  const timer = setInterval(() => {
    for (const i of frames.keys()) if (encoded[i]) frames[i]! += 1;
  }, 100);
  const demand = new EncodingDemand(sender as unknown as RTCRtpSender);
  return { demand, changes, encodes: () => encoded, stop: () => clearInterval(timer) };
}

test('the layers up to the one that is wanted are encoded, or none; the last wish holds', async () => {
  const { demand, changes, stop } = startSender();
  for (const wanted of [0, 2, null, 1]) demand.set(wanted);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(changes.at(-1)).toBe('110');
  expect(changes.length).toBeLessThanOrEqual(2);
  stop();
});

test.each([
  [null, ['000', '100', '000']],
  [0, ['100', '111', '100']],
])('what the browser overhears is asked for again (%j)', async (wanted, expected) => {
  const { demand, changes, encodes, stop } = startSender({ deaf: 1 });
  demand.set(wanted);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(changes).toEqual(expected);
  expect(encodes()).toEqual([wanted !== null, false, false]);
  stop();
});

test('a browser that is deaf is not asked for ever; one that is muted is left alone', async () => {
  const deaf = startSender({ deaf: 100 });
  deaf.demand.set(null);
  const muted = startSender({ muted: true });
  muted.demand.set(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(deaf.changes).toHaveLength(5);
  expect(muted.changes).toEqual(['110']);
  for (const { stop } of [deaf, muted]) stop();
});
