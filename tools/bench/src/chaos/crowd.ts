import { mintJoinToken } from '@weir/auth';
import { Room } from '@weir/client';
import { Lifetime } from '@weir/core';
import { PeerEngine, preparedTrack, prepareMedia, receiverOf } from '@weir/peer';
import { seededRandom } from '@weir/testing';
import type { Doors } from '../measure/peers.ts';
import type { Freeze } from './report.ts';

const lookEveryMs = 20;
const fps = 12;
/** Without a picture for so long a camera of 12 pictures a second stands still, as its viewer sees it. */
const frozenMs = 500;
const perRoom = 4;

type Watched = { frames: number; lastAt: number };

/** People in small rooms, each of whom sees and hears the others of its room. */
export class Crowd extends Lifetime {
  readonly peers: Room[] = [];
  readonly freezes: Freeze[] = [];
  /** Whoever was out of its call, or seen leaving it. */
  readonly drops: { atMs: number; who: string }[] = [];
  readonly #since = performance.now();
  readonly #watched = new Map<string, Watched>();
  #lossShare = 0;
  #counting = false;

  static async join(doors: Doors[], count: number, seed: number): Promise<Crowd> {
    const camera = preparedTrack([
      await prepareMedia({
        codec: 'VP8',
        width: 160,
        height: 90,
        fps,
        bitrateBps: 50_000,
        seconds: 5,
        keyFrameEvery: fps,
      }),
    ]);
    const microphone = preparedTrack([await prepareMedia({ codec: 'opus', bitrateBps: 16_000, seconds: 5 })]);
    const crowd = new Crowd();
    const random = seededRandom(`${seed} loss`);
    const losesPacket = () => crowd.#lossShare > 0 && random() < crowd.#lossShare;
    for (let i = 0; i < count; i++) {
      const door = doors[i % doors.length]!;
      const [room, sub] = [`chaos-${Math.floor(i / perRoom)}`, `peer-${i}`];
      const peer = new Room({
        url: door.url,
        token: () => mintJoinToken(door.apiKey, { room, sub }, { ttlSeconds: 3_600 }),
        roomId: room,
        engine: new PeerEngine({ dataChannels: false, losesPacket }),
        keepSeat: false,
      });
      await peer.connect();
      crowd.peers.push(peer);
      crowd.onClose(() => void peer.leave());
      crowd.#listen(peer, sub);
      await peer.local.publish(camera, { source: 'camera' });
      await peer.local.publish(microphone, { source: 'microphone' });
    }
    crowd.#look();
    return crowd;
  }

  /** Ms since the crowd was made: the clock of freezes and drops. */
  get nowMs(): number {
    return performance.now() - this.#since;
  }

  /** The cameras that everybody together is to see. */
  get wanted(): number {
    const sizes = new Map<string, number>();
    for (const { roomId } of this.peers) sizes.set(roomId, (sizes.get(roomId) ?? 0) + 1);
    return [...sizes.values()].reduce((sum, size) => sum + size * (size - 1), 0);
  }

  /** Of those, how many gave a picture a moment ago. */
  get flowing(): number {
    const now = performance.now();
    return [...this.#watched.values()].filter(({ lastAt }) => now - lastAt < frozenMs).length;
  }

  /** From now on freezes and drops count. */
  begin(): void {
    this.#counting = true;
    const now = performance.now();
    for (const watched of this.#watched.values()) watched.lastAt = now;
  }

  /** What stands still now has done so until now; nothing counts any more. */
  end(): void {
    for (const [subscription, watched] of this.#watched) this.#note(subscription, watched);
    this.#counting = false;
  }

  lose(share: number): void {
    this.#lossShare = share;
  }

  #listen(peer: Room, who: string): void {
    const drop = (what: string) => {
      if (this.#counting && !this.closed) this.drops.push({ atMs: this.nowMs, who: what });
    };
    peer.events.on('closed', (error) => drop(`${who} is out: ${error?.code ?? 'left'}`), this.signal);
    peer.events.on(
      'participantLeft',
      ({ identity }, reason) => drop(`${who} saw ${identity} leave: ${reason}`),
      this.signal,
    );
  }

  #look(): void {
    let before = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      const lateMs = now - before - lookEveryMs;
      before = now;
      // This process had no time: nobody can tell what came meanwhile.
      if (lateMs > 4 * lookEveryMs) for (const watched of this.#watched.values()) watched.lastAt += lateMs;
      for (const [i, peer] of this.peers.entries())
        for (const { identity } of peer.remotes.values()) this.#see(peer, `peer-${i}`, identity, now);
    }, lookEveryMs);
    this.onClose(() => clearInterval(timer));
  }

  #see(peer: Room, who: string, identity: string, now: number): void {
    const subscription = `${who} of ${identity}`;
    const remote = [...peer.remotes.values()].find((one) => one.identity === identity);
    const track = remote?.publication('camera')?.mediaTrack;
    const frames = (track && receiverOf(track)?.statistics.frames) ?? 0;
    const watched = this.#watched.get(subscription) ?? { frames: 0, lastAt: now };
    this.#watched.set(subscription, watched);
    if (frames === watched.frames || frames === 0) return; // Another stream begins at 0.
    this.#note(subscription, watched);
    Object.assign(watched, { frames, lastAt: now });
  }

  #note(subscription: string, { lastAt }: Watched): void {
    const toMs = this.nowMs;
    const fromMs = lastAt - this.#since;
    if (this.#counting && toMs - fromMs >= frozenMs) this.freezes.push({ subscription, fromMs, toMs });
  }
}
