import { newId, PlatformError, withDeadline } from '@weir/core';
import type { Direction, IceCandidate, IceServer, MediaSession } from '@weir/protocol';
import type { Device, types } from 'mediasoup-client';
import { selectedPath } from '../selected-path.ts';
import type { Outcome, PathFacts } from './measurements.ts';
import type { TestSeat } from './test-seat.ts';

/** A browser is sure within seconds; a firewall that drops packets never answers. */
const probeMs = 5_000;

export type Probe = {
  device: Device;
  seat: TestSeat;
  media: MediaSession;
  /** A seat has a transport each way; for a probe either is as good. */
  direction: Direction;
  /** Which of the server's addresses to try. */
  candidates: (candidate: IceCandidate) => boolean;
  /** Through these and nothing else, when given. */
  relays?: IceServer[];
  signal: AbortSignal;
};

/** Connects to the media node over one kind of path only, up to an open data channel: ICE, DTLS and SCTP. */
export async function probePath(probe: Probe): Promise<Outcome<PathFacts>> {
  const { device, seat, media, direction, candidates, relays, signal } = probe;
  const parameters = media[direction];
  if (!parameters) return { state: 'skipped', why: 'unreachable' };
  const startedAt = performance.now();
  const transport = device.createSendTransport({
    ...(parameters as unknown as types.TransportOptions),
    iceCandidates: parameters.iceCandidates.filter(candidates) as types.IceCandidate[],
    ...(relays ? { iceServers: relays as RTCIceServer[], iceTransportPolicy: 'relay' as const } : {}),
  });
  try {
    if (!parameters.iceCandidates.some(candidates))
      throw new PlatformError('not-found', 'the media node offers no address of this kind');
    const open = new Promise<void>((resolve, reject) => {
      transport.on('connect', ({ dtlsParameters }, callback, errback) => {
        seat.connect(direction, dtlsParameters).then(callback, (error) => {
          errback(error);
          reject(error);
        });
      });
      transport.on('producedata', (_, callback) => callback({ id: newId('probe') })); // The server need not know.
      transport.on('connectionstatechange', (state) => {
        if (state === 'failed') reject(new PlatformError('media-lost', 'no answer on this path'));
      });
      transport.produceData({ ordered: false, maxRetransmits: 0 }).then((producer) => {
        producer.on('open', resolve);
        if (producer.readyState === 'open') resolve();
      }, reject);
    });
    await withDeadline(open, probeMs, 'this path', signal);
    const connectMs = performance.now() - startedAt;
    const path = selectedPath(await transport.getStats());
    if (!path) throw new PlatformError('media-lost', 'connected, but the browser does not say how');
    return { state: 'done', value: { ...path, connectMs } };
  } catch (error) {
    const { code, message } = PlatformError.from(error, 'media-lost');
    return { state: 'failed', code, message };
  } finally {
    transport.close();
  }
}
