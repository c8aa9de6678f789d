import { Room } from '@weir/client';
import { PeerEngine, PeerTransport, preparedTrack, prepareMedia, type SendTrack } from '@weir/peer';
import { limits, type TransportParameters } from '@weir/protocol';
import { serveParent } from '../measure/child.ts';
import { type Doors, tokenFor } from '../measure/peers.ts';

// A process of its own with the publishers of many tiny streams.
const publishers: Room[] = [];
const bare = new Map<string, { transport: PeerTransport; tracks: SendTrack[] }>();
const fps = 5;

/** 160×90, few frames a second: a wall's stream. A key frame each second: a peer jumps to the next when asked. */
function tinyPicture() {
  return prepareMedia({
    codec: 'VP8',
    width: 160,
    height: 90,
    fps,
    bitrateBps: 40_000,
    seconds: 4,
    keyFrameEvery: fps,
  });
}

async function publisher(doors: Doors, room: string, identity: string, tracks: number): Promise<Room> {
  const engine = new PeerEngine({ dataChannels: false });
  const token = await tokenFor(doors, room, identity);
  const one = new Room({ url: doors.url, token, engine, keepSeat: false, autoSubscribe: false });
  await one.connect();
  const picture = await tinyPicture();
  for (let i = 0; i < tracks; i++)
    await one.local.publish(preparedTrack([picture]), { source: 'camera', name: `${identity}.${i}` });
  return one;
}

const handlers = {
  /** Until `streams` are live in `room`, by as few participants as may publish so many. */
  async publish({ doors, room, streams }: { doors: Doors; room: string; streams: number }) {
    for (let left = streams; left > 0; left -= limits.tracksPerParticipant)
      publishers.push(
        await publisher(
          doors,
          room,
          `publisher-${publishers.length}`,
          Math.min(left, limits.tracksPerParticipant),
        ),
      );
    return publishers.length;
  },

  /** A connection with so many tracks, for a server that is no platform. */
  async open({ parameters, tracks: count }: { parameters: TransportParameters; tracks: number }) {
    const transport = new PeerTransport({ parameters, direction: 'send', dataChannels: false });
    const picture = await tinyPicture();
    const tracks = Array.from({ length: count }, () => transport.addSendTrack({ layers: [picture] }));
    bare.set(parameters.id, { transport, tracks });
    return {
      dtlsParameters: transport.dtlsParameters,
      rtpParameters: tracks.map(({ rtpParameters }) => rtpParameters),
    };
  },

  async send({ id }: { id: string }) {
    const { transport, tracks } = bare.get(id)!;
    await transport.connect();
    for (const track of tracks) track.start();
  },
};

export type StreamsProcess = typeof handlers;

serveParent(handlers, async () => {
  await Promise.all(publishers.map((one) => one.leave()));
});
