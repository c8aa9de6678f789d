import type { Channel, MeasuredRegion, RegionList, SignalingClient, SignalingServer } from '@weir/protocol';
import { RpcPeer } from '@weir/protocol/rpc';
import { openSocket } from './director.ts';

const askTimeoutMs = 2_000;
const pingTimeoutMs = 1_500;
/** The first may wait for what else the socket's opening brought. */
const pingsEach = 2;
const regionsAtMost = 16;
const keptMs = 600_000;
/** Joining does not wait longer for what is being measured. */
const patienceMs = 200;

type Measurement = { at: number; done: Promise<MeasuredRegion[]>; result?: MeasuredRegion[] };

/** One a director and page. */
const measurements = new Map<string, Measurement>();

/**
 * How far the fleet's regions are, as far as that is known: measured before, or within a moment. Where nothing was asked
 * yet it is measured for the next time, in the background. Never rejects.
 */
export async function knownRegions(directorUrl: string): Promise<MeasuredRegion[]> {
  const before = measurements.get(directorUrl);
  const measurement = before && Date.now() - before.at < keptMs ? before : undefined;
  if (!measurement) {
    void measureRegions(directorUrl);
    return [];
  }
  if (measurement.result) return measurement.result;
  const late = new Promise<MeasuredRegion[]>((resolve) => setTimeout(resolve, patienceMs, []));
  return Promise.race([measurement.done, late]);
}

/** Measures them, unless that was done a short time ago. Never rejects. */
export function measureRegions(directorUrl: string): Promise<MeasuredRegion[]> {
  const before = measurements.get(directorUrl);
  if (before && Date.now() - before.at < keptMs) return before.done;
  const measurement: Measurement = { at: Date.now(), done: measure(directorUrl).catch(() => []) };
  measurements.set(directorUrl, measurement);
  void measurement.done.then((result) => {
    measurement.result = result;
  });
  return measurement.done;
}

/** On another network everything is as far as it is from there. */
export function forgetRegions(): void {
  measurements.clear();
}

/** All at once; of one region there is nothing to measure. */
async function measure(directorUrl: string): Promise<MeasuredRegion[]> {
  const answer = await fetch(new URL('/v1/regions', directorUrl), {
    signal: AbortSignal.timeout(askTimeoutMs),
  });
  const { regions } = (await answer.json()) as RegionList;
  if (regions.length < 2) return [];
  const measured = await Promise.all(
    regions.slice(0, regionsAtMost).map(async ({ region, signaling }) => {
      const rttMs = await pingTime(signaling[0]).catch(() => undefined);
      return rttMs === undefined ? [] : [{ region, rttMs }];
    }),
  );
  return measured.flat();
}

async function pingTime(url: string | undefined): Promise<number | undefined> {
  if (url === undefined) return undefined;
  const signal = AbortSignal.timeout(pingTimeoutMs);
  const channel: Channel = await openSocket(url, signal);
  const peer = new RpcPeer<SignalingClient, SignalingServer>(channel, { handlers: {}, notices: {} as never });
  try {
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < pingsEach; i++) {
      const askedAt = performance.now();
      await peer.request('session.ping', {}, pingTimeoutMs);
      best = Math.min(best, performance.now() - askedAt);
    }
    return best;
  } finally {
    peer.close();
  }
}
