/** The frames of an IVF file, without its headers. */
export function readIvf(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 32 || view.getUint32(0) !== 0x444b4946 /* DKIF */) throw new Error('not an IVF file');
  const frames: Uint8Array[] = [];
  for (let at = view.getUint16(6, true); at + 12 <= file.length; ) {
    const length = view.getUint32(at, true);
    frames.push(file.subarray(at + 12, at + 12 + length));
    at += 12 + length;
  }
  return frames;
}

/** The NAL units of an H264 byte stream, without start codes (H.264 Annex B). */
export function readAnnexB(file: Uint8Array): Uint8Array[] {
  const units: Uint8Array[] = [];
  let start = -1;
  for (let at = 0; at + 2 < file.length; at++) {
    if (file[at + 2]! > 1) at += 2;
    else if (file[at] === 0 && file[at + 1] === 0 && file[at + 2] === 1) {
      if (start >= 0) units.push(withoutTrailingZeros(file.subarray(start, at)));
      start = at + 3;
      at += 2;
    }
  }
  if (start >= 0) units.push(withoutTrailingZeros(file.subarray(start)));
  return units;
}

function withoutTrailingZeros(unit: Uint8Array): Uint8Array {
  let end = unit.length;
  while (end > 0 && unit[end - 1] === 0) end -= 1;
  return unit.subarray(0, end);
}

/** The packets of an Ogg file's only stream (RFC 3533 §6). */
export function readOgg(file: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  for (let page = 0; page + 27 <= file.length; ) {
    if (Buffer.from(file.buffer, file.byteOffset + page, 4).toString('latin1') !== 'OggS') {
      throw new Error('not an Ogg file');
    }
    const segments = file[page + 26]!;
    let at = page + 27 + segments;
    for (let i = 0; i < segments; i++) {
      const length = file[page + 27 + i]!;
      parts.push(file.subarray(at, at + length));
      at += length;
      if (length === 255) continue; // The packet goes on, perhaps on the next page.
      packets.push(parts.length === 1 ? parts[0]! : Buffer.concat(parts));
      parts = [];
    }
    page = at;
  }
  return packets;
}
