import type { PathFacts } from './measurements.ts';

type Entry = Record<string, unknown> & { id: string; type: string };

/** The pair of addresses that a connection uses now, in the browser's words; undefined before there is one. */
export function selectedPath(report: RTCStatsReport): Omit<PathFacts, 'connectMs'> | undefined {
  const entries = new Map<string, Entry>();
  report.forEach((entry: Entry) => void entries.set(entry.id, entry));
  const all = [...entries.values()];
  const chosen = all.find(({ type }) => type === 'transport')?.selectedCandidatePairId as string | undefined;
  // Firefox has no entry of the transport, and says it of the pair.
  const pair =
    (chosen && entries.get(chosen)) ||
    all.find((entry) => entry.type === 'candidate-pair' && entry.nominated && entry.state === 'succeeded');
  const local = pair && entries.get(pair.localCandidateId as string);
  const remote = pair && entries.get(pair.remoteCandidateId as string);
  if (!pair || !local || !remote) return undefined;
  const rtt = pair.currentRoundTripTime as number | undefined;
  const relayProtocol = local.candidateType === 'relay' ? (local.relayProtocol as string) : undefined;
  return {
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
