import { Lifetime, newId } from '@weir/core';
import type { Calls, MediaNodeContract, TransportParameters } from '@weir/protocol';
import type { OpenMediaLink } from '@weir/signaling';

export const mediaNodeId = 'no-media';

const transport: TransportParameters = {
  id: 'transport',
  iceParameters: { usernameFragment: 'fragment', password: 'password', iceLite: true },
  iceCandidates: [],
  dtlsParameters: { fingerprints: [{ algorithm: 'sha-256', value: '00' }] },
  sctpParameters: { port: 5000, OS: 1024, MIS: 1024, maxMessageSize: 262_144 },
};

/** A media node that carries nothing and loses nothing: the signaling alone is measured. */
export const mediaLink: OpenMediaLink = async () => ({ calls, lifetime: new Lifetime() });

const done = async () => ({});
const calls: Calls<MediaNodeContract> = {
  'session.open': async ({ send, receive }) => ({
    media: {
      mediaSessionId: newId('ms'),
      nodeId: mediaNodeId,
      send: send ? transport : null,
      receive: receive ? transport : null,
    },
    subscriptions: [],
  }),
  'session.adopt': async () => ({ alive: true, send: true, receive: true }),
  'session.close': done,
  'transport.open': async () => ({ transport }),
  'transport.close': done,
  'transport.connect': done,
  'transport.restartIce': async () => ({ iceParameters: transport.iceParameters }),
  'track.publish': async () => ({ codec: 'audio/opus', spatialLayers: 1 }),
  'track.unpublish': done,
  'track.subscribe': async () => ({ subscriptions: [], failures: [] }),
  'track.start': done,
  'track.unsubscribe': done,
  'track.setPreferences': done,
  'track.starved': done,
  'node.describe': async () => ({ nodeId: mediaNodeId, rtpCapabilities: {}, workers: [] }),
};
