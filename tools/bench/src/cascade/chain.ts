import { sleep } from '@weir/core';
import { LinkedNodes } from '@weir/media/linked-nodes';
import type { TestParticipant } from '@weir/media/testing';
import { eventually } from '@weir/testing';
import { capturedPackets } from '../forward/captured-packets.ts';
import { capturePorts } from '../forward/packet-capture.ts';
import { steadyMedia } from '../forward/steady-media.ts';
import { type Gate, hopDelays } from './hop-delays.ts';

const trackId = 'camera';
const liveFrames = 5;

/** Media nodes in a row, each of which gets a camera from the one before; on each somebody watches. */
export class Chain implements AsyncDisposable {
  readonly #nodes = new LinkedNodes();
  readonly #starts: Awaited<ReturnType<LinkedNodes['start']>>[] = [];
  readonly #viewers: Gate[] = [];
  #origin: Gate = { port: 0, ssrc: 0 };
  #watching = 0;

  static async start(hops: number, packetsPerSecond: number): Promise<Chain> {
    const chain = new Chain();
    try {
      await chain.#publish(packetsPerSecond);
      for (let hop = 0; hop <= hops; hop++) {
        if (hop > 0) await chain.#startNode(`hop-${hop}`);
        chain.#viewers.push(await chain.watch(hop));
      }
      return chain;
    } catch (error) {
      await chain[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** One more viewer on the node so many hops from the camera's; resolves when it receives. */
  async watch(hop: number): Promise<Gate> {
    const viewer = await this.#starts[hop]!.open(`viewer-${this.#watching++}`);
    const receiver = await viewer.subscribe(trackId);
    await eventually(() => receiver.statistics.frames >= liveFrames || 'nothing arrives', {
      timeoutMs: 20_000,
    });
    return { port: portOf(viewer), ssrc: receiver.ssrc };
  }

  /** In ms, for the viewer on each node, from the first on: from arrival at the first node to departure from its own. */
  async delays(forMs: number): Promise<number[][]> {
    const { pcap } = await capturePorts([...new Set(this.#viewers.map(({ port }) => port))], forMs);
    return hopDelays(capturedPackets(pcap), this.#origin, this.#viewers);
  }

  /** What the camera's node sends to other nodes. */
  async egress(forMs: number): Promise<{ pipes: number; bitsPerSecond: number }> {
    const before = await this.#sent();
    await sleep(forMs);
    const after = await this.#sent();
    const seconds = (after.atMs - before.atMs) / 1_000;
    return { pipes: after.pipes, bitsPerSecond: ((after.bytes - before.bytes) * 8) / seconds };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#nodes[Symbol.asyncDispose]();
  }

  async #publish(packetsPerSecond: number): Promise<void> {
    const node = await this.#startNode('origin');
    const publisher = await node.open('publisher');
    this.#nodes.tell(trackId, 'origin');
    const track = await publisher.publish(trackId, [steadyMedia(packetsPerSecond)]);
    this.#origin = { port: portOf(publisher), ssrc: track.rtpParameters.encodings![0]!.ssrc! };
  }

  async #startNode(nodeId: string) {
    const started = await this.#nodes.start(nodeId, { fanOut: 1 });
    this.#starts.push(started);
    return started;
  }

  async #sent(): Promise<{ atMs: number; pipes: number; bytes: number }> {
    const pipes = (await this.#nodes.pipes()).filter(({ from }) => from === 'origin');
    return {
      atMs: performance.now(),
      pipes: pipes.length,
      bytes: pipes.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }
}

function portOf({ media }: TestParticipant): number {
  return media.receive!.iceCandidates.find(({ protocol }) => protocol === 'udp')!.port;
}
