/** What one side of the test call has counted so far. Octets and packets grow, times are in ms. */
export type LineCount = {
  at: number;
  sentBytes: number;
  sentPackets: number;
  /** As the media node reports it. */
  sentLost: number;
  receivedBytes: number;
  receivedPackets: number;
  receivedLost: number;
  jitterMs: number | undefined;
  rttMs: number | undefined;
};

type Kind = 'audio' | 'video';
type Entry = Record<string, unknown> & { type: string; kind?: string };

/** Counts one kind of media in the reports of the sending and of the receiving connection. */
export function countLine(kind: Kind, sending: RTCStatsReport, receiving: RTCStatsReport): LineCount {
  const of = (report: RTCStatsReport, type: string) => {
    const found: Entry[] = [];
    report.forEach((entry: Entry) => {
      if (entry.type === type && entry.kind === kind) found.push(entry);
    });
    return found;
  };
  const outbound = of(sending, 'outbound-rtp');
  const remote = of(sending, 'remote-inbound-rtp');
  const inbound = of(receiving, 'inbound-rtp');
  const rtt = remote.map(({ roundTripTime }) => roundTripTime).find((value) => typeof value === 'number');
  const jitter = inbound.map((entry) => entry.jitter).find((value) => typeof value === 'number');
  return {
    at: performance.now(),
    sentBytes: total(outbound, 'bytesSent') + total(outbound, 'headerBytesSent'),
    sentPackets: total(outbound, 'packetsSent'),
    sentLost: total(remote, 'packetsLost'),
    receivedBytes: total(inbound, 'bytesReceived') + total(inbound, 'headerBytesReceived'),
    receivedPackets: total(inbound, 'packetsReceived'),
    receivedLost: total(inbound, 'packetsLost'),
    jitterMs: jitter === undefined ? undefined : Number(jitter) * 1000,
    rttMs: rtt === undefined ? undefined : Number(rtt) * 1000,
  };
}

function total(entries: Entry[], field: string): number {
  return entries.reduce((sum, entry) => sum + (Number(entry[field]) || 0), 0);
}

export type LineRates = {
  upBps: number;
  downBps: number;
  /** There and back; the way up alone (known only as often as the media node reports), and the way down alone. */
  loss: number;
  lossUp: number;
  lossDown: number;
};

/**
 * What went on between two counts. The media node passes on what it got, so that what is missing at the end was lost on
 * the way up or on the way down; `upBps` is what arrived of what was sent.
 */
export function ratesBetween(from: LineCount, to: LineCount): LineRates {
  const seconds = Math.max(0.001, (to.at - from.at) / 1000);
  const sent = to.sentPackets - from.sentPackets;
  const lossUp = share(to.sentLost - from.sentLost, sent);
  const received = to.receivedPackets - from.receivedPackets;
  const missing = to.receivedLost - from.receivedLost;
  const loss = share(missing, received + missing);
  return {
    upBps: ((to.sentBytes - from.sentBytes) * 8 * (1 - lossUp)) / seconds,
    downBps: ((to.receivedBytes - from.receivedBytes) * 8) / seconds,
    loss,
    lossUp,
    lossDown: lossUp >= 1 ? 0 : Math.max(0, (loss - lossUp) / (1 - lossUp)),
  };
}

/** What was sent and has not come back, as a share; a silence counts as lost. */
export function lostBetween(from: LineCount, to: LineCount): number {
  const sent = to.sentPackets - from.sentPackets;
  return sent > 0 ? share(sent - (to.receivedPackets - from.receivedPackets), sent) : 1;
}

function share(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0;
}
