import type { CheckStatus, PreflightCheck } from '@weir/client/preflight';
import { ChevronDown, CircleCheck, CircleMinus, CircleX, LoaderCircle, TriangleAlert } from 'lucide-react';
import { usePageWords } from './preflight-language.ts';

const icons = {
  running: LoaderCircle,
  ok: CircleCheck,
  warn: TriangleAlert,
  fail: CircleX,
  skipped: CircleMinus,
} satisfies Record<CheckStatus, unknown>;

/** Checks that belong together. */
export function PreflightGroup({ title, checks }: { title: string; checks: PreflightCheck[] }) {
  return (
    <section className="meet-preflight-group">
      <h2>{title}</h2>
      <ul>
        {checks.map((check) => (
          <li key={check.id}>
            <Check {...check} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What was found in plain words; the engineer's numbers open below. */
function Check({ id, status, code, title, text, details }: PreflightCheck) {
  const words = usePageWords();
  const Icon = icons[status];
  const head = (
    <>
      <Icon
        className={`meet-preflight-icon ${status === 'running' ? 'weir-spin' : ''}`}
        role="img"
        aria-label={words.status[status]}
      />
      <span className="meet-preflight-words">
        <span className="meet-preflight-name">{title}</span>
        {text && <span className="weir-quiet">{text}</span>}
      </span>
    </>
  );
  const marks = { 'data-check': id, 'data-status': status, 'data-code': code };
  if (details.length === 0)
    return (
      <div className="meet-preflight-check" {...marks}>
        {head}
      </div>
    );
  return (
    <details className="meet-preflight-check" {...marks}>
      <summary>
        {head}
        <ChevronDown className="meet-preflight-more" aria-hidden="true" />
      </summary>
      <dl>
        {details.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
