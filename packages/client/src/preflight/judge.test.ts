import { describe, expect, test } from 'vitest';
import { judge } from './judge.ts';
import type { LineFacts, Measurements, Outcome, PathFacts } from './measurements.ts';
import type { PreflightReport } from './report.ts';
import { reportText } from './report-text.ts';
import { words } from './words.ts';
import { wordsDe } from './words-de.ts';

const done = <T>(value: T): Outcome<T> => ({ state: 'done', value });
const failed = (code: string): Outcome<never> => ({ state: 'failed', code, message: `because of ${code}` });
const unreachable = { state: 'skipped', why: 'unreachable' } as const;

const udpPath: PathFacts = {
  via: 'host',
  protocol: 'udp',
  local: '10.0.0.2:5000 (host)',
  remote: '203.0.113.7:40000',
  connectMs: 80,
  rttMs: 20,
};
const tcpPath: PathFacts = { ...udpPath, protocol: 'tcp' };
const goodLine: LineFacts = {
  path: udpPath,
  loss: 0,
  jitterMs: 3,
  rttMs: 20,
  upBps: 2_400_000,
  downBps: 2_400_000,
  triedBps: 2_500_000,
  loadedRttMs: 30,
  loadedLossUp: 0,
  loadedLossDown: 0,
  overloadLossUp: 0,
  loadedSoundLoss: 0,
  limitedBy: 'none',
};
const media = { host: '203.0.113.7', port: 40_000, purpose: 'media' } as const;
const good: Measurements = {
  startedAt: Date.UTC(2026, 10, 24),
  url: 'https://video.example.org',
  browser: { name: 'Chrome', version: '156', secure: true, webrtc: true, support: 'current', userAgent: 'x' },
  director: done({ ms: 40 }),
  signaling: done({ openMs: 60, rttMs: 20, url: 'wss://video.example.org/v1/signaling' }),
  udp: done(udpPath),
  tcp: done(tcpPath),
  relay: {},
  relays: [],
  line: done(goodLine),
  camera: done({ label: 'Cam', count: 1, width: 1280, height: 720, pictures: true }),
  microphone: done({ label: 'Mic', count: 1, peakDb: -20, listened: true }),
  speakers: done({ labels: ['Speaker'], choosable: true }),
  codecs: done({ sends: ['opus', 'VP8'], receives: ['opus', 'VP8', 'H264'], needed: ['opus', 'VP8'] }),
  cpu: done({ encodeMs: 8, decodeMs: 2, cores: 4 }),
  firewall: [
    { host: 'video.example.org', port: 443, protocol: 'TCP', purpose: 'service' },
    { ...media, protocol: 'UDP' },
    { ...media, protocol: 'TCP' },
    { ...media, port: 40_001, protocol: 'UDP' },
  ],
  durationMs: 9_000,
};

const line = (facts: Partial<LineFacts>) => ({ line: done({ ...goodLine, ...facts }) });
const noMedia = { udp: unreachable, tcp: unreachable, line: unreachable, codecs: unreachable };
/** What is not as it should be, as `id status code`. */
const findings = ({ checks }: PreflightReport) =>
  checks.filter(({ status }) => status !== 'ok').map(({ id, status, code }) => `${id} ${status} ${code}`);
const noRelay = 'relay skipped relay-none';
const lineUnknown = ['upload', 'download', 'quality'].map((id) => `${id} fail ${id}-unknown`);
const lineSkipped = ['upload', 'download', 'quality'].map((id) => `${id} skipped skipped`);

