import { Lifetime } from '@weir/core';
import { isPageBusy } from './busy-page.ts';
import type { PathKeeper } from './path-keeper.ts';
import { TrafficPulse } from './traffic-pulse.ts';

export type WatchedPath = { keeper: PathKeeper; connection: RTCPeerConnection | undefined };

const lookEveryMs = 100;
/** Statistics of more tracks than that cost too much to be looked at so often. */
const tracksAtMost = 25;
/** After an alarm traffic may pause for so long before there is another; twice as long after each further one. */
const calmMs = 5_000;
const maxCalmMs = 120_000;

/**
 * Sees within some hundred ms that the network has gone, where the browser takes seconds: nothing comes any more over the
 * busiest paths of a media session, of which a few are looked at. Tells the keepers of all.
 */
export class PathWatch extends Lifetime {
  readonly #paths: () => Iterable<WatchedPath>;
  readonly #suspected: () => void;
  #pulse = new TrafficPulse();
  #watched: RTCPeerConnection[] = [];
  #isLooking = false;
  #calmUntil = 0;
  #calmMs = calmMs;
  #silentSince: number | undefined;

  /** `suspected`: the network seems to be gone. */
  constructor(paths: () => Iterable<WatchedPath>, suspected: () => void) {
    super();
    this.#paths = paths;
    this.#suspected = suspected;
    const timer = setInterval(() => void this.#look(), lookEveryMs);
    this.onClose(() => clearInterval(timer));
  }

  /** The machine's network is another one, or was asleep: looks for paths on it at once. */
  networkChanged(): void {
    this.#calmUntil = 0;
    for (const { keeper } of this.#paths()) keeper.networkChanged();
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const watched = this.#choose();
      const bytes = await Promise.all(watched.map(bytesReceived));
      if (this.closed) return;
      // On a busy page packets may wait to be read, too.
      if (isPageBusy() || !isSame(watched, this.#watched)) this.#pulse = new TrafficPulse();
      this.#watched = watched;
      this.#tell(this.#pulse.look(bytes.reduce((sum, one) => sum + one, 0)));
    } catch {
      // A connection closed while it was looked at.
    } finally {
      this.#isLooking = false;
    }
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

  #tell(verdict: 'silent' | 'alive' | undefined): void {
    const now = performance.now();
    if (verdict === undefined) return;
    if (verdict === 'alive') {
      this.#calmUntil = now + this.#calmMs;
      this.#calmMs = Math.min(maxCalmMs, 2 * this.#calmMs);
      this.#silentSince = undefined;
    } else {
      if (this.#silentSince === undefined && now < this.#calmUntil) return;
      if (now > this.#calmUntil + maxCalmMs) this.#calmMs = calmMs;
      this.#silentSince ??= now;
      this.#suspected();
    }
    for (const { keeper } of this.#paths()) keeper.trafficChanged(verdict);
  }
}

async function bytesReceived(connection: RTCPeerConnection): Promise<number> {
  let [ofTransports, ofPairs] = [0, 0];
  const reports = (await connection.getStats()) as unknown as Map<string, Record<string, number | string>>;
  for (const report of reports.values()) {
    if (report.type === 'transport') ofTransports += Number(report.bytesReceived ?? 0);
    if (report.type === 'candidate-pair') ofPairs += Number(report.bytesReceived ?? 0);
  }
  return ofTransports || ofPairs; // Firefox counts by pair only.
}

function isSame(a: RTCPeerConnection[], b: RTCPeerConnection[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one));
}
