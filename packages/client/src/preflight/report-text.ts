import type { PreflightReport } from './judge.ts';

const marks = { running: '…', ok: '✓', warn: '!', fail: '✗', skipped: '–' };

/** The whole report as text, for a mail to whoever looks after the network. */
export function reportText({
  startedAt,
  url,
  durationMs,
  verdict,
  checks,
  firewall,
}: PreflightReport): string {
  const took = durationMs === undefined ? '' : `, ${(durationMs / 1000).toFixed(1)} s`;
  const lines = [
    `Connection test of ${url}, ${startedAt}${took}`,
    verdict ? `${verdict.title}. ${verdict.text}` : '',
    '',
    ...checks.flatMap(({ status, title, text, details }) => [
      `${marks[status]} ${title}${text ? `. ${text}` : ''}`,
      ...details.map(([label, value]) => `    ${label}: ${value}`),
    ]),
    '',
    'To be opened in the firewall, outgoing:',
    ...firewall.map(
      ({ protocol, host, port, purpose, status }) => `  ${protocol} ${host}:${port} (${purpose}, ${status})`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}