test.each<[string, Partial<Measurements>, string, string[]]>([
  ['all is well', {}, 'hd', [noRelay]],
  [
    'UDP is blocked',
    { udp: failed('timeout'), ...line({ path: tcpPath }) },
    'hd',
    ['udp warn udp-blocked', noRelay],
  ],
  ['TCP is blocked', { tcp: failed('timeout') }, 'hd', ['tcp warn tcp-blocked', noRelay]],
  [
    'no path at all',
    { udp: failed('timeout'), tcp: failed('media-lost'), line: failed('timeout') },
    'nothing',
    ['udp fail udp-blocked-alone', 'tcp fail tcp-blocked-alone', noRelay, ...lineUnknown],
  ],
  [
    'only the relay over TLS',
    {
      udp: failed('timeout'),
      tcp: failed('timeout'),
      relays: ['udp', 'tls'],
      relay: { udp: failed('timeout'), tls: done({ ...udpPath, relayProtocol: 'tls' }) },
    },
    'hd',
    ['udp warn udp-blocked', 'tcp warn tcp-blocked', 'relay-udp warn relay-udp-blocked'],
  ],
  [
    'the relay is blocked, the rest is not',
    { relays: ['udp'], relay: { udp: failed('timeout') } },
    'hd',
    ['relay-udp warn relay-udp-blocked'],
  ],
  [
    'a thin line up',
    line({ upBps: 600_000, downBps: 590_000 }),
    'video',
    [noRelay, 'upload warn upload-video'],
  ],
  [
    'a thin line down',
    line({ downBps: 700_000, loadedLossDown: 0.3 }),
    'video',
    [noRelay, 'download warn download-video'],
  ],
  [
    'a line for voices',
    line({ upBps: 90_000, downBps: 90_000, loadedLossDown: 0.1 }),
    'audio',
    [noRelay, 'upload warn upload-audio', 'download warn download-audio'],
  ],
  [
    'a line for nothing',
    line({ upBps: 20_000, downBps: 20_000, loadedSoundLoss: 0.2 }),
    'nothing',
    [noRelay, 'upload fail upload-nothing', 'download fail download-nothing'],
  ],
  [
    'a line on which the picture is held back and the sound goes on',
    line({ upBps: 180_000, downBps: 0, loadedSoundLoss: 0.05 }),
    'audio',
    [noRelay, 'upload warn upload-audio', 'download warn download-audio'],
  ],
  [
    'a computer too slow to tell the upload',
    line({ upBps: 900_000, downBps: 900_000, limitedBy: 'cpu' }),
    'video',
    [noRelay, 'upload warn upload-slow-computer'],
  ],
  [
    'a slow computer on a thin line',
    { ...line({ upBps: 600_000, downBps: 590_000, overloadLossUp: 0.1 }), cpu: failed('timeout') },
    'video',
    [noRelay, 'upload warn upload-video', 'cpu fail cpu-slow'],
  ],
  [
    'a slow computer on a line that the browser believes to be thin',
    { ...line({ upBps: 90_000, downBps: 90_000, estimatedUpBps: 170_000 }), cpu: failed('timeout') },
    'audio',
    [noRelay, 'upload warn upload-audio', 'cpu fail cpu-slow'],
  ],
  [
    'a slow computer on a line that the browser believes to be wide',
    { ...line({ upBps: 900_000, downBps: 900_000, estimatedUpBps: 2_000_000 }), cpu: failed('timeout') },
    'video',
    [noRelay, 'upload warn upload-slow-computer', 'cpu fail cpu-slow'],
  ],
  [
    'a slow computer on any line',
    { ...line({ upBps: 600_000, downBps: 590_000 }), cpu: failed('timeout') },
    'video',
    [noRelay, 'upload warn upload-slow-computer', 'cpu fail cpu-slow'],
  ],
  ['some loss', line({ loss: 0.04 }), 'video', [noRelay, 'quality warn quality-weak']],
  ['much loss', line({ loss: 0.2 }), 'audio', [noRelay, 'quality fail quality-bad']],
  ['a far-away server', line({ rttMs: 400 }), 'video', [noRelay, 'quality warn quality-weak']],
  ['jitter', line({ jitterMs: 80 }), 'video', [noRelay, 'quality warn quality-weak']],
  ['paths that work, but no media came', { line: failed('timeout') }, 'unknown', [noRelay, ...lineUnknown]],
  [
    'signaling is blocked',
    { signaling: failed('connection-lost'), ...noMedia },
    'nothing',
    [
      'signaling fail signaling-blocked',
      'udp skipped skipped',
      'tcp skipped skipped',
      noRelay,
      ...lineSkipped,
      'codecs skipped skipped',
    ],
  ],
  ...(
    [
      ['connection-lost', 'service-unreachable'],
      ['forbidden', 'service-closed'],
      ['token-expired', 'service-closed'],
      ['rate-limited', 'service-busy'],
      ['no-media-node', 'service-no-media'],
    ] as const
  ).map(([code, found]): [string, Partial<Measurements>, string, string[]] => [
    `the service answers ${code}`,
    { director: failed(code), signaling: unreachable, ...noMedia },
    'nothing',
    [
      `service fail ${found}`,
      'signaling skipped skipped',
      'udp skipped skipped',
      'tcp skipped skipped',
      noRelay,
      ...lineSkipped,
      'codecs skipped skipped',
    ],
  ]),
  [
    'the camera is not allowed, the microphone missing',
    { camera: failed('device-permission-denied'), microphone: failed('device-not-found') },
    'hd',
    [noRelay, 'camera fail camera-denied', 'microphone fail microphone-missing'],
  ],
  [
    'no browser',
    {
      browser: {
        name: '',
        version: '',
        secure: false,
        webrtc: false,
        support: 'unknown',
        userAgent: 'Node.js/24',
      },
      ...noMedia,
    },
    'unknown',
    [
      'browser skipped browser-none',
      'udp skipped skipped',
      'tcp skipped skipped',
      noRelay,
      ...lineSkipped,
      'codecs skipped skipped',
    ],
  ],
  [
    'a muted microphone',
    { microphone: done({ label: 'Mic', count: 1, peakDb: -100, listened: true }) },
    'hd',
    [noRelay, 'microphone warn microphone-silent'],
  ],
  [
    'no answer to the question',
    { camera: failed('timeout') },
    'hd',
    [noRelay, 'camera fail camera-unanswered'],
  ],
  [
    'no VP8',
    { codecs: done({ sends: ['opus'], receives: ['opus'], needed: ['opus', 'VP8'] }) },
    'nothing',
    [noRelay, 'codecs fail codecs-missing'],
  ],
  [
    'a slow computer',
    { cpu: done({ encodeMs: 50, decodeMs: 4, cores: 2 }) },
    'video',
    [noRelay, 'cpu fail cpu-slow'],
  ],
  [
    'a page over http',
    { browser: { ...good.browser!, secure: false } },
    'nothing',
    ['browser fail browser-insecure', noRelay],
  ],
])('%s', (_, change, level, expected) => {
  const report = judge({ ...good, ...change });
  expect(findings(report)).toEqual(expected.toSorted(byPlace));
  expect(report.verdict).toEqual({ level, ...words.verdicts[level as 'hd'] });
});

