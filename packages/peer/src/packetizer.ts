import { writeUint16 } from './rtp-packet.ts';

/** Largest RTP packet sent. */
export const maxPacketBytes = 1200;
/** What remains for the payload after header, header extensions and the RTX sequence number. */
export const maxPayloadBytes = 1140;

/** One packet's payload: `head` (made by the packetizer), then `body` (a view of the frame). */
export type Fragment = { head: Uint8Array; body: Uint8Array };

const nothing = new Uint8Array(0);

/** Opus: a packet is a frame (RFC 7587). */
export function packetizeOpus(frame: Uint8Array): Fragment[] {
  return [{ head: nothing, body: frame }];
}

const vp8DescriptorBytes = 6;

/** VP8 with an extended descriptor of PictureID, TL0PICIDX and TID (RFC 7741 §4.2); see `stampVp8`. */
export function packetizeVp8(frame: Uint8Array, limit = maxPayloadBytes): Fragment[] {
  const room = limit - vp8DescriptorBytes;
  const count = Math.ceil(frame.length / room);
  const size = Math.ceil(frame.length / count); // Equal parts: no tiny last packet.
  const fragments: Fragment[] = [];
  for (let at = 0; at < frame.length; at += size) {
    const start = at === 0 ? 0x10 : 0;
    const head = Uint8Array.of(0x80 | start, 0xe0, 0x80, 0, 0, 0); // X S | I L T | M PictureID | TL0PICIDX | TID 0
    fragments.push({ head, body: frame.subarray(at, at + size) });
  }
  return fragments;
}

/** Writes the running numbers into a VP8 descriptor at `at`: with one temporal layer both count frames. */
export function stampVp8(packet: Uint8Array, at: number, pictureId: number): void {
  writeUint16(packet, at + 2, 0x8000 | (pictureId & 0x7fff));
  packet[at + 4] = pictureId;
}

const nalSps = 7;
const nalPps = 8;
const nalDelimiter = 9;
const nalStapA = 24;
const nalFuA = 28;

/** H264 in packetization mode 1: parameter sets aggregated, large units fragmented (RFC 6184 §5.6–5.8). */
export function packetizeH264(nalUnits: readonly Uint8Array[], limit = maxPayloadBytes): Fragment[] {
  const fragments: Fragment[] = [];
  let sets: Uint8Array[] = [];
  let setBytes = 1;
  const flush = () => {
    if (sets.length === 1) fragments.push({ head: nothing, body: sets[0]! });
    else if (sets.length > 1) fragments.push({ head: stapA(sets), body: nothing });
    sets = [];
    setBytes = 1;
  };
  for (const unit of nalUnits) {
    const type = unit[0]! & 0x1f;
    if (type === nalDelimiter) continue;
    const isSet = type === nalSps || type === nalPps;
    if (!isSet || setBytes + 2 + unit.length > limit) flush();
    if (isSet && setBytes + 2 + unit.length <= limit) {
      sets.push(unit);
      setBytes += 2 + unit.length;
    } else if (unit.length <= limit) fragments.push({ head: nothing, body: unit });
    else fragments.push(...fuA(unit, limit));
  }
  flush();
  return fragments;
}

function stapA(units: readonly Uint8Array[]): Uint8Array {
  const payload = new Uint8Array(1 + units.reduce((sum, unit) => sum + 2 + unit.length, 0));
  payload[0] = Math.max(...units.map((unit) => unit[0]! & 0x60)) | nalStapA;
  let at = 1;
  for (const unit of units) {
    writeUint16(payload, at, unit.length);
    payload.set(unit, at + 2);
    at += 2 + unit.length;
  }
  return payload;
}

function fuA(unit: Uint8Array, limit: number): Fragment[] {
  const header = unit[0]!;
  const data = unit.subarray(1); // Its header byte is spread over the two bytes of each fragment's head.
  const size = Math.ceil(data.length / Math.ceil(data.length / (limit - 2)));
  const fragments: Fragment[] = [];
  for (let at = 0; at < data.length; at += size) {
    const start = at === 0 ? 0x80 : 0;
    const end = at + size >= data.length ? 0x40 : 0;
    const head = Uint8Array.of((header & 0xe0) | nalFuA, start | end | (header & 0x1f));
    fragments.push({ head, body: data.subarray(at, at + size) });
  }
  return fragments;
}
