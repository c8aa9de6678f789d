import { Lifetime } from '@weir/core';
import { isPageBusy } from './busy-page.ts';
import { TrafficAlarm } from './traffic-alarm.ts';
import { lookEveryMs, TrafficPulse, type Verdict } from './traffic-pulse.ts';

export type WatchedPath = {
  connection: RTCPeerConnection | undefined;
  /** What used to arrive over it does not any more, or does again. */
  trafficChanged(traffic: 'silent' | 'alive'): void;
  networkChanged(): void;
};

/** When something seems to be missing, or sooner where that would be believed sooner. */
const lookSoonMs = { least: 10, most: 50 };
/** When another way leads to the server silence is likely for so long: one connection is seen to be silent before the others. */
const likelyForMs = 500;
/** Statistics of more tracks than that cost too much to be looked at so often. */
export const tracksAtMost = 25;

/** Bytes, since the connection began; and when the last of them came, where the browser says it. */
type Traffic = { received: number; sent: number; cameAt?: number };

/**
 * Sees within some hundred ms that the network has gone, where the browser takes seconds: nothing comes any more over the
 * busiest paths of a media session, of which a few are looked at, or no feedback over one that sends. Tells all paths, or that one.
 */
export class PathWatch extends Lifetime {
  readonly #paths: () => Iterable<WatchedPath>;
  readonly #suspected: (isAll: boolean) => void;
  readonly #alarm = new TrafficAlarm();
  #watched = new Map<RTCPeerConnection, WatchedConnection>();
  /** Nothing came over any connection, at the last look. */
  #isSilent = false;
  /** Told that nothing comes, and not yet that something does again. */
  #told = new Set<RTCPeerConnection | undefined>();
  /** Undefined while it looks. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #likelyUntil = 0;

  /** `suspected`: the network seems to be gone; `isAll`: for all that is received. */
  constructor(paths: () => Iterable<WatchedPath>, suspected: (isAll: boolean) => void) {
    super();
    this.#paths = paths;
    this.#suspected = suspected;
    this.#lookLater();
    this.onClose(() => clearTimeout(this.#timer));
  }

  /** The machine's network is another one, or was asleep: looks for paths on it at once. */
  networkChanged(): void {
    for (const alarm of this.#alarms()) alarm.arm();
    for (const path of this.#paths()) path.networkChanged();
  }

  /** The network had indeed gone: it may go again at any time. */
  confirm(): void {
    for (const alarm of this.#alarms()) alarm.confirm();
  }

  /** Another way than that of the media leads to the server: looks at once whether nothing comes just now. */
  anotherAnswers(): void {
    this.confirm();
    this.#likelyUntil = performance.now() + likelyForMs;
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    void this.#look();
  }

  #lookLater(): void {
    const watched = [...this.#watched.values()];
    const dueAt = Math.min(...watched.flatMap((one) => one.dueAt));
    const { least, most } = lookSoonMs;
    const soonMs = Math.max(least, Math.min(most, dueAt - performance.now()));
    const isMissing = watched.some((one) => one.isMissing);
    this.#timer = setTimeout(() => void this.#look(), isMissing ? soonMs : lookEveryMs);
  }

  async #look(): Promise<void> {
    this.#timer = undefined;
    try {
      const connections = this.#choose();
      const traffic = await Promise.all(connections.map(trafficOf));
      if (this.closed) return;
      const now = performance.now();
      this.#watched = new Map(
        connections.map((one) => [one, this.#watched.get(one) ?? new WatchedConnection()]),
      );
      if (isPageBusy()) this.#forget(); // Packets may wait to be read, too.
      const watched = [...this.#watched.values()];
      for (const [i, one] of watched.entries()) one.note(traffic[i]!, now);
      // What one connection sends is not answered: that may be its network, which is the others' as well.
      const isLikely = now < this.#likelyUntil || watched.some((one) => one.isUnanswered);
      const verdicts = watched.map((one) => one.look(now, isLikely));
      const isAll = this.#tellAll(this.#alarm.hear(this.#together(verdicts), now));
      for (const [connection, one] of this.#watched) {
        const verdict = one.alarm.hear(one.answered, now);
        if (verdict && !isAll) this.#tellOne(connection, verdict);
      }
    } catch {
      // A connection closed while it was looked at.
    } finally {
      if (!this.closed) this.#lookLater();
    }
  }

  #forget(): void {
    this.#isSilent = false;
    for (const one of this.#watched.values()) one.forget();
  }

  /** Silence is of all that had a pulse; over one connection alone little may come for many reasons. */
  #together(verdicts: Verdict[]): Verdict {
    const lively = [...this.#watched.values()].filter((one) => one.isLively);
    const wasSilent = this.#isSilent;
    this.#isSilent = lively.length > 0 && lively.every((one) => one.isSilent);
    if (this.#isSilent) return verdicts.includes('silent') ? 'silent' : undefined;
    return wasSilent ? 'alive' : undefined;
  }

  /** Each path is alive when something comes over it, those that are not looked at when something comes at all. */
  #tellAll(verdict: Verdict): boolean {
    const paths = [...this.#paths()];
    if (verdict === 'silent') {
      this.#suspected(true);
      this.#told = new Set(paths.map(({ connection }) => connection));
      for (const path of paths) path.trafficChanged('silent');
      return true;
    }
    for (const path of paths) {
      const { connection } = path;
      const watched = connection && this.#watched.get(connection);
      const isAlive = watched ? watched.came : verdict === 'alive';
      if (isAlive && this.#told.delete(connection)) path.trafficChanged('alive');
    }
    return false;
  }

  /** One way may be gone alone: each path may have been on another network. */
  #tellOne(connection: RTCPeerConnection, verdict: 'silent' | 'alive'): void {
    if (verdict === 'silent') this.#suspected(false);
    for (const path of this.#paths()) if (path.connection === connection) path.trafficChanged(verdict);
  }

  #alarms(): TrafficAlarm[] {
    return [this.#alarm, ...[...this.#watched.values()].map(({ alarm }) => alarm)];
  }

  /** The lightest path each way: they share the network with the others. */
  #choose(): RTCPeerConnection[] {
    const connections = [...this.#paths()].flatMap(({ connection }) => connection ?? []);
    const tracks = (connection: RTCPeerConnection) => connection.getTransceivers().length;
    return connections
      .filter((one) => one.connectionState !== 'new' && one.connectionState !== 'closed')
      .filter((one) => tracks(one) <= tracksAtMost)
      .sort((a, b) => tracks(a) - tracks(b))
      .slice(0, 2);
  }
}

/** What comes over a connection, and whether what it sends is answered, by its feedback. */
class WatchedConnection {
  readonly alarm = new TrafficAlarm();
  #pulse = new TrafficPulse();
  #answers = new TrafficPulse();
  #before: Traffic = { received: 0, sent: 0 };
  /** Whether something came at the last look. */
  came = false;
  /** What the last look told of the answers. */
  answered: Verdict;

  /** What it tells of the answers is in `answered`. */
  note(traffic: Traffic, now: number): void {
    this.came = traffic.received > this.#before.received;
    if (traffic.sent <= this.#before.sent) this.#answers = new TrafficPulse(); // There is nothing to answer.
    this.#before = traffic;
    this.answered = this.#answers.look(traffic.received, now, false, traffic.cameAt);
  }

  /** At what was noted last: of what comes. */
  look(now: number, isLikely: boolean): Verdict {
    return this.#pulse.look(this.#before.received, now, isLikely, this.#before.cameAt);
  }

  /** What was seen so far says nothing of what comes. */
  forget(): void {
    this.#pulse = new TrafficPulse();
    this.#answers = new TrafficPulse();
  }

  get isLively(): boolean {
    return this.#pulse.isLively;
  }
  get isSilent(): boolean {
    return this.#pulse.isSilent;
  }
  get isUnanswered(): boolean {
    return this.#answers.isSilent;
  }
  get isMissing(): boolean {
    return this.#pulse.isMissing;
  }
  get dueAt(): number[] {
    return [this.#pulse, this.#answers].flatMap(({ dueAt }) => dueAt ?? []);
  }
}

async function trafficOf(connection: RTCPeerConnection): Promise<Traffic> {
  const [transports, pairs] = [
    { received: 0, sent: 0 },
    { received: 0, sent: 0 },
  ];
  const reports = (await connection.getStats()) as unknown as Map<string, Record<string, number | string>>;
  let cameAt = 0;
  for (const report of reports.values()) {
    cameAt = Math.max(cameAt, Number(report.lastPacketReceivedTimestamp ?? 0));
    const into =
      report.type === 'transport' ? transports : report.type === 'candidate-pair' ? pairs : undefined;
    if (!into) continue;
    into.received += Number(report.bytesReceived ?? 0);
    into.sent += Number(report.bytesSent ?? 0);
  }
  const traffic = transports.received ? transports : pairs; // Firefox counts by pair only.
  return cameAt > 0 ? { ...traffic, cameAt: cameAt - performance.timeOrigin } : traffic;
}
