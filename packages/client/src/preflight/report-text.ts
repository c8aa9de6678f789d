import { numbersIn } from './numbers.ts';
import type { PreflightReport } from './report.ts';
import { words as english, type PreflightWords } from './words.ts';

const marks = { running: '…', ok: '✓', warn: '!', fail: '✗', skipped: '–' };

/**
 * The whole report as text, for a mail to whoever looks after the network. `words`: those of the report, for what stands
 * around it (default: English).
 */
export function reportText(
  { startedAt, url, durationMs, verdict, checks, firewall }: PreflightReport,
  { mail, language }: PreflightWords = english,
): string {
  const { seconds } = numbersIn(language);
  const took = durationMs === undefined ? '' : `, ${seconds(durationMs)}`;
  const lines = [
    `${mail.heading(url, startedAt)}${took}`,
    verdict ? `${verdict.title}. ${verdict.text}` : '',
    '',
    ...checks.flatMap(({ status, title, text, details }) => [
      `${marks[status]} ${title}${text ? `. ${text}` : ''}`,
      ...details.map(([label, value]) => `    ${label}: ${value}`),
    ]),
    '',
    mail.firewall,
    ...firewall.map(
      ({ protocol, host, port, purpose, status }) =>
        `  ${protocol} ${host}:${port} (${mail.purposes[purpose]}, ${mail.reached[status]})`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}
