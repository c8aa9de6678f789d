import { readUint16, readUint32, writeUint16, writeUint32 } from './rtp-packet.ts';

/** One source's reception, in a sender or receiver report (RFC 3550 §6.4.1). */
export type ReportBlock = {
  ssrc: number;
  /** Of the packets since the last report, in 1/256. */
  fractionLost: number;
  cumulativeLost: number;
  /** With its count of wrap-arounds in the high 16 bits. */
  highestSequence: number;
  /** In units of the RTP clock. */
  jitter: number;
  /** Compact NTP time of the last sender report, 0 for none. */
  lastSenderReport: number;
  /** In 1/65536 s. */
  delaySinceLastSenderReport: number;
};

/** The RTCP packets that a peer sends or understands; it skips all others. */
export type RtcpPacket =
  | {
      type: 'senderReport';
      ssrc: number;
      ntpSeconds: number;
      ntpFraction: number;
      rtpTimestamp: number;
      packetCount: number;
      octetCount: number;
      reports: ReportBlock[];
    }
  | { type: 'receiverReport'; ssrc: number; reports: ReportBlock[] }
  | { type: 'sourceDescription'; ssrc: number; cname: string }
  | { type: 'goodbye'; ssrcs: number[] }
  | { type: 'nack'; senderSsrc: number; mediaSsrc: number; sequenceNumbers: number[] }
  | { type: 'pictureLoss'; senderSsrc: number; mediaSsrc: number }
  | { type: 'fullIntraRequest'; senderSsrc: number; ssrc: number; command: number }
  | { type: 'bitrateEstimate'; senderSsrc: number; bitrateBps: number; ssrcs: number[] };

const senderReport = 200;
const receiverReport = 201;
const sourceDescription = 202;
const goodbye = 203;
const transportFeedback = 205;
const payloadFeedback = 206;

const reportBlockBytes = 24;
/** A report names at most so many sources. */
export const reportsPerPacket = 31;

/** The packets in a compound packet that we know, up to the first malformed one. */
export function parseRtcp(compound: Uint8Array): RtcpPacket[] {
  const packets: RtcpPacket[] = [];
  for (let at = 0; at + 8 <= compound.length; ) {
    const end = at + (readUint16(compound, at + 2) + 1) * 4;
    if (compound[at]! >> 6 !== 2 || end > compound.length) break;
    const padding = (compound[at]! & 0x20) !== 0 ? compound[end - 1]! : 0;
    if (padding <= end - at - 4) parseOne(compound, at, end - padding, packets);
    at = end;
  }
  return packets;
}

function parseOne(bytes: Uint8Array, at: number, end: number, packets: RtcpPacket[]): void {
  const count = bytes[at]! & 0x1f;
  const ssrc = at + 8 <= end ? readUint32(bytes, at + 4) : 0;
  switch (bytes[at + 1]) {
    case senderReport: {
      if (at + 28 > end) return;
      packets.push({
        type: 'senderReport',
        ssrc,
        ntpSeconds: readUint32(bytes, at + 8),
        ntpFraction: readUint32(bytes, at + 12),
        rtpTimestamp: readUint32(bytes, at + 16),
        packetCount: readUint32(bytes, at + 20),
        octetCount: readUint32(bytes, at + 24),
        reports: parseReports(bytes, at + 28, end, count),
      });
      return;
    }
    case receiverReport:
      if (at + 8 > end) return;
      packets.push({ type: 'receiverReport', ssrc, reports: parseReports(bytes, at + 8, end, count) });
      return;
    case sourceDescription:
      parseDescriptions(bytes, at + 4, end, count, packets);
      return;
    case goodbye: {
      const ssrcs: number[] = [];
      for (let i = 0; i < count && at + 8 + i * 4 <= end; i++) ssrcs.push(readUint32(bytes, at + 4 + i * 4));
      packets.push({ type: 'goodbye', ssrcs });
      return;
    }
    case transportFeedback:
      if (count === 1 && at + 12 <= end) packets.push(parseNack(bytes, at, end));
      return;
    case payloadFeedback:
      if (at + 12 <= end) parsePayloadFeedback(bytes, at, end, count, packets);
  }
}

