/** How a stream went since the reading before. A field is absent where the browser does not tell it. */
export type StreamReading = {
  direction: 'in' | 'out';
  kind: 'audio' | 'video';
  bitrateBps: number;
  /** Of the packets, 0 to 1. */
  lossRatio: number;
  jitterMs?: number;
  roundTripMs?: number;
  width?: number;
  height?: number;
  framesPerSecond?: number;
  /** Of the time, 0 to 1: the picture stood still. */
  frozenRatio?: number;
  /** Of the sound, 0 to 1: made up to fill gaps. */
  concealedRatio?: number;
  codec?: string;
  /** What keeps the encoder from sending more. */
  encoderLimit?: 'bandwidth' | 'cpu';
  /** Like `direct udp`, `direct tcp`, `reflexive udp` (behind address translation) or `relay tls`. */
  path?: string;
};

/** Of one stream, as the browser counts them from its start. */
export type StreamCounters = {
  /** ms. */
  at: number;
  bytes: number;
  packets: number;
  lost: number;
  frozenSeconds: number;
  concealed: number;
  samples: number;
  /** What is no count. */
  now: Omit<StreamReading, 'bitrateBps' | 'lossRatio' | 'frozenRatio' | 'concealedRatio'>;
};

type Stats = Record<string, unknown> & { id: string; type: string; timestamp: number };

/** Reads the numbers of one stream out of its report; undefined when it has none yet. */
export function streamCounters(report: Iterable<readonly [string, unknown]>): StreamCounters | undefined {
  const all = new Map([...report] as [string, Stats][]);
  const streams = [...all.values()].filter(({ type }) => type === 'inbound-rtp' || type === 'outbound-rtp');
  const size = ({ active, frameHeight }: Stats) => (active === false ? -1 : number(frameHeight));
  // Of several layers the largest picture is what the best line sees.
  const main = streams.toSorted((a, b) => size(b) - size(a))[0];
  if (!main) return undefined;
  const sending = main.type === 'outbound-rtp';
  const remotes = [...all.values()].filter(({ type }) => type === 'remote-inbound-rtp');
  const sum = (stats: Stats[], field: string) => stats.reduce((total, one) => total + number(one[field]), 0);
  const transport = all.get(String(main.transportId));
  const pair = all.get(String(transport?.selectedCandidatePairId));
  const trip = remotes.find(({ roundTripTime }) => roundTripTime !== undefined)?.roundTripTime;
  const roundTrip = trip ?? pair?.currentRoundTripTime;
  const jitter = sending ? remotes[0]?.jitter : main.jitter;
  const codec = all.get(String(main.codecId))?.mimeType;
  const limit = main.qualityLimitationReason;
  const path = pathWords(all.get(String(pair?.localCandidateId)), all.get(String(pair?.remoteCandidateId)));
  return {
    at: main.timestamp,
    bytes: sum(streams, sending ? 'bytesSent' : 'bytesReceived'),
    packets: sum(streams, sending ? 'packetsSent' : 'packetsReceived'),
    lost: sum(sending ? remotes : streams, 'packetsLost'),
    frozenSeconds: number(main.totalFreezesDuration),
    concealed: number(main.concealedSamples) - number(main.silentConcealedSamples),
    samples: number(main.totalSamplesReceived),
    now: {
      direction: sending ? 'out' : 'in',
      kind: main.kind === 'audio' ? 'audio' : 'video',
      ...(typeof jitter === 'number' ? { jitterMs: jitter * 1_000 } : {}),
      ...(typeof roundTrip === 'number' ? { roundTripMs: roundTrip * 1_000 } : {}),
      ...(typeof main.frameWidth === 'number' ? { width: main.frameWidth } : {}),
      ...(typeof main.frameHeight === 'number' ? { height: main.frameHeight } : {}),
      ...(main.kind === 'video' ? { framesPerSecond: number(main.framesPerSecond) } : {}),
      ...(typeof codec === 'string' ? { codec: codec.replace(/^.*\//, '') } : {}),
      ...(limit === 'bandwidth' || limit === 'cpu' ? { encoderLimit: limit } : {}),
      ...(path ? { path } : {}),
    },
  };
}

/** What went between two looks at the same stream; undefined when too little time passed, or it began anew. */
export function readingBetween(before: StreamCounters, after: StreamCounters): StreamReading | undefined {
  const seconds = (after.at - before.at) / 1_000;
  const packets = after.packets - before.packets;
  if (seconds < 0.5 || packets < 0) return undefined;
  const lost = Math.max(0, after.lost - before.lost); // Late packets make it sink.
  const samples = after.samples - before.samples;
  const expected = after.now.direction === 'in' ? packets + lost : packets;
  return {
    ...after.now,
    bitrateBps: Math.max(0, ((after.bytes - before.bytes) * 8) / seconds),
    lossRatio: expected > 0 ? Math.min(1, lost / expected) : 0,
    ...(after.now.kind === 'video'
      ? { frozenRatio: share(after.frozenSeconds - before.frozenSeconds, seconds) }
      : samples > 0
        ? { concealedRatio: share(after.concealed - before.concealed, samples) }
        : {}),
  };
}

function share(part: number, whole: number): number {
  return Math.min(1, Math.max(0, part / whole));
}

function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function pathWords(local: Stats | undefined, remote: Stats | undefined): string | undefined {
  if (!local) return undefined;
  const relayed = local.candidateType === 'relay' || remote?.candidateType === 'relay';
  if (relayed) return `relay ${local.relayProtocol ?? local.protocol}`;
  const translated = local.candidateType === 'srflx' || local.candidateType === 'prflx';
  return `${translated ? 'reflexive' : 'direct'} ${local.protocol}`;
}
