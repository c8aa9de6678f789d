import type { Bench, BenchOptions } from '@weir/cli';
import { meet, meetingSize } from './churn/people.ts';
import { describeSeries, judge, type Sample, toleratedBytes, type Verdict } from './churn/series.ts';
import { Visitor } from './churn/visitor.ts';
import { Child } from './measure/child.ts';
import { thisMachine } from './measure/machine.ts';
import { type Doors, joinWithCamera } from './measure/peers.ts';
import type { PlatformProcess } from './measure/platform-process.ts';

const meetingsAtOnce = 2;
const samplesOfServer = 40;
const samplesOfPage = 25;
const rendererRss = 'pageRssBytes';
const platformModule = new URL('measure/platform-process.ts', import.meta.url);

type Progress = Pick<BenchOptions, 'say' | 'signal'>;

export const bench: Bench = {
  name: 'churn',
  describe: 'memory of server and page while people come and go',
  parameters: { cycles: 20_000, 'page-cycles': 2_000 },
  async run({ parameters, ...progress }) {
    await using stack = new AsyncDisposableStack();
    const child = stack.use(new Child<PlatformProcess>(platformModule, { execArgv: ['--expose-gc'] }));
    const doors = await child.call('start', { workers: 1 });
    const startedAt = performance.now();
    const server = await churnServer(child, doors, parameters.cycles!, progress);
    const perSecond = (server.at(-1)?.cycles ?? 0) / ((performance.now() - startedAt) / 1000);
    const pageCycles = parameters['page-cycles']!;
    const page = await churnPage(doors, pageCycles, false, progress);
    const bare = await churnPage(doors, pageCycles, true, progress);
    const reference = judge(bare);
    const bareSlope = reference.find(({ name }) => name === rendererRss)?.trend.slope ?? 0;
    const ours = judge(page).map((verdict) => beside(verdict, bareSlope));
    const verdicts = [...judge(server), ...ours];
    progress.say(`server, ${meetingSize} people a room\n${describeSeries(server, judge(server))}\n`);
    progress.say(`page, one camera in the room\n${describeSeries(page, ours)}\n`);
    progress.say(`a page without Weir that sees one camera\n${describeSeries(bare, reference)}`);
    return {
      name: 'churn',
      against:
        'itself: the second half of the cycles; of the browser itself a page that does the same without Weir',
      ratio: null,
      p50Ms: null,
      p95Ms: null,
      p99Ms: null,
      goal: `growth over the second half within noise, or at most ${toleratedBytes} bytes a cycle, by trend or by the highest of each half; the page's process by no more than without Weir`,
      met: verdicts.every(({ flat }) => flat),
      ranOn: thisMachine(),
      details: {
        serverCycles: server.at(-1)?.cycles ?? 0,
        serverCyclesPerSecond: Math.round(perSecond * 10) / 10,
        pageCycles: page.at(-1)?.cycles ?? 0,
        ...Object.fromEntries(verdicts.flatMap(detailsOf)),
        'pageCodeBytes.first': page[0]?.values.pageCodeBytes ?? 0,
        'pageCodeBytes.last': page.at(-1)?.values.pageCodeBytes ?? 0,
        'pageRssBytes.slopePerCycleBare': Math.round(bareSlope),
      },
    };
  },
};

async function churnServer(
  child: Child<PlatformProcess>,
  doors: Doors,
  cycles: number,
  { say, signal }: Progress,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const sample = async (done: number) => {
    const { rss, heapUsed, external, workerRss } = await child.call('memory', undefined);
    const workerBytes = workerRss.reduce((sum, bytes) => sum + bytes, 0);
    const values = {
      nodeRssBytes: rss,
      nodeHeapBytes: heapUsed,
      nodeExternalBytes: external,
      workerRssBytes: workerBytes,
    };
    samples.push({ cycles: done, values });
  };
  const meetings = Math.ceil(cycles / meetingSize);
  const sampleEvery = Math.max(1, Math.floor(meetings / samplesOfServer));
  let begun = 0;
  await sample(0);
  while (begun < meetings && !signal.aborted) {
    const upTo = Math.min(meetings, begun + sampleEvery);
    const work = async () => {
      while (begun < upTo && !signal.aborted) await meet(doors, `meeting-${begun++}`);
    };
    await Promise.all(Array.from({ length: meetingsAtOnce }, work));
    await sample(begun * meetingSize);
    if (samples.length % 4 === 0) say(`server: ${begun * meetingSize} of ${cycles}`);
  }
  return samples;
}

/** The browser's process is no page: its size rises and falls by megabytes, and rises for pages without Weir as well. */
function beside(verdict: Verdict, bareSlope: number): Verdict {
  if (verdict.name !== rendererRss) return verdict;
  return { ...verdict, flat: verdict.flat || verdict.trend.slope <= bareSlope };
}

async function churnPage(
  doors: Doors,
  cycles: number,
  isBare: boolean,
  { say, signal }: Progress,
): Promise<Sample[]> {
  await using stack = new AsyncDisposableStack();
  const host = stack.adopt(await joinWithCamera(doors, 'room', 'host'), (it) => it.leave());
  const visitor = await Visitor.start(doors, stack);
  const samples: Sample[] = [];
  const sampleEvery = Math.max(1, Math.floor(cycles / samplesOfPage));
  for (let done = 1; done <= cycles && !signal.aborted; done++) {
    if (isBare) await visitor.visitBare();
    else await visitor.visit(host.roomId, `visitor-${done}`);
    if (done % sampleEvery !== 0) continue;
    const { objects, code, nodes, listeners, rendererRss: rssOfRenderer } = await visitor.memory();
    const values = {
      pageHeapBytes: objects,
      pageCodeBytes: code,
      pageRssBytes: rssOfRenderer,
      pageNodes: nodes,
      pageListeners: listeners,
    };
    samples.push({ cycles: done, values });
    if (samples.length % 5 === 0) say(`${isBare ? 'page without Weir' : 'page'}: ${done} of ${cycles}`);
  }
  return samples;
}

function detailsOf({ name, trend, flat, first, last }: Verdict): [string, number | string][] {
  return [
    [`${name}.first`, first],
    [`${name}.last`, last],
    [`${name}.slopePerCycle`, Number(trend.slope.toPrecision(3))],
    [`${name}.growth`, Math.round(trend.growth)],
    [`${name}.noise`, Math.round(trend.noise)],
    [`${name}.verdict`, flat ? 'flat' : 'grows'],
  ];
}
