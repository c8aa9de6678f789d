import type { Finding } from './judge.ts';
import { isSlow } from './judge-computer.ts';
import { failed } from './judge-service.ts';
import type { LineFacts, Measurements, Outcome, PathFacts, RelayTransport } from './measurements.ts';
import { bitrate, ms, percent } from './numbers.ts';

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

function pathDetails({
  protocol,
  relayProtocol,
  local,
  remote,
  connectMs,
  rttMs,
}: PathFacts): [string, string][] {
  return [
    ['From', local],
    ['To', remote],
    ['Protocol', relayProtocol ? `${protocol}, relay over ${relayProtocol}` : protocol],
    ['Connected in', ms(connectMs)],
    ...(rttMs === undefined ? [] : ([['Round trip', ms(rttMs)]] as [string, string][])),
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

/** How much of what a call wants gets through. */
function grade(bps: number): 'ok' | 'video' | 'audio' | 'nothing' {
  if (bps >= needed.hd) return 'ok';
  if (bps >= needed.video) return 'video';
  return bps >= needed.audio ? 'audio' : 'nothing';
}

const statusOf = { ok: 'ok', video: 'warn', audio: 'warn', nothing: 'fail' } as const;

function upload(facts: LineFacts, slowComputer: boolean): Finding {
  const { upBps, triedBps, limitedBy, rttMs, loadedRttMs, loadedLossUp, overloadLossUp, path } = facts;
  // The computer could not make more, and the line was never full: of the line no more is known.
  const wasFull = overloadLossUp > quality.warn.loss || loadedRttMs > rttMs + fullQueueMs;
  const byCpu = (limitedBy === 'cpu' || slowComputer) && grade(upBps) !== 'ok' && !wasFull;
  const found = byCpu ? 'slow-computer' : grade(upBps);
  return {
    id: 'upload',
    status: byCpu ? 'warn' : statusOf[grade(upBps)],
    code: `upload-${found}`,
    details: [
      ['Arrived at the media node', `${atLeast(upBps, triedBps)}; tried up to ${bitrate(triedBps)}`],
      ['Needed', `${bitrate(needed.hd)} for HD, ${bitrate(needed.video)} for a small picture`],
      ['Loss on the way up, under load', percent(loadedLossUp)],
      ['Longest round trip under load', ms(loadedRttMs)],
      ['Limited by', limitedBy],
      ['Over', path.relayProtocol ? `relay (${path.relayProtocol})` : path.protocol],
    ],
  };
}

function download({ downBps, upBps, triedBps, loadedLossDown }: LineFacts): Finding {
  // All that went up came down again: the line down carries at least that, and is not what is narrow.
  const all = loadedLossDown < quality.warn.loss && downBps > 0.85 * upBps;
  const graded = grade(downBps);
  const found = all && graded !== 'ok' && graded !== 'nothing' ? 'at-least' : graded;
  return {
    id: 'download',
    status: found === 'at-least' ? 'ok' : statusOf[found],
    code: `download-${found}`,
    details: [
      ['Received from the media node', all ? `at least ${bitrate(downBps)}` : bitrate(downBps)],
      ['Of what was sent', `${bitrate(upBps)}; tried up to ${bitrate(triedBps)}`],
      ['Loss on the way down, under load', percent(loadedLossDown)],
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
    details: [
      ['Packets lost, there and back', percent(loss)],
      ['Jitter', ms(jitterMs)],
      ['Round trip to the media node', ms(rttMs)],
    ],
  };
}

function atLeast(bps: number, triedBps: number): string {
  return bps > 0.85 * triedBps ? `at least ${bitrate(bps)}` : bitrate(bps);
}
