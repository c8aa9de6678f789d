import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PlatformError } from '@weir/core';
import { loadMedia, type MediaCodec, type MediaFile } from './media-file.ts';

const run = promisify(execFile);
const encodeTimeoutMs = 120_000;

export type VideoDescription = {
  codec: 'VP8' | 'H264';
  width: number;
  height: number;
  fps: number;
  bitrateBps: number;
  seconds: number;
  /** A key frame each so many frames. A peer that is asked for one jumps to the next, so let it be short. */
  keyFrameEvery: number;
};
export type AudioDescription = {
  codec: 'opus';
  bitrateBps: number;
  seconds: number;
  /** How much sound is in a packet: 20 (the default) or 40 or 60 ms. */
  frameMs?: number;
};
export type MediaDescription = VideoDescription | AudioDescription;

const prepared = new Map<string, Promise<MediaFile>>();

/**
 * A test picture with a running frame number, or a beeping tone. Encoded by ffmpeg once a machine (kept in
 * `$XDG_CACHE_HOME/weir/media`) and read once a process.
 */
export function prepareMedia(description: MediaDescription): Promise<MediaFile> {
  const key = JSON.stringify(Object.entries(description).sort());
  let media = prepared.get(key);
  if (!media) {
    media = prepare(description, createHash('sha256').update(key).digest('hex').slice(0, 16));
    media.catch(() => prepared.delete(key)); // The next caller may have more luck.
    prepared.set(key, media);
  }
  return media;
}

/** A camera's three layers, smallest first: a quarter, half and all of the picture's width. */
export function prepareSimulcast(largest: VideoDescription): Promise<MediaFile[]> {
  const layer = (divisor: number) => ({
    ...largest,
    width: even(largest.width / divisor),
    height: even(largest.height / divisor),
    bitrateBps: Math.round(largest.bitrateBps / divisor ** 1.5),
  });
  return Promise.all([4, 2, 1].map((divisor) => prepareMedia(layer(divisor))));
}

function even(size: number): number {
  return Math.max(2, Math.round(size / 2) * 2);
}

async function prepare(description: MediaDescription, hash: string): Promise<MediaFile> {
  const directory = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'weir', 'media');
  const path = join(directory, `${description.codec}-${hash}.${extensions[description.codec]}`);
  const bytes = await readFile(path).catch(async () => {
    await mkdir(directory, { recursive: true });
    await encode(description, path);
    return readFile(path);
  });
  if (description.codec === 'opus') {
    const { codec, frameMs = opusFrameMs } = description;
    return loadMedia({ codec, width: 0, height: 0, frameDurationMs: frameMs, bytes });
  }
  const { codec, width, height, fps } = description;
  return loadMedia({ codec, width, height, frameDurationMs: 1000 / fps, bytes });
}

const opusFrameMs = 20;
const extensions = { VP8: 'ivf', H264: 'h264', opus: 'ogg' } as const satisfies Record<MediaCodec, string>;
const formats = { VP8: 'ivf', H264: 'h264', opus: 'ogg' } as const satisfies Record<MediaCodec, string>;

async function encode(description: MediaDescription, path: string): Promise<void> {
  const partial = `${path}.${randomUUID()}.part`; // Renamed when whole: another process may want it too.
  const args = description.codec === 'opus' ? audioArguments(description) : videoArguments(description);
  try {
    await run('ffmpeg', ['-v', 'error', '-y', ...args, '-f', formats[description.codec], partial], {
      timeout: encodeTimeoutMs,
      killSignal: 'SIGKILL',
    });
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw new PlatformError('internal', `ffmpeg could not encode ${path}`, { cause: error });
  }
}

function audioArguments({ bitrateBps, seconds, frameMs = opusFrameMs }: AudioDescription): string[] {
  const input = `sine=frequency=330:beep_factor=4:sample_rate=48000:duration=${seconds}`;
  const codec = ['-c:a', 'libopus', '-b:a', `${bitrateBps}`, '-frame_duration', `${frameMs}`];
  return ['-f', 'lavfi', '-i', input, '-ac', '2', ...codec];
}

function videoArguments(description: VideoDescription): string[] {
  const { width, height, fps, bitrateBps, seconds, keyFrameEvery } = description;
  const input = `testsrc2=size=${width}x${height}:rate=${fps}:duration=${seconds}`;
  const rate = ['-b:v', `${bitrateBps}`, '-maxrate', `${bitrateBps}`, '-bufsize', `${bitrateBps}`];
  const keys = ['-g', `${keyFrameEvery}`, '-keyint_min', `${keyFrameEvery}`];
  return [
    '-f',
    'lavfi',
    '-i',
    input,
    '-pix_fmt',
    'yuv420p',
    ...encoders[description.codec],
    ...rate,
    ...keys,
  ];
}

const encoders = {
  // No hidden frames and no dropped ones: a packet of the file is a picture at its time.
  VP8: [
    '-c:v',
    'libvpx',
    '-deadline',
    'realtime',
    '-cpu-used',
    '8',
    '-auto-alt-ref',
    '0',
    '-lag-in-frames',
    '0',
  ],
  H264: ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-profile:v', 'baseline'].concat([
    '-level',
    '3.1',
    '-sc_threshold',
    '0',
    '-x264-params',
    'aud=1:sliced-threads=0:slices=1',
  ]),
};
