// Runs in the browser: many live pictures by mediasoup-client alone, with no room and no session: what the browser itself takes.
import type { RtpCapabilities, RtpParameters, TransportParameters } from '@weir/protocol';
import { Device, type types } from 'mediasoup-client';
import { LiveWatch } from './live-watch.ts';

const tracksPerBatch = 50;

export type BareWallTimes = { liveMs: number[]; connections: number };

/** What the page asks of the server: a connection and its tracks by their place in what it was told. */
type Server = {
  bareConnect(id: string, dtlsParameters: types.DtlsParameters): Promise<void>;
  bareConsume(
    id: string,
    producerIds: string[],
    rtpCapabilities: RtpCapabilities,
  ): Promise<{ subscriptionId: string; rtpParameters: RtpParameters }[]>;
  bareResume(consumerIds: string[]): Promise<void>;
};

async function receiveAll(
  routerRtpCapabilities: RtpCapabilities,
  transports: { parameters: TransportParameters; producerIds: string[] }[],
  timeoutMs: number,
): Promise<BareWallTimes> {
  const server = globalThis as unknown as Server;
  const receivers: (() => RTCRtpReceiver[])[] = [];
  const watch = new LiveWatch(() => receivers.flatMap((of) => of()));
  const device = await Device.factory();
  await device.load({ routerRtpCapabilities: routerRtpCapabilities as types.RtpCapabilities });
  const fill = async ({ parameters, producerIds }: (typeof transports)[number]) => {
    const { id } = parameters;
    const transport = device.createRecvTransport(parameters as unknown as types.TransportOptions);
    const consumers: types.Consumer[] = [];
    receivers.push(() => consumers.flatMap(({ rtpReceiver }) => rtpReceiver ?? []));
    transport.on('connect', ({ dtlsParameters }, done, failed) => {
      server.bareConnect(id, dtlsParameters).then(done, failed);
    });
    for (let from = 0; from < producerIds.length; from += tracksPerBatch) {
      const ids = producerIds.slice(from, from + tracksPerBatch);
      const answers = await server.bareConsume(id, ids, device.recvRtpCapabilities as RtpCapabilities);
      const batch = await Promise.all(
        answers.map(({ subscriptionId, rtpParameters }, i) =>
          transport.consume({
            id: subscriptionId,
            producerId: ids[i]!,
            kind: 'video',
            rtpParameters: rtpParameters as types.RtpParameters,
          }),
        ),
      );
      consumers.push(...batch);
      for (const { track } of batch) watch.add(track);
      await server.bareResume(answers.map(({ subscriptionId }) => subscriptionId));
    }
  };
  await Promise.all(transports.map(fill));
  await watch.until(
    transports.reduce((sum, { producerIds }) => sum + producerIds.length, 0),
    timeoutMs - watch.elapsedMs,
  );
  return { liveMs: watch.liveMs, connections: transports.length };
}

declare global {
  var bareWall: { receiveAll: typeof receiveAll };
}
globalThis.bareWall = { receiveAll };
