import {
  type CheckId,
  judge,
  type Measurements,
  type PreflightReport,
  reportText,
  runPreflight,
} from '@weir/client/preflight';
import {
  CircleCheck,
  CircleX,
  Copy,
  Download,
  LoaderCircle,
  Play,
  RotateCw,
  TriangleAlert,
} from 'lucide-react';
import { useCallback, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { readInvitation } from './invitation.ts';
import { memory } from './memory.ts';
import { Page } from './page.tsx';
import './preflight.css';
import { FirewallTable } from './preflight-firewall.tsx';
import { PreflightGroup } from './preflight-group.tsx';
import { PreflightWordsContext, usePageWords, useSpokenWords } from './preflight-language.ts';
import { meetPath } from './router.ts';
import { useToast } from './toasts.tsx';

/** Which checks stand together, in the order of the page. */
const groups: { name: 'service' | 'network' | 'devices' | 'computer'; ids: CheckId[] }[] = [
  { name: 'service', ids: ['service', 'signaling'] },
  {
    name: 'network',
    ids: ['udp', 'tcp', 'relay', 'relay-udp', 'relay-tcp', 'relay-tls', 'upload', 'download', 'quality'],
  },
  { name: 'devices', ids: ['camera', 'microphone', 'speakers'] },
  { name: 'computer', ids: ['browser', 'codecs', 'cpu'] },
];

/** Tests the connection without a call: for those who are about to join, and for those who look after their network. */
export function PreflightPage() {
  const spoken = useSpokenWords();
  const words = spoken.page;
  const [invitation] = useState(invitationOfPage);
  const [withDevices, setWithDevices] = useState(true);
  const [measurements, setMeasurements] = useState<Measurements>();
  const report = useMemo(() => measurements && judge(measurements, spoken.results), [measurements, spoken]);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  useEffect(() => {
    document.title = words.title;
  }, [words]);
  const start = useCallback(() => {
    running.current?.abort();
    const run = new AbortController();
    running.current = run;
    const show = ({ measurements }: PreflightReport) => {
      if (!run.signal.aborted) setMeasurements(measurements);
    };
    void runPreflight({
      ...(invitation.token ? { token: invitation.token } : {}),
      devices: withDevices,
      onProgress: show,
      signal: run.signal,
    }).then(show);
  }, [invitation, withDevices]);
  return (
    <PreflightWordsContext value={spoken}>
      <Page testId="preflight-page">
        <div className="meet-preflight">
          {report ? (
            <Report report={report} onAgain={start} />
          ) : (
            <Beginning withDevices={withDevices} onDevices={setWithDevices} onStart={start} />
          )}
          {invitation.roomId && (
            <a className="meet-preflight-back" href={meetPath(invitation.roomId)}>
              {words.backToCall(invitation.roomId)}
            </a>
          )}
        </div>
      </Page>
    </PreflightWordsContext>
  );
}

/** The room from whose preview the visitor came, with its token: `?room=`. The token itself may be in the address too. */
function invitationOfPage(): { roomId: string; token: string | undefined } {
  const search = new URLSearchParams(location.search);
  const roomId = search.get('room') ?? '';
  if (!search.has('token')) return { roomId, token: memory.token(roomId) };
  const { token, roomId: tokensRoom } = readInvitation(roomId);
  history.replaceState(history.state, '', `/preflight?room=${encodeURIComponent(tokensRoom)}`);
  return { roomId: tokensRoom, token };
}

function Beginning(props: { withDevices: boolean; onDevices: (on: boolean) => void; onStart: () => void }) {
  const { withDevices, onDevices, onStart } = props;
  const words = usePageWords();
  return (
    <section className="meet-preflight-start">
      <h1>{words.title}</h1>
      <p className="weir-quiet">{words.intro}</p>
      <label className="meet-preflight-choice">
        <input type="checkbox" checked={withDevices} onChange={({ target }) => onDevices(target.checked)} />
        {words.withDevices}
      </label>
      <button
        type="button"
        className="weir-button weir-primary"
        onClick={onStart}
        data-testid="preflight-start"
      >
        <Play aria-hidden="true" />
        {words.start}
      </button>
    </section>
  );
}

function Report({ report, onAgain }: { report: PreflightReport; onAgain: () => void }) {
  const { checks, firewall, verdict } = report;
  const words = usePageWords();
  const done = checks.filter(({ status }) => status !== 'running').length;
  return (
    <>
      <Verdict report={report} />
      {!verdict && (
        <progress
          className="meet-preflight-progress"
          max={checks.length}
          value={done}
          aria-label={words.progress}
        />
      )}
      {groups.map(({ name, ids }) => (
        <PreflightGroup key={name} title={words[name]} checks={checks.filter(({ id }) => ids.includes(id))} />
      ))}
      {verdict && (
        <>
          <FirewallTable rules={firewall} />
          <Actions report={report} onAgain={onAgain} />
        </>
      )}
    </>
  );
}

const looks = { hd: 'good', video: 'warn', audio: 'warn', unknown: 'warn', nothing: 'bad' } as const;

function Verdict({ report: { verdict } }: { report: PreflightReport }) {
  const words = usePageWords();
  const look = verdict ? looks[verdict.level] : 'running';
  const Icon = { good: CircleCheck, warn: TriangleAlert, bad: CircleX, running: LoaderCircle }[look];
  return (
    <section
      className="meet-preflight-verdict"
      data-look={look}
      data-verdict={verdict?.level ?? 'running'}
      data-testid="preflight-verdict"
      role="status"
    >
      <Icon className={look === 'running' ? 'weir-spin' : ''} aria-hidden="true" />
      <div>
        <h1>{verdict?.title ?? words.running}</h1>
        <p className="weir-quiet">{verdict?.text ?? words.runningText}</p>
      </div>
    </section>
  );
}

function Actions({ report, onAgain }: { report: PreflightReport; onAgain: () => void }) {
  const { page: words, results } = useContext(PreflightWordsContext);
  const toast = useToast();
  const copy = () =>
    navigator.clipboard.writeText(reportText(report, results)).then(
      () => toast({ text: words.copied }),
      () => toast({ text: words.notCopied, problem: true }),
    );
  return (
    <div className="meet-preflight-actions">
      <button
        type="button"
        className="weir-button weir-primary"
        onClick={onAgain}
        data-testid="preflight-again"
      >
        <RotateCw aria-hidden="true" />
        {words.again}
      </button>
      <button type="button" className="weir-button" onClick={copy} data-testid="preflight-copy">
        <Copy aria-hidden="true" />
        {words.copy}
      </button>
      <button type="button" className="weir-button" onClick={() => save(report)} data-testid="preflight-save">
        <Download aria-hidden="true" />
        {words.save}
      </button>
    </div>
  );
}

function save(report: PreflightReport): void {
  const blob = new Blob([`${JSON.stringify(report, null, 2)}\n`], { type: 'application/json' });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = `connection-test-${report.startedAt.slice(0, 16).replaceAll(':', '-')}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
