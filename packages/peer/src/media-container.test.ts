import { expect, test } from 'vitest';
import { readAnnexB, readIvf, readOgg } from './media-container.ts';

test('Annex B: start codes of both lengths, trailing zeros', () => {
  const file = Buffer.from('00000001 09f0 000001 6742 0000 00000001 65aabb0003'.replaceAll(' ', ''), 'hex');
  expect(readAnnexB(file).map((unit) => Buffer.from(unit).toString('hex'))).toEqual([
    '09f0',
    '6742',
    '65aabb0003',
  ]);
});

test('Ogg: packets of full segments and across pages', () => {
  const page = (lacing: number[], data: Buffer) =>
    Buffer.concat([Buffer.from('OggS'), Buffer.alloc(22), Buffer.from([lacing.length, ...lacing]), data]);
  const file = Buffer.concat([
    page([3, 255, 0, 255], Buffer.concat([Buffer.alloc(3, 1), Buffer.alloc(255, 2), Buffer.alloc(255, 3)])),
    page([4, 1], Buffer.concat([Buffer.alloc(4, 3), Buffer.alloc(1, 4)])),
  ]);
  expect(readOgg(file).map((packet) => [packet.length, packet[0]])).toEqual([
    [3, 1],
    [255, 2],
    [259, 3],
    [1, 4],
  ]);
});

test('another kind of file is refused', () => {
  expect(() => readIvf(Buffer.alloc(64))).toThrow('not an IVF file');
  expect(() => readOgg(Buffer.alloc(64))).toThrow('not an Ogg file');
});
