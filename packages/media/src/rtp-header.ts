// As much of an RTP header (RFC 3550 §5.1) as is read and rewritten here.

export const audioLevelUri = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';

const fixedBytes = 12;

/** True when all that the functions below touch is there. */
export function isRtp(packet: Buffer): boolean {
  return packet.length >= fixedBytes && packet[0]! >> 6 === 2;
}

export function sequenceNumber(packet: Buffer): number {
  return packet.readUInt16BE(2);
}

export function timestamp(packet: Buffer): number {
  return packet.readUInt32BE(4);
}

export type HeaderFields = {
  marker: boolean;
  payloadType: number;
  sequenceNumber: number;
  timestamp: number;
  ssrc: number;
};

/** The same packet under another header; extensions and payload stay as they are. */
export function withHeader(packet: Buffer, fields: HeaderFields): Buffer {
  const copy = Buffer.from(packet);
  copy[1] = (fields.marker ? 0x80 : 0) | fields.payloadType;
  copy.writeUInt16BE(fields.sequenceNumber, 2);
  copy.writeUInt32BE(fields.timestamp, 4);
  copy.writeUInt32BE(fields.ssrc, 8);
  return copy;
}

export function hasMarker(packet: Buffer): boolean {
  return (packet[1]! & 0x80) !== 0;
}

/** The loudness in dBov, -127 to 0, that the sender measured (RFC 6464); undefined when it does not say. */
export function audioLevel(packet: Buffer, extensionId: number): number | undefined {
  const at = extensionData(packet, extensionId);
  return at === undefined ? undefined : -(packet[at]! & 0x7f);
}

/** Where the data of an extension's element begins, in either form of header (RFC 8285 §4.2, §4.3). */
function extensionData(packet: Buffer, id: number): number | undefined {
  if ((packet[0]! & 0x10) === 0) return undefined;
  const start = fixedBytes + (packet[0]! & 0x0f) * 4;
  if (start + 4 > packet.length) return undefined;
  const oneByte = packet.readUInt16BE(start) === 0xbede;
  const end = Math.min(packet.length, start + 4 + packet.readUInt16BE(start + 2) * 4);
  for (let at = start + 4; at < end; ) {
    if (packet[at] === 0) {
      at += 1; // Padding.
      continue;
    }
    const elementId = oneByte ? packet[at]! >> 4 : packet[at]!;
    if (oneByte && elementId === 15) return undefined;
    const data = at + (oneByte ? 1 : 2);
    const length = oneByte ? (packet[at]! & 0x0f) + 1 : (packet[at + 1] ?? 0);
    if (elementId === id) return length > 0 && data + length <= end ? data : undefined;
    at = data + length;
  }
  return undefined;
}
