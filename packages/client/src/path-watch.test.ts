import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PathWatch } from './path-watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A connection that receives and sends so many bytes between two looks, and what it was told. */
function startPath() {
  const flow = { received: 100, sent: 100 };
  const total = { bytesReceived: 0, bytesSent: 0 };
  /** How long before the look the last packet came, where the browser says that. */
  const last: { beforeMs?: number } = {};
  const told: string[] = [];
  const connection = {
    connectionState: 'connected',
    getTransceivers: () => [],
    async getStats() {
      total.bytesReceived += flow.received;
      total.bytesSent += flow.sent;
      const at = performance.timeOrigin + performance.now() - (last.beforeMs ?? 0);
      const pair = { type: 'candidate-pair', lastPacketReceivedTimestamp: at };
      return new Map<string, object>([
        ['T', { type: 'transport', ...total }],
        ...(last.beforeMs === undefined ? [] : [['P', pair] as const]),
      ]);
    },
  } as unknown as RTCPeerConnection;
  const path = {
    connection,
    trafficChanged: (verdict: string) => void told.push(verdict),
    networkChanged: () => void told.push('networkChanged'),
  };
  return { flow, last, told, path };
}

function startWatch() {
  const [sends, receives] = [startPath(), startPath()];
  const suspected = vi.fn();
  const watch = new PathWatch(() => [sends.path, receives.path], suspected);
  return { sends, receives, suspected, watch };
}

test('when nothing comes over any path all know within 400 ms, and that it is back', async () => {
  const { sends, receives, suspected, watch } = startWatch();
  await vi.advanceTimersByTimeAsync(1_500);
  for (const { flow } of [sends, receives]) flow.received = 0;
  await vi.advanceTimersByTimeAsync(400);
  expect([sends.told, receives.told]).toEqual([['silent'], ['silent']]);
  expect(suspected).toHaveBeenLastCalledWith(true);
  for (const { flow } of [sends, receives]) flow.received = 100;
  await vi.advanceTimersByTimeAsync(200);
  expect(sends.told.at(-1)).toBe('alive');
  watch.close();
});

test('where the browser says when the last packet came the silence counts from it, and is told as soon as it is long enough', async () => {
  const { sends, receives, watch } = startWatch();
  for (const { last } of [sends, receives]) last.beforeMs = 60;
  await vi.advanceTimersByTimeAsync(1_500);
  for (const { flow } of [sends, receives]) flow.received = 0;
  await vi.advanceTimersByTimeAsync(125);
  expect(receives.told).toEqual([]);
  await vi.advanceTimersByTimeAsync(15);
  expect([sends.told, receives.told]).toEqual([['silent'], ['silent']]);
  watch.close();
});

test('when what one path sends is not answered it alone knows', async () => {
  const { sends, receives, suspected, watch } = startWatch();
  await vi.advanceTimersByTimeAsync(1_500);
  sends.flow.received = 0;
  await vi.advanceTimersByTimeAsync(400);
  expect([sends.told, receives.told]).toEqual([['silent'], []]);
  expect(suspected.mock.calls).toEqual([[false]]);
  sends.flow.received = 100;
  await vi.advanceTimersByTimeAsync(200);
  expect([sends.told, receives.told]).toEqual([['silent', 'alive'], []]);
  watch.close();
});

test('when what one path sends is not answered, another one that misses something by then is silent, too', async () => {
  const { sends, receives, watch } = startWatch();
  await vi.advanceTimersByTimeAsync(1_500);
  sends.flow.received = 0;
  await vi.advanceTimersByTimeAsync(100);
  receives.flow.received = 0;
  await vi.advanceTimersByTimeAsync(150);
  expect([sends.told, receives.told]).toEqual([['silent'], ['silent']]);
  watch.close();
});

test('after a false alarm a pause is left alone for some seconds, after one that was right it is not', async () => {
  const { sends, receives, suspected, watch } = startWatch();
  const pause = async () => {
    for (const { flow } of [sends, receives]) flow.received = 0;
    await vi.advanceTimersByTimeAsync(400);
    for (const { flow } of [sends, receives]) flow.received = 100;
    await vi.advanceTimersByTimeAsync(1_500);
    return suspected.mock.calls.length;
  };
  await vi.advanceTimersByTimeAsync(1_500);
  expect(await pause()).toBe(1);
  expect(await pause()).toBe(1);
  watch.confirm();
  expect(await pause()).toBe(2);
  expect(await pause()).toBe(3);
  watch.close();
});

test('of two that were silent the one over which something comes is alive, the other one is not', async () => {
  const { sends, receives, watch } = startWatch();
  await vi.advanceTimersByTimeAsync(1_500);
  for (const { flow } of [sends, receives]) flow.received = 0;
  await vi.advanceTimersByTimeAsync(400);
  sends.flow.received = 100;
  await vi.advanceTimersByTimeAsync(400);
  expect([sends.told.at(-1), receives.told.at(-1)]).toEqual(['alive', 'silent']);
  receives.flow.received = 100;
  await vi.advanceTimersByTimeAsync(200);
  expect(receives.told.at(-1)).toBe('alive');
  watch.close();
});

test('that another way answers is looked into at once: who misses something by then is silent, who gets something is not', async () => {
  for (const isGone of [true, false]) {
    const { sends, receives, watch } = startWatch();
    await vi.advanceTimersByTimeAsync(1_500);
    for (const { flow } of [sends, receives]) flow.received = isGone ? 0 : 100;
    await vi.advanceTimersByTimeAsync(110);
    expect(receives.told).toEqual([]);
    watch.anotherAnswers();
    await vi.advanceTimersByTimeAsync(0);
    expect(receives.told).toEqual(isGone ? ['silent'] : []);
    watch.close();
  }
});

test('what sends nothing need not be answered', async () => {
  const { sends, watch } = startWatch();
  await vi.advanceTimersByTimeAsync(1_500);
  Object.assign(sends.flow, { received: 0, sent: 0 });
  await vi.advanceTimersByTimeAsync(3_000);
  expect(sends.told).toEqual([]);
  watch.close();
});

test('once closed it looks no more', async () => {
  const { sends, receives, watch } = startWatch();
  await vi.advanceTimersByTimeAsync(1_500);
  watch.close();
  for (const { flow } of [sends, receives]) flow.received = 0;
  await vi.advanceTimersByTimeAsync(5_000);
  expect([...sends.told, ...receives.told]).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
