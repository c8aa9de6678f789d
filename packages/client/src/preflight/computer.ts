import { withDeadline } from '@weir/core';
import type { Device } from 'mediasoup-client';
import { detectDevice } from 'mediasoup-client';
import type { BrowserFacts, CodecFacts, CpuFacts, Outcome } from './measurements.ts';

const needed = ['opus', 'VP8'];
const cpuMs = 2_500;
const frames = 15;

/** What this browser is. */
export function browserFacts(): BrowserFacts {
  const userAgent = globalThis.navigator?.userAgent ?? '';
  const webrtc = 'RTCPeerConnection' in globalThis;
  const kind = webrtc ? detectDevice() : undefined;
  const [, brand = '', version = ''] =
    /(Edg|OPR|Firefox|Chrome|Version)\/(\d+)/.exec(userAgent.replace(/Chrome(?=.*(Edg|OPR)\/)/, '')) ?? [];
  return {
    name: { Edg: 'Edge', OPR: 'Opera', Version: 'Safari' }[brand] ?? brand,
    version,
    secure: globalThis.isSecureContext ?? false,
    webrtc,
    support: kind === undefined ? 'unknown' : kind === 'Chrome74' ? 'old' : 'current',
    userAgent,
  };
}

/** Which codecs of the service this browser sends and receives. `device` is loaded. */
export function codecFacts(device: Device): CodecFacts {
  const names = (codecs: { mimeType: string }[] | undefined) => [
    ...new Set(
      (codecs ?? []).map(({ mimeType }) => mimeType.split('/')[1]!).filter((name) => name !== 'rtx'),
    ),
  ];
  return {
    sends: names(device.sendRtpCapabilities.codecs),
    receives: names(device.recvRtpCapabilities.codecs),
    needed,
  };
}

/** How long a 720p frame takes this computer to encode and to decode, one after another. */
export async function cpuFacts(signal: AbortSignal): Promise<Outcome<CpuFacts>> {
  if (!('VideoEncoder' in globalThis) || !('VideoDecoder' in globalThis))
    return { state: 'skipped', why: 'unsupported' };
  try {
    const value = await withDeadline(timeFrames(), cpuMs, 'encoding', signal);
    return { state: 'done', value };
  } catch (error) {
    return { state: 'failed', code: 'timeout', message: String((error as Error).message ?? error) };
  }
}

async function timeFrames(): Promise<CpuFacts> {
  const [width, height] = [1280, 720];
  const pictures: EncodedVideoChunk[] = [];
  const fault = (error: Error) => console.warn('preflight', error.message);
  const encoder = new VideoEncoder({ output: (chunk) => pictures.push(chunk), error: fault });
  const decoder = new VideoDecoder({ output: (frame) => frame.close(), error: fault });
  try {
    encoder.configure({
      codec: 'vp8',
      width,
      height,
      bitrate: 2_000_000,
      framerate: 30,
      latencyMode: 'realtime',
    });
    decoder.configure({ codec: 'vp8', codedWidth: width, codedHeight: height });
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d')!;
    let at = 0;
    /** Its time in ms. */
    const encode = async (count: number) => {
      let ms = 0;
      for (let i = 0; i < count; i++) {
        paint(context, at);
        const frame = new VideoFrame(canvas, { timestamp: at++ * 33_333 });
        const startedAt = performance.now();
        encoder.encode(frame, { keyFrame: at === 1 });
        frame.close();
        await encoder.flush();
        ms += performance.now() - startedAt;
      }
      return ms;
    };
    await encode(3); // The first ones start the codec.
    const encodeMs = (await encode(frames)) / frames;
    const startedAt = performance.now();
    for (const picture of pictures) decoder.decode(picture);
    await decoder.flush();
    const decodeMs = (performance.now() - startedAt) / pictures.length;
    return { encodeMs, decodeMs, cores: navigator.hardwareConcurrency };
  } finally {
    if (encoder.state !== 'closed') encoder.close();
    if (decoder.state !== 'closed') decoder.close();
  }
}

/** Somebody in front of a wall: a still ground and something that moves. */
function paint(context: OffscreenCanvasRenderingContext2D, at: number): void {
  const { width, height } = context.canvas;
  const ground = context.createLinearGradient(0, 0, width, height);
  ground.addColorStop(0, '#356');
  ground.addColorStop(1, '#a86');
  context.fillStyle = ground;
  context.fillRect(0, 0, width, height);
  for (let i = 0; i < 60; i++) {
    context.fillStyle = `hsl(${(i * 37 + at * 5) % 360} 50% 50%)`;
    context.fillRect(400 + 60 * (i % 8) + 9 * Math.sin(at + i), 120 + 60 * Math.floor(i / 8), 50, 50);
  }
}
