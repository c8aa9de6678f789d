import { sleep } from '@weir/core';
import { BareGuest } from '../measure/bare-guest.ts';
import type { BareProcess } from '../measure/bare-process.ts';
import { Child } from '../measure/child.ts';
import { type Picture, prepareCamera, type Sound } from '../measure/peers.ts';
import { cpuSecondsDuring } from '../measure/process-usage.ts';
import type { Arrival, CrowdProcess } from './crowd.ts';

const room = 'assembly';
const bareModule = new URL('../measure/bare-process.ts', import.meta.url);
const crowdModule = new URL('crowd.ts', import.meta.url);

/** CPU seconds of the server's process, the workers, the crowd: until all are in, and in `afterMs` when they are. */
export type Cost = { joining: number[]; being: number[] };
export type BareStorm = { arrivals: Arrival[]; cost: Cost };

/** The same people join mediasoup alone: what the engine, the machine and their own connections take, with no room and no session. */
export async function bareStorm(
  storm: { people: number; withinMs: number; patienceMs: number },
  around: { picture: Picture; sound: Sound; there: number; before: number; afterMs: number },
): Promise<BareStorm> {
  const { picture, sound, there, before, afterMs } = around;
  await using stack = new AsyncDisposableStack();
  const server = stack.use(new Child<BareProcess>(bareModule));
  const { pid, workerPids } = await server.call('start', undefined);
  const { url } = await server.call('listen', undefined);
  const { camera, microphone } = await prepareCamera(picture, sound);
  const teacher = stack.adopt(await BareGuest.enter(url, room), (guest) => guest.leave());
  const producerIds = await Promise.all([teacher.publish(camera), teacher.publish([microphone])]);
  const common = { ...storm, doors: { bareUrl: url, producerIds }, room };
  const early = stack.use(new Child<CrowdProcess>(crowdModule));
  await early.call('join', { ...common, name: 'early', people: there, withinMs: there * 100 });
  const crowd = stack.use(new Child<CrowdProcess>(crowdModule, { nice: 10 }));
  await crowd.call('join', { ...common, name: 'before', people: before });
  await crowd.call('leave', undefined as never);
  await sleep(afterMs);
  const groups = [[pid], workerPids, [crowd.pid]];
  let arrivals: Arrival[] = [];
  const joining = await cpuSecondsDuring(groups, async () => {
    const all = { ...common, name: 'student' };
    arrivals = await crowd.call('join', all, storm.patienceMs + storm.withinMs + 10_000);
  });
  return { arrivals, cost: { joining, being: await cpuSecondsDuring(groups, () => sleep(afterMs)) } };
}
