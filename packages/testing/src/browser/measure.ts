import type { FrameCode } from './frame-code.ts';
import type { BrowserKit } from './kit.ts';

export type GlassToGlass = {
  /** Each shown picture whose code could be read; `latencyMs` is from drawing to its presentation here. */
  samples: (FrameCode & { latencyMs: number })[];
  /** Pictures that were shown and could not be read. */
  unreadable: number;
  /** Of the latency; `NaN` without samples. */
  medianMs: number;
  p95Ms: number;
};

export type MeasureKit = {
  /** Samples the next `frames` (60) pictures of a frame-code video; those that came when `timeoutMs` (10 s) is over. */
  glassToGlass(
    video: HTMLVideoElement,
    options?: { frames?: number; timeoutMs?: number },
  ): Promise<GlassToGlass>;
  /** Whether the video shows something that is not black and changes within `gapMs` (500). */
  videoIsLive(video: HTMLVideoElement, gapMs?: number): Promise<boolean>;
  /** Listens to a track of `toneSource`: mean level of the tone in dBFS, and when beeps began by `Date.now()`. */
  listenToTone(
    track: MediaStreamTrack,
    options?: { durationMs?: number; toneHz?: number },
  ): Promise<{ toneDb: number; beepsAt: number[] }>;
};

/** Runs in the page, by its text: it must not refer to anything outside of itself. */
export function installMeasures(kit: BrowserKit): void {
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  kit.glassToGlass = async (video, { frames = 60, timeoutMs = 10_000 } = {}) => {
    const samples: GlassToGlass['samples'] = [];
    let unreadable = 0;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => finish(), timeoutMs);
      const sample = () => {
        const shownAt = Date.now();
        const code = kit.readFrameCode(video);
        const last = samples.at(-1);
        // A late callback finds the next picture on show already, which then is not counted again.
        const isRead = code && last && code.frame === last.frame && code.source === last.source;
        if (code && !isRead) samples.push({ ...code, latencyMs: shownAt - code.capturedAt });
        else if (!code) unreadable++;
        if (samples.length + unreadable < frames) handle = video.requestVideoFrameCallback(sample);
        else finish();
      };
      let handle = video.requestVideoFrameCallback(sample);
      const finish = () => {
        clearTimeout(timer);
        video.cancelVideoFrameCallback(handle);
        resolve();
      };
    });
    const latencies = samples.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
    const quantile = (q: number) => latencies[Math.floor((latencies.length - 1) * q)] ?? Number.NaN;
    return { samples, unreadable, medianMs: quantile(0.5), p95Ms: quantile(0.95) };
  };

  kit.videoIsLive = async (video, gapMs = 500) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [64, 36];
    const context = canvas.getContext('2d', { willReadFrequently: true })!;
    const look = () => {
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      return context.getImageData(0, 0, canvas.width, canvas.height).data;
    };
    if (video.videoWidth === 0) return false;
    const before = look();
    await pause(gapMs);
    const after = look();
    const isPixel = (_: number, i: number) => i % 4 !== 3; // Alpha is always full.
    return (
      after.some((value, i) => isPixel(value, i) && value > 0) &&
      after.some((value, i) => value !== before[i])
    );
  };

  kit.listenToTone = async (track, { durationMs = 2500, toneHz = 440 } = {}) => {
    const stream = new MediaStream([track]);
    const sink = new Audio(); // Chromium gives a remote track to WebAudio only while an element plays it too.
    sink.muted = true;
    sink.srcObject = stream;
    void sink.play().catch(() => {});
    const context = new AudioContext();
    await context.resume();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    analyser.smoothingTimeConstant = 0;
    context.createMediaStreamSource(stream).connect(analyser);
    const spectrum = new Float32Array(analyser.frequencyBinCount);
    const level = (hz: number) => spectrum[Math.round((hz * analyser.fftSize) / context.sampleRate)]!;
    const tones: number[] = [];
    const beepsAt: number[] = [];
    let beeping = true; // One that was already on when we began does not count.
    for (const endsAt = Date.now() + durationMs; Date.now() < endsAt; await pause(5)) {
      analyser.getFloatFrequencyData(spectrum);
      const loud = level(kit.beepHz) > -30;
      // One that a busy machine plays with a gap in it is still one.
      if (loud && !beeping && Date.now() - (beepsAt.at(-1) ?? 0) > 400) beepsAt.push(Date.now());
      beeping = loud;
      if (Number.isFinite(level(toneHz))) tones.push(level(toneHz));
    }
    sink.srcObject = null;
    await context.close();
    return { toneDb: tones.reduce((sum, db) => sum + db, 0) / tones.length, beepsAt };
  };
}
