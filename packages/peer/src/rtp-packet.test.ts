import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extendSequence, findExtension, isRtcp, newRtpHeader, parseRtp } from './rtp-packet.ts';

const plain = [0x80, 0xe0, 0x12, 0x34, 0, 0, 0, 9, 0xff, 0, 0, 1];

test('reads the fixed header', () => {
  const header = newRtpHeader();
  expect(parseRtp(Uint8Array.from([...plain, 7, 8]), header)).toBe(true);
  expect(header).toMatchObject({
    marker: true,
    payloadType: 96,
    sequenceNumber: 0x1234,
    timestamp: 9,
    ssrc: 0xff000001,
    payloadStart: 12,
    payloadEnd: 14,
  });
});

test('finds extensions of both forms and leaves padding out', () => {
  const header = newRtpHeader();
  const oneByte = [0xbe, 0xde, 0, 2, 0x10, 0x61, 0, 0x42, 1, 2, 3, 0];
  const packet = Uint8Array.from([0xb0, ...plain.slice(1), ...oneByte, 5, 5, 0, 0, 3]);
  expect(parseRtp(packet, header)).toBe(true);
  expect(packet[findExtension(packet, header, 1)]).toBe(0x61);
  expect(findExtension(packet, header, 4)).toBe(20);
  expect(findExtension(packet, header, 5)).toBe(-1);
  expect(header.payloadEnd - header.payloadStart).toBe(2);

  const twoByte = [0x10, 0, 0, 1, 4, 2, 8, 9];
  const other = Uint8Array.from([0x90, ...plain.slice(1), ...twoByte]);
  expect(parseRtp(other, header)).toBe(true);
  expect(findExtension(other, header, 4)).toBe(18);
});

test('any bytes are read or refused, never thrown at', () => {
  const header = newRtpHeader();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      if (!parseRtp(bytes, header)) return;
      expect(header.payloadEnd).toBeLessThanOrEqual(bytes.length);
      expect(header.payloadStart).toBeLessThanOrEqual(header.payloadEnd);
      const at = findExtension(bytes, header, 3);
      if (at >= 0) expect(at).toBeLessThanOrEqual(header.extensionEnd);
    }),
  );
});

test('RTCP is told from RTP by its type', () => {
  expect(isRtcp(Uint8Array.from([0x80, 200, 0, 1, 0, 0, 0, 0]))).toBe(true);
  expect(isRtcp(Uint8Array.from(plain))).toBe(false);
});

test('a sequence number extends to the nearest', () => {
  expect(extendSequence(2, 0x1fffe)).toBe(0x20002);
  expect(extendSequence(0xfffe, 0x20001)).toBe(0x1fffe);
  const near = fc.integer({ min: 40_000, max: 2 ** 40 });
  const by = fc.integer({ min: -32_768, max: 32_767 });
  fc.assert(
    fc.property(near, by, (near, by) => {
      expect(extendSequence((near + by) & 0xffff, near)).toBe(near + by);
    }),
  );
});
