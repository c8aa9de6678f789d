import { PlatformError } from '@weir/core';
import type { LayerPreferences, LimitReason, Source, Track } from '@weir/protocol';
import type { Production, Reception } from './media-engine.ts';
import type { Participant } from './participant.ts';
import type { PublishOptions } from './publish-options.ts';

/** `device-lost`: unplugged, or taken away by the system. `device-paused`: a phone call, another app, a hidden page. */
export type Interruption = 'device-lost' | 'device-paused';

/** A track that a participant publishes. */
export abstract class Publication {
  readonly participant: Participant;
  /** The server's view of it. */
  info: Track;

  constructor(participant: Participant, info: Track) {
    this.participant = participant;
    this.info = info;
  }

  /** What to play; undefined while it is not received or not captured. */
  abstract readonly mediaTrack: MediaStreamTrack | undefined;

  /** The browser's numbers of it (packets, losses, frames); undefined while it does not flow, or where there are none. */
  abstract stats(): Promise<RTCStatsReport | undefined>;

  get trackId(): string {
    return this.info.trackId;
  }
  get kind(): Track['kind'] {
    return this.info.kind;
  }
  get source(): Source {
    return this.info.source;
  }
  get name(): string {
    return this.info.name;
  }
  get muted(): boolean {
    return this.info.muted;
  }
  get mutedBy(): Track['mutedBy'] {
    return this.info.mutedBy;
  }
  /** Its owner wants it heard or seen, but its device gives nothing just now: it is muted until that is mended. */
  get interrupted(): boolean {
    return this.info.mutedBy === 'device';
  }
}

/** How a remote publication reaches the room that it is part of. */
export type RemoteControl = {
  setSubscribed(publication: RemotePublication, subscribed: boolean): Promise<void>;
  setPreferences(publication: RemotePublication, preferences: LayerPreferences): Promise<void>;
};

export class RemotePublication extends Publication {
  readonly #control: RemoteControl;
  mediaTrack: MediaStreamTrack | undefined;
  /** Undefined while it is not received. */
  reception: Reception | undefined;
  /** The layer that the server forwards now; undefined: none, or not known. */
  layer: { spatial: number; temporal: number } | undefined;
  /** What the server said last of `limitedBy`. */
  limit: LimitReason | undefined;
  /** Nothing of it arrives, though the server sends it: seen here, as over such a line the server's own word comes late. */
  starved = false;

  /**
   * Why nothing, or less than asked for, is received: your line (`bandwidth`), its sender (`publisher`: it sends no more),
   * a mute, or that you paused it (`not-shown`). Undefined: all that was asked for flows.
   */
  get limitedBy(): LimitReason | undefined {
    return this.limit ?? (this.muted ? 'muted' : this.starved ? 'bandwidth' : undefined);
  }

  constructor(participant: Participant, info: Track, control: RemoteControl) {
    super(participant, info);
    this.#control = control;
  }

  get subscribed(): boolean {
    return this.mediaTrack !== undefined;
  }

  async stats(): Promise<RTCStatsReport | undefined> {
    return this.reception?.stats?.();
  }

  setSubscribed(subscribed: boolean): Promise<void> {
    return this.#control.setSubscribed(this, subscribed);
  }

  /** What this receiver wants of it: highest layer, priority, pause. Kept across reconnects. */
  setPreferences(preferences: LayerPreferences): Promise<void> {
    return this.#control.setPreferences(this, preferences);
  }
}

/** How a local publication reaches the server. */
export type LocalControl = {
  tellMuted(publication: LocalPublication, muted: boolean, by: 'self' | 'device'): Promise<Track>;
  unpublish(publication: LocalPublication): Promise<void>;
  changed(publication: LocalPublication): void;
  interrupted(publication: LocalPublication): void;
  /** A track was put in: it may end or fall silent by itself (unplugged, taken by another app, sharing stopped). */
  captured(publication: LocalPublication, track: MediaStreamTrack): void;
};

