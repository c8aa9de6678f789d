import type { MediaCodec } from './media-file.ts';
import { type Fragment, stampVp8 } from './packetizer.ts';
import { extensionUris } from './rtp-capabilities.ts';
import { rtpHeaderBytes, writeUint16, writeUint32 } from './rtp-packet.ts';
import { absSendTime, ntpFraction, ntpSeconds } from './wall-clock.ts';

/** What differs from packet to packet. */
export type PacketFields = {
  marker: boolean;
  payloadType: number;
  sequenceNumber: number;
  timestamp: number;
  ssrc: number;
  pictureId: number;
  /** Wall clock of the frame. */
  capturedAtMs: number;
  /** Set for a packet of an RTX stream (RFC 4588 §4): the number of the packet that it repeats. */
  originalSequenceNumber: number | undefined;
};

export type WriterOptions = {
  codec: MediaCodec;
  mid: string;
  /** As announced to the server: only these are stamped. */
  headerExtensions: readonly { uri: string; id: number }[];
};

// Sending copies: one buffer serves all packets, and a view of each length that was ever needed.
const scratch = Buffer.alloc(1500);
const views: Buffer[] = [];

function viewOf(length: number): Buffer {
  views[length] ??= scratch.subarray(0, length);
  return views[length];
}

/** Writes the packets of one track: header, extensions and payload. */
export class PacketWriter {
  readonly #vp8: boolean;
  readonly #header: Uint8Array;
  readonly #sendTimeAt: number;
  readonly #transportSequenceAt: number;
  readonly #audioLevelAt: number;
  readonly #captureTimeAt: number;

  constructor({ codec, mid, headerExtensions }: WriterOptions) {
    this.#vp8 = codec === 'VP8';
    const bytes: number[] = new Array<number>(rtpHeaderBytes).fill(0);
    bytes[0] = 0x90; // Version 2 with an extension.
    bytes.push(0xbe, 0xde, 0, 0);
    const element = (uri: string, data: ArrayLike<number>): number => {
      const id = headerExtensions.find((extension) => extension.uri === uri)?.id;
      if (id === undefined || id > 14) return 0;
      bytes.push((id << 4) | (data.length - 1), ...Array.from(data));
      return bytes.length - data.length;
    };
    element(extensionUris.mid, Buffer.from(mid));
    this.#sendTimeAt = element(extensionUris.absSendTime, [0, 0, 0]);
    this.#transportSequenceAt = element(extensionUris.transportSequence, [0, 0]);
    this.#audioLevelAt = element(extensionUris.audioLevel, [0]);
    this.#captureTimeAt = element(extensionUris.absCaptureTime, new Uint8Array(8));
    while (bytes.length % 4 !== 0) bytes.push(0);
    this.#header = Uint8Array.from(bytes);
    writeUint16(this.#header, rtpHeaderBytes + 2, (bytes.length - rtpHeaderBytes - 4) / 4);
  }

  /** True when packets carry a transport-wide sequence number: the caller counts it. */
  get hasTransportSequence(): boolean {
    return this.#transportSequenceAt > 0;
  }

  /** From 0 (loudest) to -127 dBov (silence): goes out with the next packets. */
  setAudioLevel(dbov: number): void {
    if (this.#audioLevelAt === 0) return;
    const level = Math.min(127, Math.max(0, Math.round(-dbov)));
    this.#header[this.#audioLevelAt] = (level < 60 ? 0x80 : 0) | level; // The first bit: it is a voice.
  }

  /** The packet; valid until the next call of any writer. */
  write(fields: PacketFields, fragment: Fragment, sentAtMs: number, transportSequence: number): Buffer {
    scratch.set(this.#header, 0);
    scratch[1] = (fields.marker ? 0x80 : 0) | fields.payloadType;
    writeUint16(scratch, 2, fields.sequenceNumber);
    writeUint32(scratch, 4, fields.timestamp);
    writeUint32(scratch, 8, fields.ssrc);
    if (this.#sendTimeAt > 0) {
      const time = absSendTime(sentAtMs);
      scratch[this.#sendTimeAt] = time >>> 16;
      writeUint16(scratch, this.#sendTimeAt + 1, time & 0xffff);
    }
    if (this.#transportSequenceAt > 0) writeUint16(scratch, this.#transportSequenceAt, transportSequence);
    if (this.#captureTimeAt > 0) {
      writeUint32(scratch, this.#captureTimeAt, ntpSeconds(fields.capturedAtMs));
      writeUint32(scratch, this.#captureTimeAt + 4, ntpFraction(fields.capturedAtMs));
    }
    let at = this.#header.length;
    if (fields.originalSequenceNumber !== undefined) {
      writeUint16(scratch, at, fields.originalSequenceNumber);
      at += 2;
    }
    scratch.set(fragment.head, at);
    if (this.#vp8) stampVp8(scratch, at, fields.pictureId);
    at += fragment.head.length;
    scratch.set(fragment.body, at);
    return viewOf(at + fragment.body.length);
  }
}
