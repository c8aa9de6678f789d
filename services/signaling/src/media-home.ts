import { backoffMs, type ErrorCode, Lifetime, PlatformError, sleep, withDeadline } from '@weir/core';
import {
  type AudioSlot,
  type Calls,
  type Grants,
  limits,
  type MediaNodeContract,
  type MediaPaths,
  type MediaSession,
  type Result,
  type TrackId,
} from '@weir/protocol';
import type { ClientMedia } from './client-media.ts';
import { Departure } from './departure.ts';
import { FirstPath } from './first-path.ts';
import { MediaMove } from './media-move.ts';
import { allowsMore } from './seat-view.ts';
import { StandbyKeeper } from './standby-keeper.ts';

const mediaRetries = 6;
/** For want of a path. */
const movesAtMost = 2;

/** Where a client has its media: on one node, on another when that dies, is drained, or is not where the room must be. */
export class MediaHome extends Lifetime {
  readonly #client: ClientMedia;
  /** Ends the client's attendance. */
  readonly #end: (code: ErrorCode, message: string) => void;
  readonly #standby: StandbyKeeper;
  readonly #departure: Departure;
  #media: MediaSession | undefined;
  #mediaLifetime: Lifetime | undefined;
  #audioSlots: AudioSlot[] = [];
  /** Of all slots since media was set up: those that are no longer offered may still flow. */
  readonly #slotIds = new Set<TrackId>();
  #rehoming = false;
  /** To another node, under way. */
  #move: MediaMove | undefined;
  /** What the media that is there was made for. */
  #paths: MediaPaths = 'any';
  #pinnedTo = '';
  #firstPath: FirstPath | undefined;
  /** How often media went elsewhere because no path to its node came about. */
  #unreached = 0;

  constructor(client: ClientMedia, end: (code: ErrorCode, message: string) => void) {
    super();
    this.#client = client;
    this.#end = end;
    this.#standby = this.own(new StandbyKeeper(client));
    const move = (unnoticed: boolean) => this.#leaveDrained(unnoticed);
    this.#departure = this.own(new Departure({ nodeId: () => this.#media?.nodeId, move }, client));
  }

  get isOpen(): boolean {
    return this.#media !== undefined;
  }

