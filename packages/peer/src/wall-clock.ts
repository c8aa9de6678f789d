const ntpEpochOffsetSeconds = 2_208_988_800; // 1900 to 1970.

/** Milliseconds since the Unix epoch with fractions; never jumps while the process runs. */
export function wallClockMs(nowMs = performance.now()): number {
  return performance.timeOrigin + nowMs;
}

/** The two halves of an NTP timestamp (RFC 5905 §6). */
export function ntpSeconds(unixMs: number): number {
  return (Math.floor(unixMs / 1000) + ntpEpochOffsetSeconds) >>> 0;
}

export function ntpFraction(unixMs: number): number {
  return Math.floor(((unixMs % 1000) / 1000) * 0x1_0000_0000) >>> 0;
}

export function unixMsFromNtp(seconds: number, fraction: number): number {
  return (seconds - ntpEpochOffsetSeconds) * 1000 + (fraction / 0x1_0000_0000) * 1000;
}

/** The middle 32 bits of an NTP timestamp: how reports refer to one (RFC 3550 §6.4.1). */
export function compactNtp(seconds: number, fraction: number): number {
  return (((seconds & 0xffff) << 16) | (fraction >>> 16)) >>> 0;
}

/** Seconds modulo 64 in 6.18 fixed point: the abs-send-time header extension. */
export function absSendTime(unixMs: number): number {
  return Math.floor(((unixMs % 64_000) / 1000) * 0x40000) & 0xffffff;
}
