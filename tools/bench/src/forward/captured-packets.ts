/** An RTP packet as it passed the network: SRTP leaves the header in clear (RFC 3711 §3.1). */
export type CapturedPacket = {
  /** By the kernel's clock, since the first second of the capture. */
  atMs: number;
  fromPort: number;
  toPort: number;
  ssrc: number;
  timestamp: number;
};

const magicNanoseconds = 0xa1b23c4d;
const fileHeaderBytes = 24;
const recordHeaderBytes = 16;
const ethernetBytes = 14;
const udpBytes = 8;
const rtpBytes = 12;

/** The RTP packets of a capture, in its order; the others (STUN, DTLS, RTCP) are passed over. */
export function* capturedPackets(pcap: Buffer): Generator<CapturedPacket> {
  if (pcap.readUInt32LE(0) !== magicNanoseconds) throw new Error('not a capture with nanoseconds');
  let firstSecond: number | undefined;
  for (let at = fileHeaderBytes; at + recordHeaderBytes <= pcap.length; ) {
    const second = pcap.readUInt32LE(at);
    firstSecond ??= second;
    const atMs = (second - firstSecond) * 1000 + pcap.readUInt32LE(at + 4) / 1e6;
    const start = at + recordHeaderBytes;
    at = start + pcap.readUInt32LE(at + 8);
    const udp = start + ethernetBytes + (pcap[start + ethernetBytes]! & 0x0f) * 4;
    const rtp = udp + udpBytes;
    if (at > pcap.length || rtp + rtpBytes > at || !isRtp(pcap, rtp)) continue;
    yield {
      atMs,
      fromPort: pcap.readUInt16BE(udp),
      toPort: pcap.readUInt16BE(udp + 2),
      timestamp: pcap.readUInt32BE(rtp + 4),
      ssrc: pcap.readUInt32BE(rtp + 8),
    };
  }
}

/** RFC 5761 §4, RFC 7983. */
function isRtp(bytes: Buffer, at: number): boolean {
  const second = bytes[at + 1]!;
  return bytes[at]! >> 6 === 2 && (second < 192 || second > 223);
}