  /** Throws `wrong-state` before the client has joined. */
  get mediaSessionId(): string {
    if (!this.#media) throw new PlatformError('wrong-state', 'join first');
    return this.#media.mediaSessionId;
  }

  /** The room's audio slots when media was last set up or taken over. */
  get audioSlots(): AudioSlot[] {
    return this.#audioSlots;
  }

  /**
   * The media session of that id: the one in use, its standby, or the one that the client moves to (`move`). Absent: that in
   * use. Throws `media-lost` for any other.
   */
  async session(
    asked?: string,
  ): Promise<{ mediaSessionId: string; calls: Calls<MediaNodeContract>; move?: MediaMove }> {
    const { links } = this.#client;
    const { mediaSessionId } = this;
    // Of the node where it is, not of the one that the seat names: in the moment of a move these are two.
    if (asked === undefined || asked === mediaSessionId)
      return { mediaSessionId, calls: await links.calls(this.#media!.nodeId) };
    const move = this.#move;
    if (move?.media.mediaSessionId === asked) return { mediaSessionId: asked, calls: move.calls, move };
    const standby = this.#standby.media;
    if (standby?.mediaSessionId === asked)
      return { mediaSessionId: asked, calls: await links.calls(standby.nodeId) };
    throw new PlatformError('media-lost', `media session ${asked} is over`);
  }

  // ---- opening ----

  /** A new media session where the seat's is, or elsewhere when that node is gone. `gone`: a node whose tracks are not to be had. */
  async open(gone?: string): Promise<Result<MediaNodeContract, 'session.open'>> {
    const { seat, rtpCapabilities, subscribeAtMost, playsSlots } = this.#client;
    const { roomId, participantId, directions } = seat;
    const calls = await this.#reachableCalls();
    const opened = await calls['session.open']({
      roomId,
      participantId,
      rtpCapabilities,
      ...directions,
      trackIds: seat.firstTracks({ atMost: subscribeAtMost, throughSlots: playsSlots, gone }),
      audioSlots: subscribeAtMost > 0 && playsSlots,
    });
    if (this.closed) {
      await calls['session.close']({ mediaSessionId: opened.media.mediaSessionId });
      throw new PlatformError('connection-lost', 'the client went while its media was set up');
    }
    this.#attach(opened.media);
    this.#noteSlots(opened.audioSlots ?? []);
    return opened;
  }

  /** Takes over the running media session; false when it is gone, or was made for fewer grants than there are now. */
  async adopt(mediaSessionId: string): Promise<boolean> {
    const { seat, links } = this.#client;
    const nodeId = seat.session.mediaNodeId;
    const calls = await links.calls(nodeId);
    const { alive, send, receive, audioSlots } = await calls['session.adopt']({ mediaSessionId });
    if (!alive || (seat.directions.send && !send) || (seat.directions.receive && !receive)) return false;
    this.#attach({ mediaSessionId, nodeId, send: null, receive: null }); // Its transports' parameters are the client's already.
    this.#noteSlots(audioSlots ?? []);
    return true;
  }

  /** Of the seat's media node, or of another one when that is gone. */
  async #reachableCalls(): Promise<Calls<MediaNodeContract>> {
    const { seat, links } = this.#client;
    try {
      return await links.calls(seat.session.mediaNodeId);
    } catch (error) {
      if (PlatformError.from(error).code !== 'no-media-node') throw error;
      await this.#leaveNode(seat.session.mediaNodeId);
      return links.calls(seat.session.mediaNodeId);
    }
  }

  #attach(media: MediaSession): void {
    const { seat, links, peer, playsSlots } = this.#client;
    const { nodeId, mediaSessionId } = media;
    this.#mediaLifetime?.close();
    this.#paths = seat.mediaPaths;
    this.#pinnedTo = seat.pin;
    this.#media = media;
    this.#mediaLifetime = this.own(new Lifetime());
    const { signal } = this.#mediaLifetime;
    const notices = links.notices({ nodeId, roomId: seat.roomId, mediaSessionId }, signal);
    this.#firstPath = this.#mediaLifetime.own(new FirstPath(() => void this.#leaveUnreached(nodeId)));
    notices.on('session.connectivity', ({ state }) => this.#firstPath?.heard(state));
    notices.on('subscription.closed', ({ subscriptionId, trackId }) =>
      peer.notify('subscription.closed', { subscriptionId, trackId }),
    );
    notices.on('subscription.layers', ({ mediaSessionId: _, ...layers }) =>
      peer.notify('subscription.layers', layers),
    );
    notices.on('track.demand', ({ mediaSessionId: _, ...demand }) => peer.notify('track.demand', demand));
    notices.on('room.audioSlots', ({ slots }) => {
      if (this.#move) return; // Its client goes by those of the node that it moves to.
      this.#noteSlots(slots);
      if (playsSlots) peer.notify('room.audioSlots', { slots });
    });
    notices.on('room.speakers', ({ speakers }) => peer.notify('room.speakers', { speakers }));
    notices.on('session.lost', ({ reason }) => void this.#rehome(reason));
    notices.on('linkLost', (lost) => {
      if (lost === nodeId) void this.#relink(media);
    });
    this.#departure.look();
    this.#standby.keep(media);
  }

  #noteSlots(slots: AudioSlot[]): void {
    this.#audioSlots = slots;
    for (const { slotId } of slots) this.#slotIds.add(slotId);
  }

  // ---- what the room asks of it ----

  /** The room may have other settings now. */
  roomChanged(): void {
    if (!this.#media) return;
    const { seat } = this.#client;
    this.#standby.keep();
    if (seat.pin !== this.#pinnedTo) {
      this.#standby.drop(); // It is to be in that region, too.
      void this.#follow(seat.pin).then(() => this.#standby.keep());
    } else if (seat.mediaPaths !== this.#paths) {
      this.#standby.drop(); // It was made for other paths.
      void this.#rehome('the room allows other media paths');
    }
  }

  grantsChanged(before: Grants, after: Grants): void {
    // Its media there was made for the grants of before.
    if (before.subscribe !== after.subscribe) this.#move?.close('failed');
    if (before.subscribe && !after.subscribe) void this.#unsubscribeAll();
    // Its transports were made for fewer grants, and what it was subscribed to was withdrawn.
    else if (this.#media && allowsMore(before, after)) void this.#rehome('the grants allow more');
  }

  async #unsubscribeAll(): Promise<void> {
    const { seat, logger } = this.#client;
    try {
      const tracks = [...seat.room.reader.tracks].map((track) => track.trackId);
      const { mediaSessionId, calls } = await this.session();
      await calls['track.unsubscribe']({ mediaSessionId, trackIds: [...tracks, ...this.#slotIds] });
    } catch (error) {
      logger.warn({ err: error, participantId: seat.participantId }, 'could not withdraw subscriptions');
    }
  }

  /** The room must be somewhere else, or may be anywhere again. */
  async #follow(region: string): Promise<void> {
    this.#pinnedTo = region;
    if (region === '') return;
    const { rooms, placement, seat } = this.#client;
    const { mediaNodeId } = seat.session;
    try {
      seat.session = await rooms.rehome(seat.roomId, seat.participantId, mediaNodeId, (wish) =>
        placement.choose(seat.roomId, { ...wish, avoid: undefined }),
      );
      if (seat.session.mediaNodeId !== mediaNodeId)
        await this.#rehome(`the room must be in the region ${region}`);
    } catch (error) {
      const { code, message } = PlatformError.from(error);
      this.#end(code, message); // Its media must not stay where it is.
    }
  }

  // ---- moving, with both nodes for a moment ----

  /** Rejects when there is nowhere to go: then it stays where it is. */
  async #leaveDrained(unnoticed: boolean): Promise<void> {
    const { mediaNodeId } = this.#client.seat.session;
    const reason = `the media node ${mediaNodeId} is being replaced`;
    if (this.#rehoming || this.#move) throw new PlatformError('conflict', 'its media is just being set up');
    if (unnoticed && this.#client.moves) return this.#moveFrom(mediaNodeId, reason);
    await this.#leaveNode(mediaNodeId);
    await this.#rehome(reason);
  }

  /** The client sets everything up on another node, and leaves this one when all flows there. */
  async #moveFrom(from: string, reason: string): Promise<void> {
    const { seat, rooms, placement, peer, logger } = this.#client;
    const { roomId, participantId } = seat;
    const session = await rooms.beginMove(roomId, participantId, from, (wish) =>
      placement.choose(roomId, wish),
    );
    const move = await this.#openMove(session.nextMediaNodeId!);
    const { media, audioSlots } = move;
    peer.notify('media.move', { media, reason, iceServers: seat.iceServers(), audioSlots });
    try {
      const what = `the move of ${participantId} to ${media.nodeId}`;
      await withDeadline(move.done, limits.moveMs, what, this.signal);
    } catch (error) {
      if (this.closed) return; // The client resumes.
      logger.warn({ err: error, participantId, from }, 'a move failed: its media is set up anew');
      this.#move = undefined;
      await this.#leaveNode(from);
      await this.#rehome(reason);
    } finally {
      this.#move = undefined;
      move.close();
    }
  }

  async #openMove(nodeId: string): Promise<MediaMove> {
    const before = this.#media;
    const move = await MediaMove.open(this.#client, nodeId);
    if (this.closed || this.#media !== before || this.#rehoming) {
      await move.abandon();
      throw new PlatformError('conflict', 'its media was set up anew meanwhile');
    }
    this.#move = this.own(move);
    return move;
  }

  /** All flows where the client moves to: from now on it is there, for everybody. */
  async moved(mediaSessionId: string): Promise<void> {
    if (mediaSessionId === this.#media?.mediaSessionId) return; // Said before.
    const move = this.#move;
    if (move?.media.mediaSessionId !== mediaSessionId)
      throw new PlatformError('media-lost', `media session ${mediaSessionId} is over`);
    const { rooms, seat } = this.#client;
    const { nodeId } = move.media;
    try {
      seat.session = await rooms.finishMove(seat.roomId, seat.participantId, nodeId, move.tracks);
    } catch (error) {
      move.close('failed');
      throw error;
    }
    move.finished();
    if (this.closed) return;
    this.#attach(move.media);
    const { audioSlots = [] } = await move.calls['session.adopt']({ mediaSessionId }); // What it told before was not passed on.
    this.#noteSlots(audioSlots);
  }

  /** Resolves when no move is under way, or has taken too long. */
  async settled(): Promise<void> {
    if (this.#move) await withDeadline(this.#move.done, limits.moveMs, 'the move').catch(() => {});
  }

  // ---- when it is lost ----

  /** The client begins to look for a path to the media node. */
  looksForPath(): void {
    this.#firstPath?.begin();
  }

  /** There may be nothing but the client's own network to blame: it is not sent from node to node for ever. */
  async #leaveUnreached(nodeId: string): Promise<void> {
    if (++this.#unreached > movesAtMost || this.closed) return;
    try {
      await this.#leaveNode(nodeId);
    } catch {
      return; // There is no other: it looks on here.
    }
    await this.#rehome(`no path to the media node ${nodeId} came about`);
  }

  /** The client gets nothing any more. If its node does not answer either, both are cut off from it: it goes elsewhere. */
  async silent(): Promise<void> {
    const media = this.#media;
    const { links, placement } = this.#client;
    if (!media || this.#rehoming || (await links.isAnswering(media.nodeId))) return;
    if (!(await placement.isChoiceBeside(media.nodeId))) return; // There is nothing better: it may only be busy.
    if (this.closed || this.#media !== media) return;
    links.suspect(media.nodeId);
    void this.#rehome('the media node does not answer', media.nodeId);
  }

  /** The control connection broke. Where the node lives on, so does the media, and the client never hears of it. */
  async #relink(media: MediaSession): Promise<void> {
    this.#mediaLifetime?.close();
    const { links, seat } = this.#client;
    try {
      const { alive } = await (await links.calls(seat.session.mediaNodeId))['session.adopt'](media);
      if (this.closed || this.#media !== media) return;
      if (alive) return this.#attach(media);
      await this.#rehome('the media node was started anew');
    } catch {
      if (this.#media === media) await this.#rehome('the media node went away', media.nodeId);
    }
  }

  /** The media session died under the client: a new one, as fast as can be; elsewhere when its node is gone. */
  async #rehome(reason: string, gone?: string): Promise<void> {
    if (this.#rehoming) return; // It is under way already.
    this.#move?.close('failed'); // It goes on from there.
    if (this.#move) return;
    this.#rehoming = true;
    try {
      await this.#openAnew(reason, gone);
    } finally {
      this.#rehoming = false;
    }
  }

  async #openAnew(reason: string, gone?: string): Promise<void> {
    const { seat, peer, logger } = this.#client;
    this.#mediaLifetime?.close();
    for (let attempt = 1; attempt <= mediaRetries && !this.closed; attempt++) {
      try {
        const standby = gone === undefined ? undefined : await this.#useStandby(gone);
        if (gone !== undefined && !standby) await this.#leaveNode(gone);
        const { media, subscriptions, audioSlots = [] } = standby ?? (await this.open(gone));
        peer.notify('media.reset', {
          media,
          subscriptions,
          reason,
          iceServers: seat.iceServers(),
          audioSlots,
        });
        return;
      } catch (error) {
        logger.warn({ err: error, participantId: seat.participantId, attempt }, 're-homing failed');
        await sleep(backoffMs(attempt, { firstMs: 50, maxMs: 2_000 }), this.signal);
      }
    }
    peer.closeWith('media-lost'); // The client resumes, with new media, perhaps on another node.
  }

  /** The standby becomes the media session in use. */
  async #useStandby(gone: string) {
    const taken = await this.#standby.take(gone);
    if (!taken) return undefined;
    this.#attach(taken.media);
    this.#noteSlots(taken.audioSlots);
    return { ...taken, subscriptions: [] };
  }

  async #leaveNode(gone: string): Promise<void> {
    const { rooms, placement, seat } = this.#client;
    seat.session = await rooms.rehome(seat.roomId, seat.participantId, gone, (wish) =>
      placement.choose(seat.roomId, wish),
    );
  }
}
