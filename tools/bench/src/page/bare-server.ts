import type { RtpCapabilities, RtpParameters, TransportParameters } from '@weir/protocol';
import type { Page } from 'playwright-core';
import type { BareProcess } from '../measure/bare-process.ts';
import { Child, elsewhere } from '../measure/child.ts';
import type { StreamsProcess } from './streams.ts';

const room = 'wall';
const tracksPerPublisher = 100;
const publishTimeoutMs = 120_000;

/** mediasoup alone with many tiny streams, and a page that may receive them. */
export class BareServer {
  readonly #process: Child<BareProcess>;
  readonly #producerIds: string[] = [];

  private constructor(process: Child<BareProcess>) {
    this.#process = process;
  }

  static async start(stack: AsyncDisposableStack, streams: number): Promise<BareServer> {
    const process = stack.use(
      new Child<BareProcess>(new URL('../measure/bare-process.ts', import.meta.url), elsewhere),
    );
    await process.call('start', undefined);
    const publishers = stack.use(
      new Child<StreamsProcess>(new URL('streams.ts', import.meta.url), elsewhere),
    );
    const server = new BareServer(process);
    for (let left = streams; left > 0; left -= tracksPerPublisher)
      await server.#publish(publishers, Math.min(left, tracksPerPublisher));
    return server;
  }

  /** Lets `page` ask for connections and streams, and tells what to ask for: all of them over so many connections. */
  async offer(
    page: Page,
    connections: number,
  ): Promise<{
    rtpCapabilities: RtpCapabilities;
    transports: { parameters: TransportParameters; producerIds: string[] }[];
  }> {
    const each = Math.ceil(this.#producerIds.length / connections);
    const transports = await Promise.all(
      Array.from({ length: connections }, async (_, i) => ({
        parameters: await this.#process.call('openTransport', { room, direction: 'receive' }),
        producerIds: this.#producerIds.slice(i * each, (i + 1) * each),
      })),
    );
    await page.exposeFunction('bareConnect', (id: string, dtlsParameters: never) =>
      this.#process.call('connect', { id, dtlsParameters }),
    );
    await page.exposeFunction(
      'bareConsume',
      (id: string, producerIds: string[], rtpCapabilities: RtpCapabilities) =>
        Promise.all(
          producerIds.map((producerId) =>
            this.#process.call('consume', { id, producerId, rtpCapabilities, paused: true }),
          ),
        ),
    );
    await page.exposeFunction('bareResume', (ids: string[]) => this.#process.call('resume', { ids }));
    return { rtpCapabilities: await this.#process.call('rtpCapabilities', { room }), transports };
  }

  async #publish(publishers: Child<StreamsProcess>, tracks: number): Promise<void> {
    const parameters = await this.#process.call('openTransport', { room, direction: 'send' });
    const { id } = parameters;
    const opened = await publishers.call('open', { parameters, tracks }, publishTimeoutMs);
    await this.#process.call('connect', { id, dtlsParameters: opened.dtlsParameters });
    const produce = (rtpParameters: RtpParameters) => this.#process.call('produce', { id, rtpParameters });
    this.#producerIds.push(...(await Promise.all(opened.rtpParameters.map(produce))));
    await publishers.call('send', { id }, publishTimeoutMs);
  }
}
