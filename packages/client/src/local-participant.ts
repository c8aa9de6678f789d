import { backoffMs, type Emitter, Lifetime, newId, PlatformError, sleep } from '@weir/core';
import type { Attributes, RtpParameters, Track } from '@weir/protocol';
import { limits } from '@weir/protocol/limits';
import type { z } from 'zod';
import { CaptureKeeper } from './capture-keeper.ts';
import { devices } from './devices.ts';
import type { DataProduction, MediaEngine, Production } from './media-engine.ts';
import { Participant } from './participant.ts';
import { type LocalControl, LocalPublication } from './publication.ts';
import type { PublishOptions, VideoCodec } from './publish-options.ts';
import type { RoomEvents } from './room-events.ts';
import { SampleChannel } from './sample-channel.ts';
import type { SignalingLink } from './signaling-link.ts';

const nobody = {
  participantId: '',
  identity: '',
  displayName: '',
  metadata: '',
  attributes: {},
  grants: { publish: false, subscribe: false, data: false, hidden: false, admin: false, bypassLobby: false },
  joinedAt: 0,
  status: 'connected' as const,
};

/** What was not sent by then is not waited for any longer. */
const flowAtMostMs = 3_000;
/** Between attempts to publish again what could not be published on new media. */
const republishWaits = { firstMs: 250, maxMs: 5_000 };

type Announcement = {
  options: PublishOptions;
  /** It may change until the server is told. */
  isMuted: () => boolean;
  rtpParameters: RtpParameters;
  over: Media;
  name: TrackName;
};

/** Where something is produced: what the server must take it to. */
type Media = { mediaSessionId?: string; transportId?: string };
/** Of a track that the room knows, or of one that it may have heard of. */
type TrackName = { trackId: string } | { publishId: string };
type ChannelTrack = { publishId: string; trackId?: string };

/** You. What is published here is published again by itself whenever media has to be set up anew. */
export class LocalParticipant extends Participant<LocalPublication> {
  readonly isLocal = true;
  readonly #link: SignalingLink;
  readonly #engine: MediaEngine;
  readonly #events: Emitter<RoomEvents>;
  /** How often media was set up anew. */
  #rounds = 0;
  /** Each is the same track over whatever media: it keeps its name. */
  readonly #channels = new Map<SampleChannel, ChannelTrack>();
  readonly #control: LocalControl;
  readonly #captures = new Map<LocalPublication, Lifetime>();
  /** Serializes the switches of one source: a double click must not publish twice. */
  readonly #switching = new Map<string, Promise<unknown>>();

