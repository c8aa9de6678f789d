import { useEffect, useState } from 'react';

const lookEveryMs = 80;
/** Levels below this are room noise. */
const quietDb = -60;

/** How loud a microphone is, 0 to 1. */
export function useLevel(track: MediaStreamTrack | undefined): number {
  const [level, setLevel] = useState(0);
  useEffect(() => {
    setLevel(0);
    if (!track) return;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      if (context.state === 'suspended') context.resume().catch(() => {}); // Until the first click in the page.
      analyser.getFloatTimeDomainData(samples);
      setLevel(loudness(samples));
    }, lookEveryMs);
    return () => {
      clearInterval(timer);
      context.close().catch(() => {});
    };
  }, [track]);
  return level;
}

/** Root mean square on a scale of decibels, 0 (quiet) to 1 (as loud as it goes). */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const db = 10 * Math.log10(sum / samples.length || 1e-12);
  return Math.min(1, Math.max(0, 1 - db / quietDb));
}
