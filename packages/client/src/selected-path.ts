/** A way that media takes: what the browser says of the pair of addresses that it chose. */
export type SelectedPath = {
  /** Of the browser's own end: `host`, `srflx` or `prflx` (behind address translation), `relay`. */
  via: string;
  protocol: string;
  /** How the browser reaches the relay; absent without one. */
  relayProtocol?: string;
  local: string;
  remote: string;
  rttMs?: number;
};

/** One entry of `RTCPeerConnection.getStats`. */
export type Entry = Record<string, unknown> & { id: string; type: string };

export function entriesOf(report: RTCStatsReport): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  report.forEach((entry: Entry) => void entries.set(entry.id, entry));
  return entries;
}

/** The pair of addresses that carries what is sent. */
export function chosenPair(entries: ReadonlyMap<string, Entry>): Entry | undefined {
  const all = [...entries.values()];
  const chosen = all.find(({ type }) => type === 'transport')?.selectedCandidatePairId as string | undefined;
  // Firefox has no entry of the transport, and says it of the pair.
  return (
    (chosen && entries.get(chosen)) ||
    all.find((entry) => entry.type === 'candidate-pair' && entry.nominated && entry.state === 'succeeded')
  );
}

/** The pair of addresses that a connection uses now, in the browser's words; undefined before there is one. */
export function selectedPath(report: RTCStatsReport): SelectedPath | undefined {
  const entries = entriesOf(report);
  const pair = chosenPair(entries);
  const local = pair && entries.get(pair.localCandidateId as string);
  const remote = pair && entries.get(pair.remoteCandidateId as string);
  if (!pair || !local || !remote) return undefined;
  const rtt = pair.currentRoundTripTime as number | undefined;
  const relayProtocol = local.candidateType === 'relay' ? (local.relayProtocol as string) : undefined;
  return {
    via: String(local.candidateType),
    protocol: String(local.protocol),
    ...(relayProtocol ? { relayProtocol } : {}),
    local: `${address(local)} (${local.candidateType})`,
    remote: address(remote),
    ...(rtt === undefined ? {} : { rttMs: rtt * 1000 }),
  };
}

/** Browsers hide the addresses of the machine itself until a camera or microphone is allowed. */
function address({ address, ip, port }: Entry): string {
  return `${address ?? ip ?? 'hidden'}:${port ?? '?'}`;
}
