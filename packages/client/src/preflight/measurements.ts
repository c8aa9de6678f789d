import type { SelectedPath } from '../selected-path.ts';

/** What came of measuring one thing. */
export type Outcome<T> =
  | { state: 'done'; value: T }
  /** `code`: of the error table; `timeout` when nothing came in time. */
  | { state: 'failed'; code: string; message: string }
  | { state: 'skipped'; why: SkipReason };

/** `not-asked`: left out by the caller. `no-relay`: the service names none. `unreachable`: a step before it failed. */
export type SkipReason = 'not-asked' | 'no-relay' | 'unreachable' | 'unsupported' | 'no-browser';

export type BrowserFacts = {
  name: string;
  version: string;
  /** An https page or localhost: others get no camera. */
  secure: boolean;
  webrtc: boolean;
  /** Whether it is one that calls are made for, or an old version of one. */
  support: 'current' | 'old' | 'unknown';
  userAgent: string;
};

/** A way that media took, and how long it was looked for. */
export type PathFacts = SelectedPath & { connectMs: number };

/** Rates are from 0 to 1. */
export type LineFacts = {
  path: PathFacts;
  /** Of a small, steady stream of sound, to the media node and back. */
  loss: number;
  jitterMs: number;
  rttMs: number;
  /** With all the video that the line would take. */
  upBps: number;
  /** What the browser believed the line to carry at the end; not every browser says it. */
  estimatedUpBps?: number;
  downBps: number;
  /** More than this was not tried. */
  triedBps: number;
  /** The longest. */
  loadedRttMs: number;
  loadedLossUp: number;
  loadedLossDown: number;
  /** Of all that was sent up, from the first moment: a line that is too narrow loses some of it while that is found out. */
  overloadLossUp: number;
  /** Of the sound beside the video, there and back. */
  loadedSoundLoss: number;
  /** What kept the browser from sending more. */
  limitedBy: 'none' | 'cpu' | 'bandwidth' | 'other';
};

export type DeviceFacts = { label: string; count: number };
export type CameraFacts = DeviceFacts & { width: number; height: number; pictures: boolean };
/** Levels in dBFS, 0 the loudest. */
export type MicrophoneFacts = DeviceFacts & { peakDb: number; listened: boolean };
export type SpeakerFacts = { labels: string[]; choosable: boolean };

export type CodecFacts = { sends: string[]; receives: string[]; needed: string[] };
/** Of a 720p frame. */
export type CpuFacts = { encodeMs: number; decodeMs: number; cores: number };

export type RelayTransport = 'udp' | 'tcp' | 'tls';

/** A line for the firewall's list: what a call needs to reach. */
export type FirewallRule = {
  host: string;
  port: number;
  protocol: 'UDP' | 'TCP';
  purpose: 'service' | 'media' | 'relay';
  status: 'open' | 'blocked' | 'not-tried';
};

/** All that a preflight measures; absent while it is not known yet. */
export type Measurements = {
  startedAt: number;
  url: string;
  browser?: BrowserFacts;
  director?: Outcome<{ ms: number }>;
  signaling?: Outcome<{ openMs: number; rttMs: number; url: string }>;
  udp?: Outcome<PathFacts>;
  tcp?: Outcome<PathFacts>;
  relay?: Partial<Record<RelayTransport, Outcome<PathFacts>>>;
  /** Which relays the service names; known with the director's answer. */
  relays?: RelayTransport[];
  line?: Outcome<LineFacts>;
  camera?: Outcome<CameraFacts>;
  microphone?: Outcome<MicrophoneFacts>;
  speakers?: Outcome<SpeakerFacts>;
  codecs?: Outcome<CodecFacts>;
  cpu?: Outcome<CpuFacts>;
  firewall?: Omit<FirewallRule, 'status'>[];
  durationMs?: number;
};
