import { Emitter, Lifetime, PlatformError, sleep, withDeadline } from '@weir/core';
import type { Calls, MediaControl, MediaNodeContract, NoticeHandlers, NoticeParams } from '@weir/protocol';

/** A control connection to one media node. */
export type MediaLink = { calls: Calls<MediaNodeContract>; lifetime: Lifetime };

/** How this signaling node reaches media nodes: a function call in one process, a WebSocket between machines. */
export type OpenMediaLink = (nodeId: string, listener: NoticeHandlers<MediaControl>) => Promise<MediaLink>;

export type MediaNotices = {
  [N in keyof MediaControl['notifications']]: [NoticeParams<MediaControl, N>];
} & { linkLost: [nodeId: string] };

/** A node that says nothing for so long does not answer (SG60), … */
const answerMs = 250;
/** … and counts as gone when it cannot be reached anew by then. */
const suspectConnectMs = 500;

/** One control connection to each media node in use, opened when first needed; its notices, by media session. */
export class MediaLinks extends Lifetime {
  readonly #open: OpenMediaLink;
  readonly #links = new Map<string, Promise<MediaLink>>();
  /** Nodes that did not answer, and have not been reached since. */
  readonly #suspects = new Set<string>();
  readonly #asking = new Map<string, Promise<boolean>>();
  readonly #bySession = new Map<string, Emitter<MediaNotices>>();
  /** By node and room: each node tells of the room as it has it. */
  readonly #byRoom = new Map<string, Set<Emitter<MediaNotices>>>();

  constructor(open: OpenMediaLink) {
    super();
    this.#open = open;
  }

  /** Throws `no-media-node` when the node cannot be reached. */
  async calls(nodeId: string): Promise<Calls<MediaNodeContract>> {
    let link = this.#links.get(nodeId);
    if (!link) {
      link = this.#connect(nodeId);
      this.#links.set(nodeId, link);
      link.catch(() => this.#links.delete(nodeId));
    }
    return (await link).calls;
  }

  /**
   * Whether the node answers at once. A node that its clients hear nothing of is asked so: what many of them want to know at
   * the same time is asked once.
   */
  async isAnswering(nodeId: string): Promise<boolean> {
    let asking = this.#asking.get(nodeId);
    if (!asking) {
      asking = this.#ask(nodeId).finally(() => this.#asking.delete(nodeId));
      this.#asking.set(nodeId, asking);
    }
    return asking;
  }

  /** It seems to be gone, and there are others: it is connected to anew, so that all who are on it learn soon. */
  suspect(nodeId: string): void {
    if (this.#suspects.has(nodeId)) return;
    this.#suspects.add(nodeId);
    this.#links.get(nodeId)?.then(
      ({ lifetime }) => lifetime.close('lost'),
      () => {}, // It could not be reached: that is known already.
    );
  }

  async #ask(nodeId: string): Promise<boolean> {
    const answer = this.calls(nodeId)
      .then((calls) => calls['node.describe']({}))
      .then(
        () => true,
        () => false,
      );
    // After a standstill of our own process what came meanwhile is read first.
    const silence = sleep(answerMs).then(() => new Promise<false>((resolve) => setImmediate(resolve, false)));
    return Promise.race([answer, silence]);
  }

  /** The notices of one media session, and of its room on that node, until `signal` aborts. */
  notices(
    { nodeId, roomId, mediaSessionId }: { nodeId: string; roomId: string; mediaSessionId: string },
    signal: AbortSignal,
  ): Emitter<MediaNotices> {
    const emitter = new Emitter<MediaNotices>();
    this.#bySession.set(mediaSessionId, emitter);
    const room = roomOn(nodeId, roomId);
    const inRoom = this.#byRoom.get(room) ?? new Set();
    this.#byRoom.set(room, inRoom.add(emitter));
    const forget = () => {
      if (this.#bySession.get(mediaSessionId) === emitter) this.#bySession.delete(mediaSessionId);
      inRoom.delete(emitter);
      if (inRoom.size === 0 && this.#byRoom.get(room) === inRoom) this.#byRoom.delete(room);
    };
    if (signal.aborted) forget();
    else signal.addEventListener('abort', forget, { once: true });
    return emitter;
  }

  #inTime(nodeId: string, opening: Promise<MediaLink>): Promise<MediaLink> {
    if (!this.#suspects.has(nodeId)) return opening;
    const inTime = withDeadline(opening, suspectConnectMs, `reaching ${nodeId}`, this.signal);
    inTime.catch(() =>
      opening.then(
        ({ lifetime }) => lifetime.close(), // It came too late.
        () => {},
      ),
    );
    return inTime;
  }

  async #connect(nodeId: string): Promise<MediaLink> {
    const opening = this.#open(nodeId, {
      'session.lost': (notice) => this.#bySession.get(notice.mediaSessionId)?.emit('session.lost', notice),
      'session.connectivity': (notice) =>
        this.#bySession.get(notice.mediaSessionId)?.emit('session.connectivity', notice),
      'subscription.closed': (notice) =>
        this.#bySession.get(notice.mediaSessionId)?.emit('subscription.closed', notice),
      'subscription.layers': (notice) =>
        this.#bySession.get(notice.mediaSessionId)?.emit('subscription.layers', notice),
      'track.demand': (notice) => this.#bySession.get(notice.mediaSessionId)?.emit('track.demand', notice),
      'room.audioSlots': (notice) => {
        for (const emitter of this.#byRoom.get(roomOn(nodeId, notice.roomId)) ?? [])
          emitter.emit('room.audioSlots', notice);
      },
      'room.speakers': (notice) => {
        for (const emitter of this.#byRoom.get(roomOn(nodeId, notice.roomId)) ?? [])
          emitter.emit('room.speakers', notice);
      },
    });
    const link = await this.#inTime(nodeId, opening).catch((error) => {
      throw new PlatformError('no-media-node', `media node ${nodeId} cannot be reached`, { cause: error });
    });
    this.#suspects.delete(nodeId);
    this.own(link.lifetime);
    link.lifetime.onClose(() => {
      this.#links.delete(nodeId);
      if (!this.closed) for (const emitter of [...this.#bySession.values()]) emitter.emit('linkLost', nodeId);
    });
    return link;
  }
}

function roomOn(nodeId: string, roomId: string): string {
  return `${nodeId}/${roomId}`; // Neither has a slash in it.
}