function parseReports(bytes: Uint8Array, start: number, end: number, count: number): ReportBlock[] {
  const reports: ReportBlock[] = [];
  for (let i = 0, at = start; i < count && at + reportBlockBytes <= end; i++, at += reportBlockBytes) {
    reports.push({
      ssrc: readUint32(bytes, at),
      fractionLost: bytes[at + 4]!,
      cumulativeLost: (readUint32(bytes, at + 4) << 8) >> 8, // 24 bits with a sign.
      highestSequence: readUint32(bytes, at + 8),
      jitter: readUint32(bytes, at + 12),
      lastSenderReport: readUint32(bytes, at + 16),
      delaySinceLastSenderReport: readUint32(bytes, at + 20),
    });
  }
  return reports;
}

function parseDescriptions(
  bytes: Uint8Array,
  start: number,
  end: number,
  count: number,
  packets: RtcpPacket[],
): void {
  let at = start;
  for (let chunk = 0; chunk < count && at + 4 <= end; chunk++) {
    const ssrc = readUint32(bytes, at);
    at += 4;
    while (at + 1 < end && bytes[at] !== 0) {
      const length = bytes[at + 1]!;
      if (at + 2 + length > end) return;
      if (bytes[at] === 1) {
        const cname = new TextDecoder().decode(bytes.subarray(at + 2, at + 2 + length));
        packets.push({ type: 'sourceDescription', ssrc, cname });
      }
      at += 2 + length;
    }
    at += 4 - ((at - start) % 4); // At least one zero ends the chunk, on a word boundary.
  }
}

function parseNack(bytes: Uint8Array, at: number, end: number): RtcpPacket {
  const sequenceNumbers: number[] = [];
  for (let item = at + 12; item + 4 <= end; item += 4) {
    const first = readUint16(bytes, item);
    const following = readUint16(bytes, item + 2);
    sequenceNumbers.push(first);
    for (let bit = 0; bit < 16; bit++) {
      if ((following & (1 << bit)) !== 0) sequenceNumbers.push((first + 1 + bit) & 0xffff);
    }
  }
  const [senderSsrc, mediaSsrc] = [readUint32(bytes, at + 4), readUint32(bytes, at + 8)];
  return { type: 'nack', senderSsrc, mediaSsrc, sequenceNumbers };
}

function parsePayloadFeedback(
  bytes: Uint8Array,
  at: number,
  end: number,
  format: number,
  packets: RtcpPacket[],
): void {
  const senderSsrc = readUint32(bytes, at + 4);
  if (format === 1) {
    packets.push({ type: 'pictureLoss', senderSsrc, mediaSsrc: readUint32(bytes, at + 8) });
  } else if (format === 4) {
    for (let item = at + 12; item + 8 <= end; item += 8) {
      const [ssrc, command] = [readUint32(bytes, item), bytes[item + 4]!];
      packets.push({ type: 'fullIntraRequest', senderSsrc, ssrc, command });
    }
  } else if (format === 15 && at + 20 <= end && readUint32(bytes, at + 12) === 0x52454d42 /* REMB */) {
    const exponent = bytes[at + 17]! >> 2;
    const mantissa = ((bytes[at + 17]! & 3) << 16) | readUint16(bytes, at + 18);
    const ssrcs: number[] = [];
    for (let i = 0; i < bytes[at + 16]! && at + 24 + i * 4 <= end; i++) {
      ssrcs.push(readUint32(bytes, at + 20 + i * 4));
    }
    packets.push({ type: 'bitrateEstimate', senderSsrc, bitrateBps: mantissa * 2 ** exponent, ssrcs });
  }
}

/** A compound packet of `packets` in their order. Receiver reports take at most `reportsPerPacket` blocks. */
export function buildRtcp(packets: readonly RtcpPacket[]): Buffer {
  return Buffer.concat(packets.map(buildOne));
}

