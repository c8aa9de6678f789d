/** Bytes of an RTP header without CSRCs and extension (RFC 3550 §5.1). */
export const rtpHeaderBytes = 12;

/** An RTP header as read by `parseRtp`; one object may be read into again and again. */
export type RtpHeader = {
  marker: boolean;
  payloadType: number;
  sequenceNumber: number;
  timestamp: number;
  ssrc: number;
  /** Where the extension's elements lie; both 0 when there is none. */
  extensionStart: number;
  extensionEnd: number;
  twoByteExtension: boolean;
  payloadStart: number;
  /** Before the padding. */
  payloadEnd: number;
};

export function newRtpHeader(): RtpHeader {
  return {
    marker: false,
    payloadType: 0,
    sequenceNumber: 0,
    timestamp: 0,
    ssrc: 0,
    extensionStart: 0,
    extensionEnd: 0,
    twoByteExtension: false,
    payloadStart: 0,
    payloadEnd: 0,
  };
}

/** True for RTCP on a transport that carries both (RFC 5761 §4). */
export function isRtcp(packet: Uint8Array): boolean {
  return packet.length >= 8 && packet[1]! >= 192 && packet[1]! <= 223;
}

export function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

export function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Reads a packet's header into `header`; false when it is not a whole RTP packet. */
export function parseRtp(packet: Uint8Array, header: RtpHeader): boolean {
  if (packet.length < rtpHeaderBytes) return false;
  const first = packet[0]!;
  if (first >> 6 !== 2) return false;
  header.marker = (packet[1]! & 0x80) !== 0;
  header.payloadType = packet[1]! & 0x7f;
  header.sequenceNumber = readUint16(packet, 2);
  header.timestamp = readUint32(packet, 4);
  header.ssrc = readUint32(packet, 8);
  let at = rtpHeaderBytes + (first & 0x0f) * 4;
  header.extensionStart = 0;
  header.extensionEnd = 0;
  if ((first & 0x10) !== 0) {
    if (at + 4 > packet.length) return false;
    header.extensionStart = at + 4;
    header.extensionEnd = at + 4 + readUint16(packet, at + 2) * 4;
    header.twoByteExtension = readUint16(packet, at) !== 0xbede;
    at = header.extensionEnd;
  }
  const padding = (first & 0x20) !== 0 ? packet[packet.length - 1]! : 0;
  header.payloadStart = at;
  header.payloadEnd = packet.length - padding;
  return header.payloadEnd >= at;
}

/** Where the data of extension element `id` begins (RFC 8285), or -1. */
export function findExtension(packet: Uint8Array, header: RtpHeader, id: number): number {
  let at = header.extensionStart;
  while (at < header.extensionEnd) {
    if (packet[at] === 0) {
      at += 1; // Padding between elements.
      continue;
    }
    const elementId = header.twoByteExtension ? packet[at]! : packet[at]! >> 4;
    const length = header.twoByteExtension ? packet[at + 1]! : (packet[at]! & 0x0f) + 1;
    const data = at + (header.twoByteExtension ? 2 : 1);
    if (!header.twoByteExtension && elementId === 15) return -1; // Reserved: stop.
    if (elementId === id) return data + length <= header.extensionEnd ? data : -1;
    at = data + length;
  }
  return -1;
}

/** The number nearest to `near` whose low 16 bits are `sequenceNumber`: undoes the wrap-around. */
export function extendSequence(sequenceNumber: number, near: number): number {
  let difference = (sequenceNumber - near) & 0xffff;
  if (difference >= 0x8000) difference -= 0x10000;
  return near + difference;
}
