// Runs in the browser: joins a room as an app would, and notes when each step was done.
import { Room, type RoomOptions } from '@weir/client';
import type { JoinTimes, Step } from './steps.ts';

class Joiner {
  prepare(): Promise<void> {
    return Room.prepare();
  }

  /** Joins a room where somebody's camera is live; resolves when its picture is on the page. */
  async join(options: RoomOptions): Promise<JoinTimes> {
    const at: Partial<Record<Step, number>> = {};
    const mark = (step: Step, now = performance.now()) => {
      at[step] ??= now;
    };
    watchConnections(mark);
    const room = new Room(options);
    const shown = new Promise<void>((resolve) => {
      room.events.on('trackSubscribed', ({ kind }, track) => {
        if (kind !== 'video') return;
        if (track.muted) track.addEventListener('unmute', () => mark('packet'), { once: true });
        const video = document.createElement('video');
        Object.assign(video, { muted: true, autoplay: true, playsInline: true });
        video.srcObject = new MediaStream([track]);
        document.body.append(video);
        video.requestVideoFrameCallback(() => {
          mark('frame');
          resolve();
        });
      });
    });
    const start = performance.now();
    await room.connect();
    await shown;
    const { timings } = room.debug;
    for (const step of ['seated', 'opening', 'claiming', 'joined', 'received'] as const)
      if (timings[step] !== undefined) mark(step, timings[step]);
    const since = Object.entries(at).map(([step, time]) => [step, time - start]);
    void room.leave();
    return Object.fromEntries(since) as JoinTimes;
  }
}

/** Notes the progress of the connections that are made from now on. */
function watchConnections(mark: (step: Step) => void): void {
  const Native = RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener('iceconnectionstatechange', () => {
        if (this.iceConnectionState === 'connected') mark('ice');
      });
      this.addEventListener('connectionstatechange', () => {
        if (this.connectionState === 'connected') mark('dtls');
      });
    }

    override async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
      mark('described');
      await super.setRemoteDescription(description);
    }
  };
}

declare global {
  var joiner: Joiner;
}
globalThis.joiner = new Joiner();
