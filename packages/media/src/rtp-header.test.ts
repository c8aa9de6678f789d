import { seededRandom, withSeed } from '@weir/testing';
import { expect, test } from 'vitest';
import { audioLevel, hasMarker, isRtp, sequenceNumber, timestamp, withHeader } from './rtp-header.ts';
import { rtpPacket } from './rtp-packets.fixture.ts';

const fields = { sequenceNumber: 65_535, timestamp: 0xffff_ffff };

test.each([
  ['one-byte elements', { id: 6, dbov: -30 }, 6, -30],
  ['two-byte elements', { id: 6, dbov: -30, twoByte: true }, 6, -30],
  ['silence', { id: 14, dbov: -127 }, 14, -127],
  ['the loudest', { id: 1, dbov: 0 }, 1, -0],
  ['another extension only', { id: 5, dbov: -30 }, 6, undefined],
  ['no extension', undefined, 6, undefined],
] as const)('the audio level is read: %s', (_, level, id, expected) => {
  expect(audioLevel(rtpPacket({ ...fields, ...(level ? { level } : {}) }), id)).toBe(expected);
});

test('a header is written anew, all else stays', () => {
  const packet = rtpPacket({ ...fields, level: { id: 6, dbov: -30 } });
  const next = { marker: true, payloadType: 100, sequenceNumber: 7, timestamp: 4_000_000_000, ssrc: 99 };
  const written = withHeader(packet, next);
  expect(sequenceNumber(written)).toBe(7);
  expect(timestamp(written)).toBe(4_000_000_000);
  expect(hasMarker(written)).toBe(true);
  expect(written[1]! & 0x7f).toBe(100);
  expect(written.readUInt32BE(8)).toBe(99);
  expect(written.subarray(12)).toEqual(packet.subarray(12));
  expect(sequenceNumber(packet)).toBe(65_535);
});

test(
  'no bytes make the reading of a level fail',
  withSeed((seed) => {
    const random = seededRandom(seed);
    for (let i = 0; i < 20_000; i++) {
      const bytes = Buffer.from(
        Array.from({ length: Math.floor(random() * 48) }, () => Math.floor(random() * 256)),
      );
      if (bytes.length > 0) bytes[0] = 0x80 | (bytes[0]! & 0x3f);
      if (!isRtp(bytes)) continue;
      const level = audioLevel(bytes, 1 + Math.floor(random() * 14));
      if (level !== undefined && (level > 0 || level < -127)) throw new Error(`level ${level}`);
    }
  }),
);