  constructor(link: SignalingLink, engine: MediaEngine, events: Emitter<RoomEvents>) {
    super(nobody);
    this.#link = link;
    this.#engine = engine;
    this.#events = events;
    this.#control = {
      tellMuted: async ({ trackId }, muted, by) =>
        (await link.persist('track.setMuted', { trackId, muted, by }, limits.resumeWindowMs)).track,
      unpublish: (publication) => this.#unpublish(publication),
      changed: (publication) => events.emit('trackUpdated', publication),
      interrupted: (publication) => events.emit('interruptionChanged', publication),
      captured: (publication, track) => this.#captured(publication, track),
    };
  }

  // ---- publishing ----

  /**
   * Publishes a track of yours; waits while the connection is being restored. Throws `forbidden`, `codec-unsupported`, `limit-reached`,
   * `timeout`, `connection-lost` when it did not come back.
   */
  async publish(track: MediaStreamTrack, options: PublishOptions): Promise<LocalPublication> {
    const usualHint = options.source === 'screen' ? 'detail' : '';
    track.contentHint = options.contentHint ?? (track.contentHint || usualHint);
    const name = { publishId: newId('p') };
    const { made, round } = await this.#overMedia(() =>
      this.#produce(track, { options, isMuted: () => options.muted ?? false, name }),
    );
    const { production, info } = made;
    const publication = new LocalPublication(this, info, track, options, this.#control);
    publication.production = production;
    this.publications.set(publication.trackId, publication);
    publication.accept(publication.info); // Mutes what is to be muted; told as trackUpdated.
    this.#control.captured(publication, track);
    // It went over what has been replaced meanwhile.
    if (round !== this.#rounds)
      void this.#republish(publication, new Set([publication.trackId]), this.#rounds);
    return publication;
  }

  async #produce(
    track: MediaStreamTrack,
    what: Omit<Announcement, 'rtpParameters' | 'over'>,
  ): Promise<{ production: Production; info: Track }> {
    const scope = this.#scope;
    let info: Track | undefined;
    const production = await this.#engine.publish(track, what.options, async (rtpParameters, transportId) => {
      const over = { ...scope, ...(transportId ? { transportId } : {}) };
      info = await this.#announce(track, { ...what, rtpParameters, over });
    });
    return { production, info: info! };
  }

  async #announce(
    track: MediaStreamTrack,
    { options, isMuted, rtpParameters, over, name }: Announcement,
  ): Promise<Track> {
    const { width, height } = track.getSettings();
    const params = () => ({
      kind: track.kind as 'audio' | 'video',
      source: options.source,
      name: options.name ?? '',
      muted: isMuted(),
      rtpParameters,
      ...name,
      ...over,
      ...(width ? { width } : {}),
      ...(height ? { height } : {}),
    });
    return (await this.#link.persist('track.publish', params, limits.resumeWindowMs)).track;
  }

  /** The media that is produced over now. */
  get #scope(): Media {
    const { mediaSessionId } = this.#engine;
    return mediaSessionId ? { mediaSessionId } : {};
  }

  /** Again when the media that it was to go over was replaced meanwhile. `round`: of that which it went over. */
  async #overMedia<T>(produce: () => Promise<T>): Promise<{ made: T; round: number }> {
    const giveUpAt = performance.now() + limits.resumeWindowMs;
    for (let attempt = 1; ; attempt++) {
      const round = this.#rounds;
      try {
        return { made: await produce(), round };
      } catch (error) {
        const isReplaced = round !== this.#rounds || PlatformError.from(error).code === 'media-lost';
        if (!isReplaced || this.#link.closed || performance.now() > giveUpAt) throw error;
      }
      await sleep(backoffMs(attempt, republishWaits), this.#link.signal);
    }
  }

  /**
   * Media was set up anew: sends everything again, under the same track ids where the server still knows them.
   * `known`: those ids.
   */
  async republish(known: ReadonlySet<string>): Promise<void> {
    const round = ++this.#rounds;
    const before = [...this.publications.values()];
    for (const publication of before) publication.production = undefined;
    await Promise.all([
      ...before.map((publication) => this.#republish(publication, known, round)),
      ...[...this.#channels.keys()].map((channel) => this.#reopenChannel(channel, round)),
    ]);
  }

  async #republish(publication: LocalPublication, known: ReadonlySet<string>, round: number): Promise<void> {
    const track = publication.mediaTrack;
    const { trackId } = publication;
    if (!track || isOver(track)) {
      this.publications.delete(trackId);
      if (!publication.interrupted) this.#letGo(publication); // Else it is published anew when its device is back.
      this.#events.emit('trackUnpublished', publication);
      if (known.has(trackId)) await this.#link.request('track.unpublish', { trackId }).catch(() => {});
      return;
    }
    const isMoot = () =>
      round !== this.#rounds || this.#link.closed || !this.publications.has(trackId) || isOver(track);
    let name = known.has(trackId) ? trackId : undefined;
    try {
      await this.#persist(isMoot, async () => {
        await this.#produceAnew(publication, track, name, round).catch((error) => {
          if (!name || PlatformError.from(error).code !== 'track-not-found') throw error;
          name = undefined; // The room has forgotten it.
          return this.#produceAnew(publication, track, name, round);
        });
      });
    } catch {
      this.withdrawn(trackId); // It may no longer be published.
    }
  }

  /** Again and again, while it may yet succeed. Rejects when it never will; resolves when it is moot, too. */
  async #persist(isMoot: () => boolean, work: () => Promise<void>): Promise<void> {
    for (let attempt = 1; !isMoot(); attempt++) {
      try {
        return await work();
      } catch (error) {
        if (isMoot()) return;
        if (!PlatformError.from(error).retryable) throw error;
        await sleep(backoffMs(attempt, republishWaits), this.#link.signal);
      }
    }
  }

  /** `trackId`: what it is to be under. */
  async #produceAnew(
    publication: LocalPublication,
    track: MediaStreamTrack,
    trackId: string | undefined,
    round: number,
  ): Promise<void> {
    const { options } = publication;
    const name = trackId ? { trackId } : { publishId: newId('p') };
    const isMuted = () => publication.muted;
    const { production, info } = await this.#produce(track, { options, isMuted, name });
    if (round !== this.#rounds) return production.close(); // Another reset has come over it and publishes again.
    this.publications.delete(publication.trackId);
    publication.production = production;
    publication.info = info;
    this.publications.set(publication.trackId, publication);
    publication.accept(publication.info);
    const { mediaTrack = track } = publication;
    if (mediaTrack !== track) await production.replaceTrack(mediaTrack); // It was replaced meanwhile.
  }

  /**
   * Another media session, or send transport, beside the one before: sends everything over both. Resolves when it flows over the new one, which the
   * room knows of from `moved` on; `settle` then ends what goes over the one before. Rejects when something cannot be sent.
   */
  async move(): Promise<{ moved: () => void; settle: () => void }> {
    const round = ++this.#rounds;
    const isLive = ({ mediaTrack, production }: LocalPublication) =>
      production !== undefined && mediaTrack?.readyState === 'live';
    const soundFirst = [...this.publications.values()].sort((a, b) => a.kind.localeCompare(b.kind));
    const live = soundFirst.filter(isLive);
    const rest = [...this.publications.values()].filter((publication) => !live.includes(publication));
    const before = live.map((publication) => publication.production!);
    const channels = [...this.#channels];
    const [after, produced] = await Promise.all([
      Promise.all(live.map((publication) => this.#produceBeside(publication))),
      Promise.all(channels.map(([channel, track]) => this.#produceChannel(channel, track))),
    ]);
    if (round !== this.#rounds) throw new PlatformError('aborted', 'media was set up anew meanwhile');
    return {
      moved: () => {
        for (const [i, [channel]] of channels.entries()) channel.use(produced[i]!);
        const known = new Set(this.publications.keys());
        for (const publication of rest)
          if (known.has(publication.trackId)) void this.#republish(publication, known, round);
      },
      settle: () => {
        for (const [i, publication] of live.entries()) {
          before[i]!.close();
          if (publication.production === after[i]!.both) publication.production = after[i]!.next;
        }
      },
    };
  }

  async #produceBeside(publication: LocalPublication): Promise<{ both: Production; next: Production }> {
    const { trackId, options } = publication;
    const track = publication.mediaTrack!;
    const isMuted = () => publication.muted;
    const { production: next } = await this.#produce(track, { options, isMuted, name: { trackId } });
    const both = bothProductions(publication.production!, next);
    publication.production = both;
    next.setPaused(publication.muted);
    const { mediaTrack } = publication;
    if (mediaTrack && mediaTrack !== track) await next.replaceTrack(mediaTrack); // It was replaced meanwhile.
    if (!publication.muted) await Promise.race([next.flows?.(), sleep(flowAtMostMs)]);
    return { both, next };
  }

  async #unpublish(publication: LocalPublication): Promise<void> {
    const { trackId } = publication;
    if (!this.publications.has(trackId)) return;
    this.withdrawn(trackId);
    await this.#link.request('track.unpublish', { trackId });
  }

  /** It is no longer in the room: unpublished here, or the grants for it were taken away. */
  withdrawn(trackId: string): void {
    const publication = this.publications.get(trackId);
    if (!publication) return;
    this.publications.delete(trackId);
    this.#letGo(publication);
    publication.production?.close();
    this.#events.emit('trackUnpublished', publication);
  }

  #letGo(publication: LocalPublication): void {
    this.#captures.get(publication)?.close();
    this.#captures.delete(publication);
  }

  /** Watches what was put in: a camera or microphone comes back, anything else has ended for good. */
  #captured(publication: LocalPublication, track: MediaStreamTrack): void {
    const { source, options } = publication;
    const { deviceId } = track.getSettings();
    this.#letGo(publication);
    if (!deviceId || (source !== 'camera' && source !== 'microphone')) {
      const watch = this.#link.own(new Lifetime());
      track.addEventListener('ended', () => this.#ended(publication, track), { signal: watch.signal });
      this.#captures.set(publication, watch);
      return;
    }
    const isPublished = () => this.publications.get(publication.trackId) === publication;
    const keeper = new CaptureKeeper(track, {
      interrupted: (interruption) => void publication.setInterruption(interruption).catch(() => {}),
      open: () => (source === 'camera' ? devices.camera({ deviceId }) : anyMicrophone(deviceId)),
      replace: async (next) => {
        if (isPublished()) return publication.replaceTrack(next);
        this.#letGo(publication);
        await this.publish(next, { ...options, muted: false });
      },
      isWanted: () => publication.interrupted && (isPublished() || !this.publication(source)),
    });
    this.#captures.set(publication, this.#link.own(keeper));
  }

  /** The capture ended by itself: sharing was stopped in the browser's own bar. */
  #ended(publication: LocalPublication, track: MediaStreamTrack): void {
    if (publication.mediaTrack !== track || !this.publications.has(publication.trackId)) return;
    const { source } = publication;
    const done =
      source === 'screen' || source === 'screen-audio' ? publication.unpublish() : publication.setMuted(true);
    done.catch(() => {}); // The connection is gone as well: republishing skips ended tracks.
  }

  // ---- the usual sources ----

  /** Off mutes and releases the camera (its light goes out); on brings it back in the same publication. */
  setCamera(
    on: boolean,
    options: { deviceId?: string; codec?: VideoCodec } = {},
  ): Promise<LocalPublication | undefined> {
    const { codec, ...device } = options;
    return this.#switch('camera', on, () => devices.camera(device), codec ? { codec } : {});
  }

  setMicrophone(on: boolean, options: { deviceId?: string } = {}): Promise<LocalPublication | undefined> {
    return this.#switch('microphone', on, () => devices.microphone(options), {});
  }

  /** The user picks what to share; off ends it for everybody. */
  setScreenShare(
    on: boolean,
    options: { audio?: boolean; contentHint?: 'detail' | 'text' | 'motion' } = {},
  ): Promise<LocalPublication | undefined> {
    return this.#serially('screen', async () => {
      const current = this.publication('screen');
      if (!on) {
        for (const publication of [current, this.publication('screen-audio')]) {
          publication?.mediaTrack?.stop();
          await publication?.unpublish();
        }
        return undefined;
      }
      if (current) return current;
      const { video, audio } = await devices.screen(options);
      const contentHint = options.contentHint ?? 'detail';
      const publication = await this.publish(video, { source: 'screen', contentHint });
      if (audio) await this.publish(audio, { source: 'screen-audio' });
      return publication;
    });
  }

  #switch(
    source: 'camera' | 'microphone',
    on: boolean,
    open: () => Promise<MediaStreamTrack>,
    options: { codec?: VideoCodec },
  ): Promise<LocalPublication | undefined> {
    return this.#serially(source, async () => {
      const current = this.publication(source);
      if (!on) {
        await current?.setMuted(true);
        if (source === 'camera') current?.mediaTrack?.stop();
        return current;
      }
      if (!current) return this.publish(await open(), { source, ...options });
      if (current.mutedBy === 'moderator') await current.setMuted(false); // Throws what the caller must know.
      if (current.interruption || current.mediaTrack?.readyState !== 'live')
        await current.replaceTrack(await open());
      await current.setMuted(false);
      return current;
    });
  }

  async #serially<T>(source: string, work: () => Promise<T>): Promise<T> {
    const before = this.#switching.get(source) ?? Promise.resolve();
    const next = before.catch(() => {}).then(work);
    this.#switching.set(source, next);
    return next;
  }

  // ---- other ----

  async update(changes: {
    displayName?: string;
    metadata?: string;
    attributes?: z.infer<typeof Attributes>;
  }): Promise<void> {
    await this.#link.request('participant.update', changes);
  }

  async openSampleChannel(options: { name: string; maxAgeMs: number }): Promise<SampleChannel> {
    const channel: SampleChannel = new SampleChannel(options.name, options.maxAgeMs, async () => {
      const { trackId } = this.#channels.get(channel) ?? {};
      this.#channels.delete(channel);
      if (trackId) await this.#link.request('track.unpublish', { trackId });
    });
    const track = { publishId: newId('p') };
    const { made, round } = await this.#overMedia(() => this.#produceChannel(channel, track));
    this.#channels.set(channel, track);
    channel.use(made);
    if (round !== this.#rounds) void this.#reopenChannel(channel, this.#rounds).catch(() => {});
    return channel;
  }

  /** Over new media. */
  #reopenChannel(channel: SampleChannel, round: number): Promise<void> {
    const track = this.#channels.get(channel)!;
    const isMoot = () => round !== this.#rounds || this.#link.closed || !this.#channels.has(channel);
    return this.#persist(isMoot, async () => channel.use(await this.#produceChannel(channel, track)));
  }

  async #produceChannel(channel: SampleChannel, track: ChannelTrack): Promise<DataProduction> {
    const { name, maxAgeMs } = channel;
    const scope = this.#scope;
    return this.#engine.publishData({ name, maxAgeMs }, async (sctpStreamParameters, transportId) => {
      const params = {
        kind: 'data' as const,
        source: 'data' as const,
        name,
        sctpStreamParameters,
        publishId: track.publishId,
        ...scope,
        ...(transportId ? { transportId } : {}),
      };
      const answer = await this.#link.persist('track.publish', params, limits.resumeWindowMs);
      track.trackId = answer.track.trackId;
    });
  }
}

/** The same track over two media sessions: what is wanted of it is asked of the later one. */
function bothProductions(before: Production, next: Production): Production {
  return {
    async replaceTrack(track) {
      await Promise.all([before.replaceTrack(track), next.replaceTrack(track)]);
    },
    setPaused(paused) {
      before.setPaused(paused);
      next.setPaused(paused);
    },
    stats: async () => (await next.stats?.()) ?? new Map(),
    setDemand: (maxSpatialLayer) => next.setDemand(maxSpatialLayer),
    close() {
      before.close();
      next.close();
    },
  };
}

/** The same one, or what takes its place when a headset is pulled. */
async function anyMicrophone(deviceId: string): Promise<MediaStreamTrack> {
  try {
    return await devices.microphone({ deviceId });
  } catch (error) {
    if (PlatformError.from(error).code !== 'device-not-found') throw error;
    return devices.microphone();
  }
}

function isOver({ readyState }: MediaStreamTrack): boolean {
  return readyState === 'ended';
}
