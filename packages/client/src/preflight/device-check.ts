import { PlatformError, sleep, withDeadline } from '@weir/core';
import { devices } from '../devices.ts';
import type { CameraFacts, MicrophoneFacts, Outcome, SpeakerFacts } from './measurements.ts';

/** Somebody has to read and answer the browser's question. */
const permissionMs = 9_000;
const pictureMs = 2_500;
const listenMs = 2_000;
const lookEveryMs = 50;

async function outcome<T>(work: Promise<T>, signal: AbortSignal): Promise<Outcome<T>> {
  try {
    return { state: 'done', value: await withDeadline(work, permissionMs + pictureMs, 'the device', signal) };
  } catch (error) {
    const { code, message } = PlatformError.from(error);
    return { state: 'failed', code, message };
  }
}

/** A track, if it comes in time; one that comes later is turned off again. */
async function opened(opening: Promise<MediaStreamTrack>, signal: AbortSignal): Promise<MediaStreamTrack> {
  try {
    return await withDeadline(opening, permissionMs, 'permission', signal);
  } catch (error) {
    opening.then(
      (track) => track.stop(),
      () => {},
    );
    throw error;
  }
}

export function checkCamera(signal: AbortSignal): Promise<Outcome<CameraFacts>> {
  const work = async () => {
    const track = await opened(devices.camera(), signal);
    try {
      const { width = 0, height = 0 } = track.getSettings();
      const { cameras } = await devices.list();
      return {
        label: track.label,
        count: cameras.length,
        width,
        height,
        pictures: await showsPictures(track, signal),
      };
    } finally {
      track.stop();
    }
  };
  return outcome(work(), signal);
}

async function showsPictures(track: MediaStreamTrack, signal: AbortSignal): Promise<boolean> {
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = new MediaStream([track]);
  void video.play().catch(() => {});
  const endsAt = performance.now() + pictureMs;
  while (video.videoWidth === 0 && performance.now() < endsAt && !signal.aborted)
    await sleep(lookEveryMs, signal);
  const seen = video.videoWidth > 0;
  video.srcObject = null;
  return seen;
}

export function checkMicrophone(signal: AbortSignal): Promise<Outcome<MicrophoneFacts>> {
  const work = async () => {
    const track = await opened(devices.microphone(), signal);
    try {
      const { microphones } = await devices.list();
      return { label: track.label, count: microphones.length, ...(await listen(track, signal)) };
    } finally {
      track.stop();
    }
  };
  return outcome(work(), signal);
}

async function listen(
  track: MediaStreamTrack,
  signal: AbortSignal,
): Promise<{ peakDb: number; listened: boolean }> {
  const context = new AudioContext();
  try {
    const analyser = new AnalyserNode(context, { fftSize: 2048 });
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let peak = 0;
    for (const endsAt = performance.now() + listenMs; performance.now() < endsAt && !signal.aborted; ) {
      await sleep(lookEveryMs, signal);
      analyser.getFloatTimeDomainData(samples);
      for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
    }
    // Without a click in the page the browser may not let it run.
    return { peakDb: 20 * Math.log10(Math.max(peak, 1e-5)), listened: context.state === 'running' };
  } finally {
    await context.close().catch(() => {});
  }
}

/** Asked after the others: names are told once something was allowed. */
export function checkSpeakers(signal: AbortSignal): Promise<Outcome<SpeakerFacts>> {
  const work = async () => {
    const { speakers } = await devices.list();
    const labels = speakers.map(({ label }) => label).filter(Boolean);
    return { labels, choosable: 'setSinkId' in HTMLMediaElement.prototype };
  };
  return outcome(work(), signal);
}
