// Runs in the browser: one side of a call between two, and what it can say of it.
import { type Downlink, type RemotePublication, Room, type RoomOptions } from '@weir/client';

/** How a viewer's picture and sound stand, with counts since they began. */
export type Look = {
  /** Since `connect`. */
  ms: number;
  /** Lines of the picture that was decoded last; 0: none is received. */
  lines: number;
  layer: number;
  limitedBy: string;
  downlink: Downlink;
  videoBytes: number;
  frames: number;
  freezes: number;
  frozenSeconds: number;
  audioBytes: number;
  concealedSamples: number;
  samples: number;
};

class CallSide {
  #room!: Room;
  #startedAt = 0;

  /** Sends a picture of 720 lines and a tone. */
  async send(options: RoomOptions, source: 'camera' | 'screen'): Promise<void> {
    await this.#join(options);
    const track =
      source === 'camera' ? weirTest.frameCodeSource({ width: 1280, height: 720, fps: 15 }).track : slides();
    await this.#room.local.publish(track, { source });
    await this.#room.local.publish(weirTest.toneSource().track, { source: 'microphone' });
  }

  /** Shows what is received, for as long as the page lives. */
  async watch(options: RoomOptions): Promise<void> {
    await this.#join(options);
  }

  async leave(): Promise<void> {
    await this.#room.leave();
  }

  async look(): Promise<Look> {
    const picture = this.#publication('camera') ?? this.#publication('screen');
    const [video, audio] = [
      await this.#inbound(picture),
      await this.#inbound(this.#publication('microphone')),
    ];
    const layer = picture?.layer?.spatial ?? -1;
    return {
      ms: performance.now() - this.#startedAt,
      lines: layer < 0 ? 0 : number(video.frameHeight),
      layer,
      limitedBy: picture?.limitedBy ?? '',
      downlink: this.#room.downlink,
      videoBytes: number(video.bytesReceived),
      frames: number(video.framesDecoded),
      freezes: number(video.freezeCount),
      frozenSeconds: number(video.totalFreezesDuration),
      audioBytes: number(audio.bytesReceived),
      concealedSamples: number(audio.concealedSamples),
      samples: number(audio.totalSamplesReceived),
    };
  }

  async #join(options: RoomOptions): Promise<void> {
    this.#startedAt = performance.now();
    this.#room = new Room(options);
    this.#room.events.on('trackSubscribed', ({ kind }, track) => {
      const element = document.createElement(kind === 'video' ? 'video' : 'audio');
      Object.assign(element, { autoplay: true, playsInline: true, muted: kind === 'video' });
      element.srcObject = new MediaStream([track]);
      document.body.append(element);
    });
    await this.#room.connect();
  }

  #publication(source: 'camera' | 'screen' | 'microphone'): RemotePublication | undefined {
    return [...this.#room.remotes.values()].flatMap((remote) => remote.publication(source) ?? [])[0];
  }

  async #inbound(publication: RemotePublication | undefined): Promise<Record<string, unknown>> {
    const track = publication?.mediaTrack;
    const report = track && (await this.#room.debug.receive?.getStats(track));
    for (const [, entry] of (report ?? []) as Iterable<[string, Record<string, unknown>]>)
      if (entry.type === 'inbound-rtp') return entry;
    return {};
  }
}

const words =
  'a shared page tells of doses and times and of pressure that fell after noon while the pulse rose again by evening'.split(
    ' ',
  );

/** A shared screen: pages of text, another one every six seconds, and a pointer that moves. */
function slides(): MediaStreamTrack {
  const [width, height, lines] = [1280, 720, 14];
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d')!;
  const startedAt = performance.now();
  const draw = () => {
    const ms = performance.now() - startedAt;
    const page = Math.floor(ms / 6_000);
    context.fillStyle = 'white';
    context.fillRect(0, 0, width, height);
    context.fillStyle = 'black';
    context.font = '26px sans-serif';
    for (let line = 0; line < lines; line++) {
      const said = Array.from({ length: 16 }, (_, i) => words[(page * 7 + line * 5 + i * 3) % words.length]);
      context.fillText(said.join(' '), 40, 60 + line * 46, width - 80);
    }
    context.fillStyle = 'red';
    context.fillRect(640 + 400 * Math.cos(ms / 500), 360 + 250 * Math.sin(ms / 700), 12, 12);
  };
  draw();
  setInterval(draw, 1000 / 15);
  return canvas.captureStream(15).getVideoTracks()[0]!;
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

declare global {
  var side: CallSide;
}
globalThis.side = new CallSide();
