import type { BrowserKit } from './kit.ts';

export type FrameCodeSourceOptions = {
  width?: number;
  height?: number;
  fps?: number;
  /** Which source its pictures say they come from, 0 to 255. */
  source?: number;
};

export type ToneSourceOptions = {
  /** The steady tone; 440 when left out. */
  toneHz?: number;
  /** Every other second the tone rests, as those who speak do. */
  rests?: boolean;
};

export type SourcesKit = {
  /** A video track of pictures that carry a `FrameCode`. It stops when the track and all its clones have. */
  frameCodeSource(options?: FrameCodeSourceOptions): { track: MediaStreamTrack; framesDrawn(): number };
  /** An audio track of a soft steady tone, and a beep of `beepHz` for 100 ms at each whole second of `Date.now()`. */
  toneSource(options?: ToneSourceOptions): { track: MediaStreamTrack };
  readonly beepHz: number;
};

/** Runs in the page, by its text: it must not refer to anything outside of itself. */
export function installSources(kit: BrowserKit): void {
  /** A function that tells whether the track or any clone of it, or of those, still lives. */
  const liveness = (track: MediaStreamTrack) => {
    const family = new Set<MediaStreamTrack>();
    const join = (member: MediaStreamTrack) => {
      family.add(member);
      const clone = member.clone.bind(member);
      member.clone = () => join(clone());
      return member;
    };
    join(track);
    return () => {
      for (const member of family) if (member.readyState === 'ended') family.delete(member);
      return family.size > 0;
    };
  };

  kit.frameCodeSource = ({ width = 640, height = 360, fps = 30, source = 0 } = {}) => {
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    let frame = 0;
    const draw = () => kit.drawFrameCode(canvas, { source, frame: frame++, capturedAt: Date.now() });
    draw();
    const track = canvas.captureStream().getVideoTracks()[0]!;
    const living = liveness(track);
    let dueAt = performance.now();
    const tick = () => {
      if (!living()) return;
      draw(); // Each drawing is a frame of the track.
      const now = performance.now();
      dueAt = Math.max(dueAt + 1000 / fps, now - 100); // A page that was held up does not draw all it missed.
      setTimeout(tick, Math.max(0, dueAt - now));
    };
    tick();
    return { track, framesDrawn: () => frame };
  };

  Object.assign(kit, { beepHz: 1760 });
  let audio: AudioContext | undefined;

  kit.toneSource = ({ toneHz = 440, rests = false } = {}) => {
    audio ??= new AudioContext();
    const context = audio;
    void context.resume();
    const output = context.createMediaStreamDestination();
    const play = (hz: number, level: number) => {
      const [oscillator, gain] = [context.createOscillator(), context.createGain()];
      oscillator.frequency.value = hz;
      gain.gain.value = level;
      oscillator.connect(gain).connect(output);
      oscillator.start();
      return { oscillator, gain };
    };
    const tone = play(toneHz, 0.05);
    const beep = play(kit.beepHz, 0);
    const track = output.stream.getAudioTracks()[0]!;
    const living = liveness(track);
    let beepsUntil = 0;
    const schedule = () => {
      if (!living()) {
        clearInterval(timer);
        for (const { oscillator } of [tone, beep]) oscillator.stop();
        return;
      }
      if (context.state !== 'running') return;
      // Two clocks: the page's, in which beeps are known, and the sound card's, in which they are played.
      const offset = context.currentTime - Date.now() / 1000;
      const from = Math.max(beepsUntil, Date.now()) + 50;
      for (let at = Math.ceil(from / 1000) * 1000; at < Date.now() + 1500; at += 1000) {
        beep.gain.gain.setValueAtTime(0.4, at / 1000 + offset);
        beep.gain.gain.setValueAtTime(0, at / 1000 + offset + 0.1);
        if (rests) tone.gain.gain.setValueAtTime(at % 2000 === 0 ? 0.05 : 0, at / 1000 + offset + 0.1);
        beepsUntil = at;
      }
    };
    const timer = setInterval(schedule, 250);
    schedule();
    return { track };
  };
}