/** As the report has them. */
function byPlace(a: string, b: string): number {
  const order = judge(good).checks.map(({ id }) => id as string);
  const place = (finding: string) => order.indexOf(finding.split(' ')[0]!.replace(/^relay.*/, 'relay'));
  return place(a) - place(b);
}

describe('the report', () => {
  test('while the test runs: each check is under way, and there is no verdict', () => {
    const { checks, verdict } = judge({ startedAt: 0, url: 'https://video.example.org' });
    expect(new Set(checks.map(({ status }) => status))).toEqual(new Set(['running']));
    expect(verdict).toBeUndefined();
  });

  test('names hosts, ports and protocols for the firewall, and which were reached', () => {
    const { firewall } = judge({ ...good, tcp: failed('timeout') });
    expect(firewall.map(({ protocol, port, status }) => `${protocol} ${port} ${status}`)).toEqual([
      'TCP 443 open',
      'UDP 40000 open',
      'TCP 40000 blocked',
      'UDP 40001 not-tried',
    ]);
  });

  test('can be said in another language from what it was judged by', () => {
    const { verdict, checks } = judge(judge(good).measurements, wordsDe);
    expect(verdict).toEqual({ level: 'hd', ...wordsDe.verdicts.hd });
    expect(checks.find(({ id }) => id === 'upload')).toMatchObject({
      code: 'upload-ok',
      title: 'Ihr Upload reicht für HD-Video',
      details: expect.arrayContaining([
        ['Am Medienserver angekommen', 'mindestens 2,4 Mbit/s; versucht bis 2,5 Mbit/s'],
      ]),
    });
  });

  test('as text holds every finding and every address', () => {
    const report = judge({ ...good, udp: failed('timeout') });
    const text = reportText(report);
    for (const { title } of report.checks) expect(text).toContain(title);
    expect(text).toContain('UDP 203.0.113.7:40000 (media, blocked)');
    expect(text).toContain('because of timeout');
  });
});
