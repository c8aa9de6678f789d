export { judge } from './judge.ts';
export type { FirewallRule, Measurements } from './measurements.ts';
export { type PreflightOptions, runPreflight } from './preflight.ts';
export type { CheckId, CheckStatus, PreflightCheck, PreflightReport } from './report.ts';
export { reportText } from './report-text.ts';
export {
  type CheckCode,
  type CheckWords,
  type PreflightWords,
  type VerdictLevel,
  words,
} from './words.ts';
