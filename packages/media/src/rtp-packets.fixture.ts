/** An RTP packet with an audio level in an extension header of one-byte or two-byte elements. */
export function rtpPacket(fields: {
  sequenceNumber: number;
  timestamp: number;
  marker?: boolean;
  level?: { id: number; dbov: number; twoByte?: boolean };
  payload?: string;
}): Buffer {
  const { level, payload = 'opus' } = fields;
  const header = Buffer.alloc(12);
  header[0] = level ? 0x90 : 0x80;
  header[1] = (fields.marker ? 0x80 : 0) | 111;
  header.writeUInt16BE(fields.sequenceNumber & 0xffff, 2);
  header.writeUInt32BE(fields.timestamp >>> 0, 4);
  header.writeUInt32BE(0x1234, 8);
  if (!level) return Buffer.concat([header, Buffer.from(payload)]);
  const value = 0x80 | -level.dbov; // The first bit: it is a voice.
  // Another element, of four bytes, comes first.
  const elements = level.twoByte
    ? [9, 4, 1, 2, 3, 4, level.id, 1, value, 0, 0, 0]
    : [0x93, 1, 2, 3, 4, 0, level.id << 4, value];
  const profile = level.twoByte ? [0x10, 0x00] : [0xbe, 0xde];
  return Buffer.concat([
    header,
    Buffer.from([...profile, 0, elements.length / 4, ...elements]),
    Buffer.from(payload),
  ]);
}