function buildOne(packet: RtcpPacket): Buffer {
  switch (packet.type) {
    case 'senderReport': {
      const bytes = start(senderReport, packet.reports.length, 28 + packet.reports.length * reportBlockBytes);
      writeUint32(bytes, 4, packet.ssrc);
      writeUint32(bytes, 8, packet.ntpSeconds);
      writeUint32(bytes, 12, packet.ntpFraction);
      writeUint32(bytes, 16, packet.rtpTimestamp);
      writeUint32(bytes, 20, packet.packetCount);
      writeUint32(bytes, 24, packet.octetCount);
      writeReports(bytes, 28, packet.reports);
      return bytes;
    }
    case 'receiverReport': {
      const bytes = start(
        receiverReport,
        packet.reports.length,
        8 + packet.reports.length * reportBlockBytes,
      );
      writeUint32(bytes, 4, packet.ssrc);
      writeReports(bytes, 8, packet.reports);
      return bytes;
    }
    case 'sourceDescription': {
      const cname = Buffer.from(packet.cname).subarray(0, 255);
      const bytes = start(sourceDescription, 1, 4 + roundUp(4 + 2 + cname.length + 1));
      writeUint32(bytes, 4, packet.ssrc);
      bytes[8] = 1;
      bytes[9] = cname.length;
      bytes.set(cname, 10);
      return bytes;
    }
    case 'goodbye': {
      const bytes = start(goodbye, packet.ssrcs.length, 4 + packet.ssrcs.length * 4);
      packet.ssrcs.forEach((ssrc, i) => {
        writeUint32(bytes, 4 + i * 4, ssrc);
      });
      return bytes;
    }
    case 'nack':
      return buildNack(packet.senderSsrc, packet.mediaSsrc, packet.sequenceNumbers);
    case 'pictureLoss': {
      const bytes = start(payloadFeedback, 1, 12);
      writeUint32(bytes, 4, packet.senderSsrc);
      writeUint32(bytes, 8, packet.mediaSsrc);
      return bytes;
    }
    case 'fullIntraRequest': {
      const bytes = start(payloadFeedback, 4, 20);
      writeUint32(bytes, 4, packet.senderSsrc);
      writeUint32(bytes, 12, packet.ssrc); // The media source in the header is unused (RFC 5104 §4.3.1.2).
      bytes[16] = packet.command;
      return bytes;
    }
    case 'bitrateEstimate': {
      const bytes = start(payloadFeedback, 15, 20 + packet.ssrcs.length * 4);
      const exponent = Math.max(0, Math.ceil(Math.log2((packet.bitrateBps + 1) / 2 ** 18)));
      const mantissa = Math.floor(packet.bitrateBps / 2 ** exponent);
      writeUint32(bytes, 4, packet.senderSsrc);
      writeUint32(bytes, 12, 0x52454d42);
      bytes[16] = packet.ssrcs.length;
      bytes[17] = (exponent << 2) | (mantissa >>> 16);
      writeUint16(bytes, 18, mantissa & 0xffff);
      packet.ssrcs.forEach((ssrc, i) => {
        writeUint32(bytes, 20 + i * 4, ssrc);
      });
      return bytes;
    }
  }
}

/** Sequence numbers must come in rising order (modulo 2^16); each run of 17 shares an item. */
function buildNack(senderSsrc: number, mediaSsrc: number, sequenceNumbers: readonly number[]): Buffer {
  const items: { first: number; following: number }[] = [];
  for (const sequenceNumber of sequenceNumbers) {
    const item = items.at(-1);
    const distance = item ? (sequenceNumber - item.first) & 0xffff : 0;
    if (item && distance >= 1 && distance <= 16) item.following |= 1 << (distance - 1);
    else items.push({ first: sequenceNumber, following: 0 });
  }
  const bytes = start(transportFeedback, 1, 12 + items.length * 4);
  writeUint32(bytes, 4, senderSsrc);
  writeUint32(bytes, 8, mediaSsrc);
  items.forEach(({ first, following }, i) => {
    writeUint16(bytes, 12 + i * 4, first);
    writeUint16(bytes, 14 + i * 4, following);
  });
  return bytes;
}

function writeReports(bytes: Uint8Array, start: number, reports: readonly ReportBlock[]): void {
  let at = start;
  for (const report of reports) {
    writeUint32(bytes, at, report.ssrc);
    writeUint32(bytes, at + 4, report.cumulativeLost & 0xffffff);
    bytes[at + 4] = report.fractionLost;
    writeUint32(bytes, at + 8, report.highestSequence);
    writeUint32(bytes, at + 12, report.jitter);
    writeUint32(bytes, at + 16, report.lastSenderReport);
    writeUint32(bytes, at + 20, report.delaySinceLastSenderReport);
    at += reportBlockBytes;
  }
}

function start(payloadType: number, count: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes[0] = 0x80 | count;
  bytes[1] = payloadType;
  writeUint16(bytes, 2, length / 4 - 1);
  return bytes;
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