export class LocalPublication extends Publication {
  readonly options: PublishOptions;
  readonly #control: LocalControl;
  mediaTrack: MediaStreamTrack | undefined;
  /** Undefined while media is being set up anew. */
  production: Production | undefined;
  /** Why its device gives nothing; undefined while it does, or is not asked to. */
  interruption: Interruption | undefined;
  /** Mutes and unmutes are told one after the other: the server must not get the later one first. */
  #telling: Promise<unknown> = Promise.resolve();
  #untold = 0;
  /** As the server said last, without what is still to be told. */
  #known: Track;

  constructor(
    participant: Participant,
    info: Track,
    track: MediaStreamTrack,
    options: PublishOptions,
    control: LocalControl,
  ) {
    super(participant, info);
    this.#known = info;
    this.mediaTrack = track;
    this.options = options;
    this.#control = control;
  }

  /**
   * Takes effect here at once, then on the server. Throws `muted-by-moderator` for an unmute that a moderator's mute
   * forbids.
   */
  async setMuted(muted: boolean): Promise<void> {
    if (this.mutedBy === 'moderator') {
      if (muted) return;
      throw new PlatformError('muted-by-moderator', 'a moderator muted this track');
    }
    await this.#mute(muted, 'self');
    if (!muted && this.interruption) await this.#mute(true, 'device');
  }

  /**
   * Its device gives nothing, and why; undefined: it does again. Others see a muted track meanwhile. Changes nothing of a
   * mute that somebody wanted.
   */
  async setInterruption(interruption: Interruption | undefined): Promise<void> {
    if (this.interruption === interruption) return;
    this.interruption = interruption;
    this.#control.interrupted(this);
    const isMuted = this.mutedBy === 'device';
    if (interruption ? !this.muted : isMuted) await this.#mute(interruption !== undefined, 'device');
  }

  async #mute(muted: boolean, by: 'self' | 'device'): Promise<void> {
    this.#untold += 1;
    this.#show(withMute(this.info, muted ? by : undefined));
    const told = this.#telling.then(() => this.#control.tellMuted(this, muted, by));
    this.#telling = told.catch(() => {});
    try {
      this.#known = await told;
    } catch (error) {
      if (PlatformError.from(error).code === 'muted-by-moderator')
        this.#known = withMute(this.#known, 'moderator');
      throw error;
    } finally {
      this.#untold -= 1;
      this.accept(this.#known);
    }
  }

  /** Another device or picture in the same publication: nobody renegotiates. Ends an interruption. */
  async replaceTrack(track: MediaStreamTrack): Promise<void> {
    track.enabled = !this.muted;
    await this.production?.replaceTrack(track);
    this.mediaTrack = track;
    this.#control.captured(this, track);
    this.#control.changed(this);
    await this.setInterruption(undefined);
  }

  unpublish(): Promise<void> {
    return this.#control.unpublish(this);
  }

  async stats(): Promise<RTCStatsReport | undefined> {
    return this.production?.stats?.();
  }

  /** The highest layer that anybody wants: what is above it is not encoded, nothing at all when it is null. */
  setDemand(maxSpatialLayer: number | null): void {
    this.production?.setDemand(maxSpatialLayer);
  }

  /**
   * The server said how it stands (a moderator muted or unlocked it). Of its mute only a moderator's goes before what is
   * still to be told.
   */
  accept(info: Track): void {
    this.#known = info;
    const isOld = this.#untold > 0 && info.mutedBy !== 'moderator';
    this.#show(isOld ? withMute(info, this.mutedBy) : info);
  }

  #show(info: Track): void {
    this.info = info;
    if (this.mediaTrack) this.mediaTrack.enabled = !info.muted;
    this.production?.setPaused(info.muted);
    this.#control.changed(this);
  }
}

function withMute(info: Track, mutedBy: Track['mutedBy']): Track {
  const { mutedBy: _, ...rest } = info;
  return { ...rest, muted: mutedBy !== undefined, ...(mutedBy ? { mutedBy } : {}) };
}
