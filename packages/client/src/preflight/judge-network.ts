import { isSlow } from './judge-computer.ts';
import { failed } from './judge-service.ts';
import type { LineFacts, Measurements, Outcome, PathFacts, RelayTransport } from './measurements.ts';
import type { Details, Finding, Speech } from './report.ts';

/** What one's own camera takes each way, in bit/s: HD, a small picture, and a voice. */
const needed = { hd: 1_300_000, video: 300_000, audio: 50_000 };
const quality = {
  warn: { loss: 0.02, jitterMs: 40, rttMs: 300 },
  fail: { loss: 0.12, jitterMs: 200, rttMs: 1_000 },
};

/** What waits in the queue of a full line adds at least this. */
const fullQueueMs = 300;

/** The paths that media can take, and what the line carries. */
export function judgeNetwork(measurements: Measurements): Finding[] {
  const { udp, tcp, relay, relays } = measurements;
  const works = (path: Outcome<PathFacts> | undefined) => path?.state === 'done';
  const relayed = Object.values(relay ?? {}).some(works);
  return [
    path('udp', udp, works(tcp) || relayed),
    path('tcp', tcp, works(udp) || relayed),
    ...judgeRelays(relays, relay, works(udp) || works(tcp)),
    ...judgeLine(measurements),
  ];
}

/** `otherwise`: media gets through another way. */
function path(id: 'udp' | 'tcp', outcome: Outcome<PathFacts> | undefined, otherwise: boolean): Finding {
  if (!outcome) return { id, status: 'running', code: `running-${id}` };
  if (outcome.state === 'skipped') return { id, status: 'skipped', code: 'skipped' };
  if (outcome.state === 'done')
    return { id, status: 'ok', code: `${id}-ok`, details: pathDetails(outcome.value) };
  const code = otherwise ? (`${id}-blocked` as const) : (`${id}-blocked-alone` as const);
  return { id, status: otherwise ? 'warn' : 'fail', code, details: failed(outcome) };
}

function judgeRelays(
  relays: RelayTransport[] | undefined,
  relay: Measurements['relay'] = {},
  direct: boolean,
): Finding[] {
  if (!relays) return [{ id: 'relay', status: 'running', code: 'running-relay' }];
  if (relays.length === 0) return [{ id: 'relay', status: 'skipped', code: 'relay-none' }];
  return relays.map((transport): Finding => {
    const id = `relay-${transport}` as const;
    const outcome = relay[transport];
    if (!outcome) return { id, status: 'running', code: 'running-relay' };
    if (outcome.state === 'skipped') return { id, status: 'skipped', code: 'skipped' };
    if (outcome.state === 'done')
      return { id, status: 'ok', code: `${id}-ok`, details: pathDetails(outcome.value) };
    const others = direct || Object.values(relay).some((one) => one.state === 'done');
    return { id, status: others ? 'warn' : 'fail', code: `${id}-blocked`, details: failed(outcome) };
  });
}

function pathDetails({ protocol, relayProtocol, local, remote, connectMs, rttMs }: PathFacts): Details {
  return (say) => [
    [say.from, local],
    [say.to, remote],
    [say.protocol, relayProtocol ? say.relayOver(protocol, relayProtocol) : protocol],
    [say.connectedIn, say.ms(connectMs)],
    ...(rttMs === undefined ? [] : ([[say.roundTrip, say.ms(rttMs)]] as [string, string][])),
  ];
}

const lineIds = ['upload', 'download', 'quality'] as const;

function judgeLine({ line, cpu }: Measurements): Finding[] {
  if (!line) return lineIds.map((id) => ({ id, status: 'running', code: `running-${id}` }));
  if (line.state === 'skipped') return lineIds.map((id) => ({ id, status: 'skipped', code: 'skipped' }));
  if (line.state === 'failed')
    return lineIds.map((id) => ({ id, status: 'fail', code: `${id}-unknown`, details: failed(line) }));
  const facts = line.value;
  return [upload(facts, isSlow(cpu)), download(facts), lineQuality(facts)];
}

