import type { Bench } from '@weir/cli';
import { sleep } from '@weir/core';
import { eventually, startRedis } from '@weir/testing';
import { Child } from './measure/child.ts';
import { thisMachine } from './measure/machine.ts';
import { cpuSeconds } from './measure/process-usage.ts';
import { quantile } from './measure/quantile.ts';
import { table } from './measure/table.ts';
import type { ClientsProcess } from './signal/clients-process.ts';
import type { NodeProcess } from './signal/node-process.ts';

const goal = { stormMs: 10_000 };
const nodeModule = new URL('signal/node-process.ts', import.meta.url);
const clientsModule = new URL('signal/clients-process.ts', import.meta.url);
const nothing = undefined as never;
const joinAtOnce = 64;
const stormPatienceMs = 60_000;
const settleMs = 2_000;
const sayEveryMs = 60_000;

export const bench: Bench = {
  name: 'signal',
  describe:
    'many sessions on one signaling node over Redis: what each costs, and all of them resuming when it dies',
  parameters: { sessions: 10_000, seconds: 20, processes: 2 },
  async run({ parameters, say }) {
    const { sessions = 1, seconds = 1, processes = 1 } = parameters;
    await using stack = new AsyncDisposableStack();
    const redis = stack.adopt(await startRedis(), (it) => it.remove());
    const [node, other] = [0, 1].map(() =>
      stack.use(new Child<NodeProcess>(nodeModule, { execArgv: ['--expose-gc'] })),
    ) as [Child<NodeProcess>, Child<NodeProcess>];
    const { url } = await node.call('start', { redis: redis.url, nodeId: 'sig-1' });
    const { url: otherUrl } = await other.call('start', { redis: redis.url, nodeId: 'sig-2' });
    const crowds = Array.from({ length: processes }, () =>
      stack.use(new Child<ClientsProcess>(clientsModule)),
    );
    const all = async () => {
      const counts = await Promise.all(crowds.map((crowd) => crowd.call('attendance', nothing)));
      const sum = (of: keyof (typeof counts)[number]) => counts.reduce((total, one) => total + one[of], 0);
      return { joined: sum('joined'), closed: sum('closed'), left: sum('left'), events: sum('events') };
    };

    const empty = await node.call('usage', nothing);
    const joinsBegan = performance.now();
    const cpuBefore = await cpuSeconds(node.pid);
    const shares = crowds.map((_, i) => Math.floor((sessions + i) / processes));
    const join = { redis: redis.url, urls: [url, otherUrl], atOnce: Math.ceil(joinAtOnce / processes) };
    const joinMs = (
      await Promise.all(
        crowds.map((crowd, i) =>
          crowd.call('join', { ...join, name: `crowd-${i}`, clients: shares[i]! }, 600_000),
        ),
      )
    ).flat();
    const joinSeconds = (performance.now() - joinsBegan) / 1_000;
    const joinCpu = (await cpuSeconds(node.pid)) - cpuBefore;
    say(`${joinMs.length} joined in ${joinSeconds.toFixed(1)} s`);
    await sleep(settleMs);
    const full = await node.call('usage', nothing);

    for (const crowd of crowds) await crowd.call('talk', { everyMs: sayEveryMs });
    await sleep(settleMs);
    const [talkBefore, eventsBefore] = [await cpuSeconds(node.pid), (await all()).events];
    await sleep(seconds * 1_000);
    const talkCpu = (await cpuSeconds(node.pid)) - talkBefore;
    const told = (await all()).events - eventsBefore;

    const killedAt = Date.now();
    process.kill(node.pid, 'SIGKILL');
    const everybody = async () => {
      const { joined } = await all();
      const connections = await other.call('connections', nothing);
      return (joined === sessions && connections >= sessions) || `${joined} joined, ${connections} there`;
    };
    await eventually(everybody, { timeoutMs: stormPatienceMs, intervalMs: 250 }).catch(say);
    for (const crowd of crowds) await crowd.call('rest', nothing);
    const backAt = (await Promise.all(crowds.map((crowd) => crowd.call('backAt', nothing)))).flat();
    const backMs = backAt.map((at) => (at >= killedAt ? at - killedAt : Number.POSITIVE_INFINITY));
    const { joined, closed, left } = await all();
    const stormMs = Math.max(...backMs);

    const perSession = (bytes: number) => Math.round(bytes / sessions / 1_024);
    say(
      table(
        ['ms', 'P50', 'P95', 'last'],
        [
          ['join', ...[0.5, 0.95, 1].map((q) => quantile(joinMs, q).toFixed(0))],
          [
            `back after the kill (${joined} of ${sessions})`,
            ...[0.5, 0.95, 1].map((q) => quantile(backMs.filter(Number.isFinite), q).toFixed(0)),
          ],
        ],
      ),
    );
    const details = {
      sessions: joinMs.length,
      joinsPerSecond: Math.round(joinMs.length / joinSeconds),
      joinCpuMs: Math.round((joinCpu / sessions) * 1e5) / 100,
      rssKiBPerSession: perSession(full.rss - empty.rss),
      heapKiBPerSession: perSession(full.heapUsed - empty.heapUsed),
      talkingCpuPercent: Math.round((talkCpu / seconds) * 1_000) / 10,
      eventsToldPerSecond: Math.round(told / seconds),
      cpuMicrosPerEvent: Math.round((talkCpu / Math.max(1, told)) * 1e6),
      stormMs: Math.round(stormMs),
      back: joined,
      gaveUp: closed,
      seenLeaving: left,
    };
    return {
      name: 'signal',
      against: 'the goal',
      ratio: null,
      p50Ms: quantile(joinMs, 0.5),
      p95Ms: quantile(joinMs, 0.95),
      p99Ms: quantile(joinMs, 0.99),
      goal: `10000 sessions on one node; when it dies all are back on another ≤ ${goal.stormMs} ms, and nobody is lost or seen leaving`,
      met: sessions >= 10_000 && joined === sessions && stormMs <= goal.stormMs && closed + left === 0,
      ranOn: thisMachine(),
      details,
    };
  },
};
