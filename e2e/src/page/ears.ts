// Runs in the browser: speaks and hears steps of tones, each of another pitch.

/** Each step's pitch; far from what prepared media sound like. */
const stepsHz = [2_000, 2_500, 3_000, 3_500, 4_000];
const stepSeconds = 0.04;
/** Amplitude from which a step counts as heard. */
const audible = 0.05;

/** A microphone that is silent until told to say the steps, from the first sample of the first on, as loud as it goes. */
export function stepSpeaker(): { track: MediaStreamTrack; speak(): void } {
  const context = new AudioContext({ sampleRate: 48_000 });
  void context.resume();
  const [oscillator, gain] = [context.createOscillator(), context.createGain()];
  const output = context.createMediaStreamDestination();
  gain.gain.value = 0;
  oscillator.connect(gain).connect(output);
  oscillator.start();
  const speak = () => {
    const from = context.currentTime + 0.1;
    gain.gain.setValueAtTime(0.9, from);
    for (const [i, hz] of stepsHz.entries()) oscillator.frequency.setValueAtTime(hz, from + i * stepSeconds);
    // The last one is held: it is speech, not a click.
    gain.gain.setValueAtTime(0, from + (stepsHz.length - 1) * stepSeconds + 0.5);
  };
  return { track: output.stream.getAudioTracks()[0]!, speak };
}

/** Records what all tracks together sound like. */
export class Ears {
  readonly #context = new AudioContext({ sampleRate: 48_000 });
  readonly #heard: Float32Array[] = [];
  #recorder: ScriptProcessorNode | undefined;

  async listen(tracks: readonly MediaStreamTrack[]): Promise<void> {
    await this.#context.resume();
    // Not a worklet: its module would need an address that the page's policy allows.
    this.#recorder = this.#context.createScriptProcessor(4_096, 1, 1);
    this.#recorder.onaudioprocess = ({ inputBuffer }) =>
      this.#heard.push(inputBuffer.getChannelData(0).slice());
    this.#recorder.connect(this.#context.destination);
    for (const track of tracks) {
      const stream = new MediaStream([track]);
      const sink = new Audio(); // Chromium gives a remote track to WebAudio only while an element plays it too.
      sink.muted = true;
      sink.srcObject = stream;
      void sink.play().catch(() => {});
      this.#context.createMediaStreamSource(stream).connect(this.#recorder);
    }
  }

  /** The steps in the order in which each was first heard. */
  steps(): number[] {
    const window = 480; // 10 ms.
    const samples = new Float32Array(this.#heard.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#heard) {
      samples.set(part, at);
      at += part.length;
    }
    const order: number[] = [];
    for (let from = 0; from + window <= samples.length; from += window / 2)
      for (const [step, hz] of stepsHz.entries())
        if (!order.includes(step) && amplitude(samples, from, window, hz / 48_000) > audible)
          order.push(step);
    return order;
  }
}

/** Of one pitch, in cycles a sample. */
function amplitude(samples: Float32Array, from: number, count: number, pitch: number): number {
  let real = 0;
  let imaginary = 0;
  for (let i = 0; i < count; i++) {
    const fade = 1 - Math.cos((2 * Math.PI * i) / count); // A window, so that one step does not look like its neighbours.
    real += samples[from + i]! * fade * Math.cos(2 * Math.PI * pitch * i);
    imaginary += samples[from + i]! * fade * Math.sin(2 * Math.PI * pitch * i);
  }
  return (2 * Math.hypot(real, imaginary)) / count;
}