/** How much of what a call wants gets through. A picture may be held back for want of bits while the sound goes on beside it. */
function grade(bps: number, { loadedSoundLoss }: LineFacts): 'ok' | 'video' | 'audio' | 'nothing' {
  if (bps >= needed.hd) return 'ok';
  if (bps >= needed.video) return 'video';
  return bps >= needed.audio || loadedSoundLoss <= quality.fail.loss ? 'audio' : 'nothing';
}

const statusOf = { ok: 'ok', video: 'warn', audio: 'warn', nothing: 'fail' } as const;

function upload(facts: LineFacts, slowComputer: boolean): Finding {
  const {
    upBps,
    triedBps,
    estimatedUpBps: estimated,
    limitedBy,
    rttMs,
    loadedRttMs,
    loadedLossUp,
    overloadLossUp,
    path,
  } = facts;
  // The computer could not make more, and the line was never full nor believed to be narrow: of the line no more is known.
  const wasFull = overloadLossUp > quality.warn.loss || loadedRttMs > rttMs + fullQueueMs;
  const graded = grade(upBps, facts);
  const mightCarryMore = grade(Math.max(upBps, estimated ?? triedBps), facts) !== graded;
  const byCpu = (limitedBy === 'cpu' || slowComputer) && mightCarryMore && !wasFull;
  const found = byCpu ? 'slow-computer' : graded;
  const all = upBps > 0.85 * triedBps;
  return {
    id: 'upload',
    status: byCpu ? 'warn' : statusOf[graded],
    code: `upload-${found}`,
    details: (say) => [
      [say.arrived, say.triedUpTo(rateOf(say, upBps, all), say.bitrate(triedBps))],
      ...(estimated === undefined ? [] : ([[say.estimated, say.bitrate(estimated)]] as [string, string][])),
      [say.needed, say.neededFor(say.bitrate(needed.hd), say.bitrate(needed.video))],
      [say.lossUp, say.percent(loadedLossUp)],
      [say.longestRoundTrip, say.ms(loadedRttMs)],
      [say.limitedBy, say.limits[limitedBy]],
      [say.over, path.relayProtocol ? say.relay(path.relayProtocol) : path.protocol],
    ],
  };
}

function download(facts: LineFacts): Finding {
  const { downBps, upBps, triedBps, loadedLossDown } = facts;
  // All that went up came down again: the line down carries at least that, and is not what is narrow.
  const all = loadedLossDown < quality.warn.loss && downBps > 0.85 * upBps;
  const graded = grade(downBps, facts);
  const found = all && graded !== 'ok' && graded !== 'nothing' ? 'at-least' : graded;
  return {
    id: 'download',
    status: found === 'at-least' ? 'ok' : statusOf[found],
    code: `download-${found}`,
    details: (say) => [
      [say.received, rateOf(say, downBps, all)],
      [say.ofWhatWasSent, say.triedUpTo(say.bitrate(upBps), say.bitrate(triedBps))],
      [say.lossDown, say.percent(loadedLossDown)],
    ],
  };
}

function lineQuality({ loss, jitterMs, rttMs }: LineFacts): Finding {
  const over = (limit: (typeof quality)['warn']) =>
    loss > limit.loss || jitterMs > limit.jitterMs || rttMs > limit.rttMs;
  const code = over(quality.fail) ? 'quality-bad' : over(quality.warn) ? 'quality-weak' : 'quality-ok';
  return {
    id: 'quality',
    status: code === 'quality-ok' ? 'ok' : code === 'quality-weak' ? 'warn' : 'fail',
    code,
    details: (say) => [
      [say.lost, say.percent(loss)],
      [say.jitter, say.ms(jitterMs)],
      [say.nodeRoundTrip, say.ms(rttMs)],
    ],
  };
}

/** `all`: nothing more was tried, so the line may carry more. */
function rateOf(say: Speech, bps: number, all: boolean): string {
  return all ? say.atLeast(say.bitrate(bps)) : say.bitrate(bps);
}
