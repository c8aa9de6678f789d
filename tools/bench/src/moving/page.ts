// Runs in the browser: somebody in a call on the move, who notes how long picture and sound stood still.
import { type RemotePublication, Room, type RoomOptions } from '@weir/client';
import { LongestGap } from '../measure/longest-gap.ts';

/** `renewed`: connections that took the place of others. */
export type Gaps = { videoMs: number; audioMs: number; concealedMs: number; renewed: number };

class Traveller {
  /** What happened to the room, in words. */
  readonly log: string[] = [];
  #room!: Room;
  #video = new LongestGap();
  #audio = new LongestGap();
  #packets = 0;
  #concealed = 0;
  #counted = 0;
  #concealedBefore = 0;
  #before = new Set<RTCPeerConnection>();

  /** Joins with camera and microphone on; answers the participant id. */
  async join(options: RoomOptions): Promise<string> {
    const room = new Room(options);
    this.#room = room;
    room.events.on('statusChanged', (status) => this.log.push(status));
    room.events.on('mediaReset', (reason) => this.log.push(`mediaReset ${reason}`));
    room.events.on('closed', (error) => this.log.push(`closed ${error?.code}`));
    room.events.on('trackSubscribed', (_, track) => this.#play(track));
    await room.connect();
    const { track } = weirTest.frameCodeSource({ width: 640, height: 360, fps: 25 });
    await room.local.publish(track, { source: 'camera' });
    await room.local.publish(weirTest.toneSource({}).track, { source: 'microphone' });
    setInterval(() => void this.#listen(), 50);
    return room.local.participantId;
  }

  get participantId(): string {
    return this.#room.local.participantId;
  }

  /** Since when nothing came of each, ms. */
  get silence(): { videoMs: number; audioMs: number } {
    return { videoMs: Math.round(this.#video.lastMs), audioMs: Math.round(this.#audio.lastMs) };
  }

  /** Forgets what stood still so far. */
  begin(): void {
    this.#video = new LongestGap();
    this.#audio = new LongestGap();
    this.#concealedBefore = this.#concealed;
    this.#before = new Set(this.#connections());
  }

  get gaps(): Gaps {
    const concealedMs = (this.#concealed - this.#concealedBefore) / 48;
    const renewed = this.#connections().filter((one) => !this.#before.has(one)).length;
    return { videoMs: this.#video.ms, audioMs: this.#audio.ms, concealedMs, renewed };
  }

  #connections(): RTCPeerConnection[] {
    const { send, receivers } = this.#room.debug;
    return [...(send ? [send] : []), ...receivers];
  }

  #play(track: MediaStreamTrack): void {
    const element = document.createElement(track.kind === 'video' ? 'video' : 'audio');
    Object.assign(element, { autoplay: true, muted: track.kind === 'video', playsInline: true });
    element.srcObject = new MediaStream([track]);
    document.body.append(element);
    if (!(element instanceof HTMLVideoElement)) return;
    const shown = () => {
      this.#video.beat();
      element.requestVideoFrameCallback(shown);
    };
    element.requestVideoFrameCallback(shown);
  }

  async #listen(): Promise<void> {
    const [remote] = this.#room.remotes.values();
    const microphone: RemotePublication | undefined = remote?.publication('microphone');
    const receiver = this.#room.debug.receivers
      .flatMap((connection) => connection.getReceivers())
      .find(({ track }) => track === microphone?.mediaTrack);
    const reports = (await receiver?.getStats()) as unknown as Map<string, Record<string, number | string>>;
    const inbound = [...(reports?.values() ?? [])].find(({ type }) => type === 'inbound-rtp');
    if (!inbound) return;
    const packets = Number(inbound.packetsReceived ?? 0);
    if (packets !== this.#packets) this.#audio.beat();
    this.#packets = packets;
    const concealed = Number(inbound.concealedSamples ?? 0);
    this.#concealed += Math.max(0, concealed - this.#counted); // Less than before: it comes over another connection.
    this.#counted = concealed;
  }
}

declare global {
  var traveller: Traveller;
}
globalThis.traveller = new Traveller();
