import { PlatformError } from '@weir/core';
import { limits } from '@weir/protocol/limits';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SampleChannel, unpackSample } from './sample-channel.ts';

class Wire {
  backlogBytes = 0;
  readonly sent: Uint8Array[] = [];
  send(payload: Uint8Array): void {
    this.sent.push(payload);
  }
  close(): void {}
}

describe('[SG40] a sample channel drops rather than queues', () => {
  let wire: Wire;
  let channel: SampleChannel;
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
    wire = new Wire();
    channel = new SampleChannel('vitals', 200, async () => {});
    channel.use(wire);
  });
  afterEach(() => void vi.useRealTimers());

  test('a fresh sample goes out with its capture time', () => {
    expect(channel.send('72', { capturedAt: 999_900 })).toBe(true);
    const sample = unpackSample(wire.sent[0]!);
    expect(sample?.capturedAt).toBe(999_900);
    expect(new TextDecoder().decode(sample?.payload)).toBe('72');
  });

  test('one that is older than the maximum age does not', () => {
    expect(channel.send('72', { capturedAt: 999_799 })).toBe(false);
    expect(wire.sent).toHaveLength(0);
    expect(channel.stats).toEqual({ sent: 0, dropped: 1 });
  });

  test('behind a backlog nothing is queued; when it has drained it goes on', () => {
    wire.backlogBytes = 1_024;
    expect(channel.send('1')).toBe(true); // A few readings at the same time are none.
    wire.backlogBytes = 1_025;
    expect(channel.send('2')).toBe(false);
    wire.backlogBytes = 0;
    expect(channel.send('3')).toBe(true);
    expect(channel.stats).toEqual({ sent: 2, dropped: 1 });
  });

  test('without a connection it is dropped', () => {
    channel.use(undefined);
    expect(channel.send('1')).toBe(false);
  });

  test('an oversized one is refused with the limit', () => {
    const send = () => channel.send(new Uint8Array(limits.lossyPayloadBytes + 1));
    expect(send).toThrowError(PlatformError);
    expect(send).toThrowError(String(limits.lossyPayloadBytes));
  });
});

test('what is no sample is not taken for one', () => {
  expect(unpackSample(new Uint8Array(7))).toBeUndefined();
  expect(unpackSample(new Uint8Array(8).fill(255))).toBeUndefined();
});
