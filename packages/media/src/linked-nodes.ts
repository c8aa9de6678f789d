import { Lifetime, PlatformError, silentLogger } from '@weir/core';
import {
  type Calls,
  type MediaPipes,
  type Method,
  mediaPipes,
  type ParsedParams,
  type PipeEndParameters,
  type Result,
  type Source,
  type TrackId,
} from '@weir/protocol';
import { callsTo, pipeHandlersFor } from './bound-handlers.ts';
import { MediaNode, type MediaNodeConfig } from './media-node.ts';
import { NoticeLog, TestParticipant, type TestParticipantOptions } from './testing.ts';
import type { EdgeListener } from './track-distributor.ts';

export type LinkedNodeOptions = Partial<Pick<MediaNodeConfig, 'workers' | 'sound' | 'spreadAbove'>> & {
  region?: string;
  fanOut?: number;
};

const lingerMs = 100;
const kinds = {
  camera: 'video',
  screen: 'video',
  microphone: 'audio',
  'screen-audio': 'audio',
  data: 'data',
} as const;

/** Something between the ends of a pipe. */
export type PipeLine = {
  inPlaceOf(side: 'edge' | 'origin', end: PipeEndParameters): PipeEndParameters;
};

/** Media nodes that reach each other by function calls, over connections that can be broken. */
export class LinkedNodes implements AsyncDisposable {
  readonly #nodes = new Map<string, MediaNode>();
  readonly #participants: TestParticipant[] = [];
  readonly #connections: { from: string; to: string; lifetime: Lifetime }[] = [];
  readonly #tracks = new Map<TrackId, { nodeId: string; source: Source }>();
  /** What all pipes go through. */
  line: PipeLine | undefined;

  /** Says where a track is produced, as the room's log would. */
  tell(trackId: TrackId, nodeId: string, source: Source = 'camera'): void {
    this.#tracks.set(trackId, { nodeId, source });
  }

  /** A node on loopback, with one worker unless told otherwise. */
  async start(nodeId: string, options: LinkedNodeOptions = {}) {
    const { region = 'eu', fanOut = 8, ...config } = options;
    const node = await MediaNode.start({
      nodeId,
      workers: 1,
      listen: [{ ip: '127.0.0.1' }],
      firstPort: 0,
      logger: silentLogger,
      ...config,
      cascade: {
        region,
        fanOut,
        lingerMs,
        listen: { ip: '127.0.0.1' },
        locate: async (_, trackId) => {
          const track = this.#tracks.get(trackId);
          return track && { ...track, participantId: 'alice', kind: kinds[track.source] };
        },
        open: async (to, listener) => this.#connect(nodeId, to, listener),
      },
    });
    this.#nodes.set(nodeId, node);
    const { listener, notices } = new NoticeLog();
    const calls = callsTo(node, listener);
    const open = async (participantId: string, more: Partial<TestParticipantOptions> = {}) => {
      const participant = await TestParticipant.open(calls, { participantId, ...more });
      this.#participants.push(participant);
      return participant;
    };
    return { node, calls, open, notices };
  }

  #connect(from: string, to: string, listener: EdgeListener) {
    const distributor = this.#nodes.get(to)?.distributor;
    if (!distributor || distributor.closed) throw new PlatformError('connection-lost', `${to} is dead`);
    const lifetime = new Lifetime();
    const own: EdgeListener = {
      'pipe.closed': (notice) => lifetime.closed || listener['pipe.closed'](notice),
    };
    lifetime.onClose(() => distributor.forget(own));
    distributor.onClose(() => lifetime.close('lost'), lifetime.signal);
    this.#connections.push({ from, to, lifetime });
    const handlers = pipeHandlersFor(distributor, own);
    const methods = Object.keys(mediaPipes.requests) as Method<MediaPipes>[];
    const calls = methods.map((method) => [
      method,
      async (params: object) => {
        if (lifetime.closed) throw new PlatformError('connection-lost', `${method}: ${to} is out of reach`);
        const parsed = mediaPipes.requests[method].params.parse(params);
        return this.line && method === 'pipe.open'
          ? through(this.line, parsed as Opening, handlers['pipe.open'])
          : handlers[method](parsed as never);
      },
    ]);
    return { calls: Object.fromEntries(calls) as Calls<MediaPipes>, lifetime };
  }

  /** Both go on living. */
  breakConnection(from: string, to: string): void {
    for (const connection of [...this.#connections])
      if (connection.from === from && connection.to === to) connection.lifetime.close('lost');
  }

  /** The pipes of all nodes, with what went over each so far. */
  async pipes() {
    const living = [...this.#nodes].filter(([, { closed }]) => !closed);
    const listed = await Promise.all(
      living.map(async ([from, { distributor }]) => {
        const { pipes } = await distributor!.handlers['pipe.list']({}, { 'pipe.closed': () => {} });
        return pipes.map((pipe) => ({ ...pipe, from }));
      }),
    );
    return listed.flat();
  }

  /** The same in a word each, as `track: from > to`. */
  async paths(): Promise<string[]> {
    return (await this.pipes()).map(({ trackId, from, to }) => `${trackId}: ${from} > ${to}`).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const participant of this.#participants) participant.close();
    await Promise.all([...this.#nodes.values()].map((node) => node[Symbol.asyncDispose]()));
  }
}

type Opening = ParsedParams<MediaPipes, 'pipe.open'>;
type Opened = Result<MediaPipes, 'pipe.open'>;

async function through(
  line: PipeLine,
  asked: Opening,
  open: (changed: Opening) => Promise<Opened>,
): Promise<Opened> {
  const answer = await open({ ...asked, end: line.inPlaceOf('edge', asked.end) });
  return 'pipe' in answer
    ? { pipe: { ...answer.pipe, end: line.inPlaceOf('origin', answer.pipe.end) } }
    : answer;
}
