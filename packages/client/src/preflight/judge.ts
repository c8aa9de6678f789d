import { judgeComputer } from './judge-computer.ts';
import { judgeDevices } from './judge-devices.ts';
import { judgeNetwork } from './judge-network.ts';
import { judgeService } from './judge-service.ts';
import type { FirewallRule, Measurements, Outcome, PathFacts } from './measurements.ts';
import { numbersIn } from './numbers.ts';
import type { CheckId, Details, Finding, PreflightReport, Speech } from './report.ts';
import { type CheckCode, words as english, type PreflightWords, type VerdictLevel } from './words.ts';

/** Any one of these carries a call. */
const mediaPaths = ['udp', 'tcp', 'relay-udp', 'relay-tcp', 'relay-tls'] as const satisfies CheckId[];
/** Without all of these there is none. */
const musts = ['browser', 'service', 'signaling', 'codecs'] as const satisfies CheckId[];

const noDetails: Details = () => [];

/** What the measurements mean, in these words (default: English). Pure: the same measurements, the same report. */
export function judge(measurements: Measurements, words: PreflightWords = english): PreflightReport {
  const findings = [
    ...judgeService(measurements),
    ...judgeNetwork(measurements),
    ...judgeDevices(measurements),
    ...judgeComputer(measurements),
  ];
  const { startedAt, url, durationMs } = measurements;
  const speech: Speech = { ...words.details, ...numbersIn(words.language) };
  return {
    startedAt: new Date(startedAt).toISOString(),
    url,
    ...(durationMs === undefined ? {} : { durationMs, verdict: verdictOf(findings, words) }),
    checks: findings.map(({ details = noDetails, ...finding }) => ({
      ...finding,
      ...words.checks[finding.code],
      details: details(speech),
    })),
    firewall: firewallOf(measurements),
    measurements,
  };
}

/** Says what a call will be like: as good as the worst of what it needs. */
function verdictOf(findings: Finding[], words: PreflightWords): NonNullable<PreflightReport['verdict']> {
  const level = levelOf(findings);
  return { level, ...words.verdicts[level] };
}

function levelOf(findings: Finding[]): VerdictLevel {
  const status = (id: CheckId) => findings.find((finding) => finding.id === id)?.status;
  const found = (...codes: CheckCode[]) => findings.some(({ code }) => codes.includes(code));
  if (musts.some((id) => status(id) === 'fail')) return 'nothing';
  if (found('browser-none')) return 'unknown';
  if (!mediaPaths.some((id) => status(id) === 'ok')) return 'nothing';
  if (found('upload-nothing', 'download-nothing')) return 'nothing';
  if (found('upload-audio', 'download-audio', 'quality-bad')) return 'audio';
  if (found('upload-video', 'upload-slow-computer', 'download-video', 'quality-weak', 'cpu-slow'))
    return 'video';
  return found('upload-unknown') ? 'unknown' : 'hd';
}

function firewallOf({
  firewall = [],
  director,
  signaling,
  udp,
  tcp,
  relay = {},
}: Measurements): FirewallRule[] {
  return firewall.map((rule) => {
    if (rule.purpose === 'media')
      return { ...rule, status: mediaStatus(rule, rule.protocol === 'UDP' ? udp : tcp) };
    const outcomes =
      rule.purpose === 'service'
        ? [director, signaling]
        : rule.protocol === 'UDP'
          ? [relay.udp]
          : [relay.tcp, relay.tls];
    const known = outcomes.filter((outcome) => outcome && outcome.state !== 'skipped');
    const open = known.some((outcome) => outcome!.state === 'done');
    return { ...rule, status: open ? 'open' : known.length > 0 ? 'blocked' : 'not-tried' };
  });
}

/** The path went to one of several addresses: of the others nothing is known but that they were not needed. */
function mediaStatus(
  { host, port }: { host: string; port: number },
  outcome: Outcome<PathFacts> | undefined,
): FirewallRule['status'] {
  if (outcome?.state === 'failed') return 'blocked';
  return outcome?.state === 'done' && outcome.value.remote === `${host}:${port}` ? 'open' : 'not-tried';
}
