import type { FirewallRule, Measurements } from './measurements.ts';
import type { Numbers } from './numbers.ts';
import type { CheckCode, PreflightWords, VerdictLevel } from './words.ts';

export type CheckStatus = 'running' | 'ok' | 'warn' | 'fail' | 'skipped';

export type CheckId =
  | 'browser'
  | 'service'
  | 'signaling'
  | 'udp'
  | 'tcp'
  | 'relay-udp'
  | 'relay-tcp'
  | 'relay-tls'
  | 'relay'
  | 'upload'
  | 'download'
  | 'quality'
  | 'camera'
  | 'microphone'
  | 'speakers'
  | 'codecs'
  | 'cpu';

/** One thing that was tested: for people in `title` and `text`, for engineers in `details`. */
export type PreflightCheck = {
  id: CheckId;
  status: CheckStatus;
  /** What came of it, for programs and for words of your own. */
  code: CheckCode;
  title: string;
  text: string;
  details: [label: string, value: string][];
};

export type PreflightReport = {
  startedAt: string;
  url: string;
  /** Absent while the test runs. */
  durationMs?: number;
  /** What will work; absent while the test runs. */
  verdict?: { level: VerdictLevel; title: string; text: string };
  checks: PreflightCheck[];
  /** What a firewall must let out for calls. */
  firewall: FirewallRule[];
  /** What all of this was judged by: `judge` says it in another language. */
  measurements: Measurements;
};

/** What details are said with. */
export type Speech = PreflightWords['details'] & Numbers;
export type Details = (say: Speech) => PreflightCheck['details'];

/** A check before it is put into words. */
export type Finding = Pick<PreflightCheck, 'id' | 'status' | 'code'> & { details?: Details };
