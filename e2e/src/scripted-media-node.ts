import { Lifetime, newId, PlatformError } from '@weir/core';
import type {
  Calls,
  MediaControl,
  MediaNodeContract,
  NoticeHandlers,
  TransportParameters,
} from '@weir/protocol';
import type { OpenMediaLink } from '@weir/signaling';

const transport: TransportParameters = {
  id: 'transport',
  iceParameters: { usernameFragment: 'u', password: 'p', iceLite: true },
  iceCandidates: [],
  dtlsParameters: { fingerprints: [{ algorithm: 'sha-256', value: '00' }] },
  sctpParameters: { port: 5000, OS: 1024, MIS: 1024, maxMessageSize: 262144 },
};

/**
 * A media node without media, for tests of signaling alone, where thousands of sessions or hostile messages would only
 * measure the engine. Everything with media in it is tested on the real one.
 */
export class ScriptedMediaNode {
  readonly sessions = new Map<
    string,
    {
      participantId: string;
      roomId: string;
      listener: NoticeHandlers<MediaControl>;
      send: boolean;
      receive: boolean;
    }
  >();
  readonly tracks = new Set<string>();
  /** The ids under which it answers nothing. */
  readonly cutOff = new Set<string>();

  readonly link: OpenMediaLink = async (nodeId, listener) => ({
    calls: this.#calls(nodeId, listener),
    lifetime: new Lifetime(),
  });

  /** What a dead worker looks like from outside. */
  loseAll(reason: string): void {
    const lost = [...this.sessions];
    this.sessions.clear();
    for (const [mediaSessionId, { participantId, roomId, listener }] of lost)
      listener['session.lost']({ mediaSessionId, participantId, roomId, reason });
  }

  #calls(nodeId: string, listener: NoticeHandlers<MediaControl>): Calls<MediaNodeContract> {
    const known = (id: string) => {
      const session = this.sessions.get(id);
      if (!session) throw new PlatformError('media-lost', `no media session ${id}`);
      return session;
    };
    const checked = async ({ mediaSessionId }: { mediaSessionId: string }) => {
      known(mediaSessionId);
      return {};
    };
    return {
      'session.open': async ({ participantId, roomId, send, receive }) => {
        for (const [id, session] of this.sessions)
          if (session.participantId === participantId) this.sessions.delete(id);
        const mediaSessionId = newId('m');
        this.sessions.set(mediaSessionId, { participantId, roomId, listener, send, receive });
        return {
          media: {
            mediaSessionId,
            nodeId,
            send: send ? transport : null,
            receive: receive ? transport : null,
          },
          subscriptions: [],
        };
      },
      'session.adopt': async ({ mediaSessionId }) => {
        const session = this.sessions.get(mediaSessionId);
        if (session) session.listener = listener;
        const { send = false, receive = false } = session ?? {};
        return { alive: session !== undefined, send, receive };
      },
      'session.close': async ({ mediaSessionId }) => {
        this.sessions.delete(mediaSessionId);
        return {};
      },
      'transport.open': async ({ mediaSessionId }) => {
        known(mediaSessionId);
        return { transport };
      },
      'transport.close': checked,
      'transport.connect': checked,
      'transport.restartIce': async ({ mediaSessionId }) => {
        known(mediaSessionId);
        return { iceParameters: transport.iceParameters };
      },
      'track.publish': async ({ mediaSessionId, trackId }) => {
        known(mediaSessionId);
        this.tracks.add(trackId);
        return { codec: 'VP8', spatialLayers: 1 };
      },
      'track.unpublish': async ({ mediaSessionId, trackId }) => {
        known(mediaSessionId);
        this.tracks.delete(trackId);
        return {};
      },
      'track.subscribe': async ({ mediaSessionId }) => {
        known(mediaSessionId);
        return { subscriptions: [], failures: [] };
      },
      'track.start': checked,
      'track.unsubscribe': checked,
      'track.setPreferences': checked,
      'track.starved': checked,
      'node.describe': async () => {
        if (this.cutOff.has(nodeId)) await new Promise(() => {});
        return { nodeId, rtpCapabilities: {}, workers: [] };
      },
    };
  }
}
