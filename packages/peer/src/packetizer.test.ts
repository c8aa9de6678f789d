import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Fragment, packetizeH264, packetizeVp8, stampVp8 } from './packetizer.ts';
import {
  frameStart,
  keyFrameStart,
  readH264,
  readVp8,
  vp8DescriptorBytes,
  vp8Resolution,
} from './payload-kind.ts';

const payload = ({ head, body }: Fragment) => Buffer.concat([head, body]);
const kind = (read: typeof readVp8, fragment: Fragment) => {
  const bytes = payload(fragment);
  return read(bytes, 0, bytes.length);
};

describe('VP8', () => {
  test('fragments join to the frame, fit, and only the first starts it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 6000 }), (frame) => {
        const fragments = packetizeVp8(frame, 1000);
        expect(Buffer.concat(fragments.map(({ body }) => body)).equals(frame)).toBe(true);
        for (const fragment of fragments) expect(payload(fragment).length).toBeLessThanOrEqual(1000);
        expect(fragments.map((fragment) => kind(readVp8, fragment) & frameStart)).toEqual(
          fragments.map((_, i) => (i === 0 ? frameStart : 0)),
        );
      }),
    );
  });

  test('a key frame shows itself and its size', () => {
    const bytes = payload(packetizeVp8(Uint8Array.of(0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 1, 180, 0, 1))[0]!);
    expect(readVp8(bytes, 0, bytes.length)).toBe(frameStart | keyFrameStart);
    expect(vp8Resolution(bytes, 0, bytes.length)).toEqual({ width: 320, height: 180 });
    expect(kind(readVp8, packetizeVp8(Uint8Array.of(0x11, 0, 0))[0]!)).toBe(frameStart);
  });

  test('the descriptor carries the running picture number', () => {
    const bytes = payload(packetizeVp8(Uint8Array.of(0x11))[0]!);
    stampVp8(bytes, 0, 0x1234);
    expect([...bytes]).toEqual([0x90, 0xe0, 0x92, 0x34, 0x34, 0, 0x11]);
    expect(vp8DescriptorBytes(bytes, 0)).toBe(6);
  });
});

/** The NAL units in payloads, as a receiver would join them (RFC 6184 §5). */
function joinH264(payloads: readonly Buffer[]): Buffer[] {
  const units: Buffer[] = [];
  for (const bytes of payloads) {
    const type = bytes[0]! & 0x1f;
    if (type === 24) {
      for (let at = 1; at < bytes.length; at += 2 + bytes.readUInt16BE(at)) {
        units.push(bytes.subarray(at + 2, at + 2 + bytes.readUInt16BE(at)));
      }
    } else if (type === 28) {
      if ((bytes[1]! & 0x80) !== 0) units.push(Buffer.of((bytes[0]! & 0xe0) | (bytes[1]! & 0x1f)));
      units.push(Buffer.concat([units.pop()!, bytes.subarray(2)]));
    } else units.push(bytes);
  }
  return units;
}

describe('H264', () => {
  const unit = fc
    .tuple(fc.constantFrom(0x67, 0x68, 0x65, 0x41, 0x06), fc.uint8Array({ minLength: 1, maxLength: 3000 }))
    .map(([header, data]) => Buffer.from([header, ...data]));

  test('payloads fit and join to the NAL units', () => {
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 6 }), (units) => {
        const payloads = packetizeH264(units, 1000).map(payload);
        for (const bytes of payloads) expect(bytes.length).toBeLessThanOrEqual(1000);
        expect(joinH264(payloads).map((u) => u.toString('hex'))).toEqual(units.map((u) => u.toString('hex')));
      }),
    );
  });

  test('parameter sets travel together and announce a key frame', () => {
    const fragments = packetizeH264([
      Buffer.from([0x09, 0xf0]),
      Buffer.from([0x67, 1]),
      Buffer.from([0x68, 2]),
      Buffer.alloc(2500, 0x65),
    ]);
    expect(payload(fragments[0]!).toString('hex')).toBe('780002670100026802');
    expect(fragments.map((fragment) => kind(readH264, fragment))).toEqual([3, 3, 0, 0]);
    expect(kind(readH264, packetizeH264([Buffer.alloc(2500, 0x41)])[0]!)).toBe(0);
  });
});
