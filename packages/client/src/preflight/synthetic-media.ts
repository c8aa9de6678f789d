import type { Lifetime } from '@weir/core';

const width = 640;
const height = 360;
export const framesPerSecond = 20;
/** Blocks of this many pixels: as fine as it takes to fill the line, coarse enough to be made small. */
const grain = 4;
const looks = 4;

/** A picture that no codec can compress to nothing, so that the encoder sends as much as it is allowed to. */
export function noiseVideo(scope: Lifetime): MediaStreamTrack {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d')!;
  context.imageSmoothingEnabled = false;
  const pictures = Array.from({ length: looks }, noisePicture);
  let frame = 0;
  const draw = () => {
    // Another one each time, and shifted: motion that cannot be predicted.
    const [x, y] = [Math.random() * width, Math.random() * height];
    context.drawImage(pictures[frame++ % looks]!, -x, -y, 2 * width, 2 * height);
  };
  draw();
  const track = canvas.captureStream(framesPerSecond).getVideoTracks()[0]!;
  const timer = setInterval(draw, 1000 / framesPerSecond);
  scope.onClose(() => {
    clearInterval(timer);
    track.stop();
  });
  return track;
}

function noisePicture(): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = (2 * width) / grain;
  canvas.height = (2 * height) / grain;
  const context = canvas.getContext('2d')!;
  const picture = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(picture.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = 0xff000000 | (Math.random() * 0x1000000);
  context.putImageData(picture, 0, 0);
  return canvas;
}

/** A steady stream of sound that nobody hears: noise, since silence is hardly sent. */
export function noiseAudio(scope: Lifetime): MediaStreamTrack {
  const context = new AudioContext();
  const buffer = context.createBuffer(1, context.sampleRate, context.sampleRate);
  const samples = buffer.getChannelData(0);
  for (let i = 0; i < samples.length; i++) samples[i] = (Math.random() - 0.5) * 0.2;
  const source = new AudioBufferSourceNode(context, { buffer, loop: true });
  const destination = context.createMediaStreamDestination();
  source.connect(destination);
  source.start();
  const track = destination.stream.getAudioTracks()[0]!;
  scope.onClose(() => {
    track.stop();
    void context.close().catch(() => {});
  });
  return track;
}
