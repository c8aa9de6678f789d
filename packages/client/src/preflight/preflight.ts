import { Lifetime, PlatformError, withDeadline } from '@weir/core';
import type { IceCandidate, PreflightAnswer } from '@weir/protocol';
import type { Device, types } from 'mediasoup-client';
import { newDevice } from '../browser-handler.ts';
import { askForPreflight } from '../director.ts';
import { browserFacts, codecFacts, cpuFacts } from './computer.ts';
import { checkCamera, checkMicrophone, checkSpeakers } from './device-check.ts';
import { judge } from './judge.ts';
import type { FirewallRule, Measurements, Outcome, RelayTransport } from './measurements.ts';
import { probePath } from './path-probe.ts';
import { type Relay, relayRule, relaysOf } from './relays.ts';
import type { PreflightReport } from './report.ts';
import { type CallSide, TestCall } from './test-call.ts';
import { TestSeat } from './test-seat.ts';
import type { PreflightWords } from './words.ts';

export type PreflightOptions = {
  /** Address of the director, like `https://video.example.org`. Default: the page's own origin. */
  url?: string;
  /** A join token, needed where strangers may not test. */
  token?: string;
  /** Tests the camera, the microphone and the speakers too; the browser asks the user for them. Default true. */
  devices?: boolean;
  /** The report's words, like `wordsDe` of `@weir/client/preflight/words-de`. Default: English. */
  words?: PreflightWords;
  /** Called with the whole report so far whenever something more is known. */
  onProgress?: (report: PreflightReport) => void;
  signal?: AbortSignal;
};

const directorMs = 5_000;
/** Measuring the line ends by then, … */
const measuredMs = 13_000;
/** … and the report is there by then, whatever happens. */
const inAllMs = 14_500;
const transports = ['udp', 'tcp', 'tls'] as const satisfies RelayTransport[];

/**
 * Tests whether and how well this browser, on this computer and network, can take part in calls: what it reaches and over
 * which paths, what the line carries, the devices and the computer. Takes about ten seconds, never more than 15; never
 * rejects: what cannot be tested is said in the report. Outside of a browser only the service is tested.
 */
export async function runPreflight(options: PreflightOptions = {}): Promise<PreflightReport> {
  const run = new Run(options);
  return run.report();
}

/** One run: measures side by side what does not disturb each other, and tells each time what is known. */
class Run extends Lifetime {
  readonly #options: PreflightOptions;
  #measurements: Measurements;
  readonly #startedAt = performance.now();

  constructor(options: PreflightOptions) {
    super();
    this.#options = options;
    const url = options.url ?? globalThis.location?.origin ?? '';
    this.#measurements = { startedAt: Date.now(), url };
    options.signal?.addEventListener('abort', () => this.close(), { once: true });
    if (options.signal?.aborted) this.close();
  }

  async report(): Promise<PreflightReport> {
    const { url } = this.#measurements;
    const { hostname, port, protocol } = new URL(url);
    const servicePort = Number(port) || (protocol === 'https:' ? 443 : 80);
    this.#learn({
      browser: browserFacts(),
      firewall: [{ host: hostname, port: servicePort, protocol: 'TCP', purpose: 'service' }],
    });
    const cpu = this.#cpu();
    const all = Promise.all([this.#service(cpu), this.#devices(), cpu]);
    await withDeadline(all, inAllMs, 'preflight', this.signal).catch(() => {});
    this.close();
    this.#giveUp();
    this.#learn({ durationMs: Math.round(performance.now() - this.#startedAt) });
    return this.#judged();
  }

  #judged(): PreflightReport {
    return judge(this.#measurements, this.#options.words);
  }

  #learn(more: Partial<Measurements>): void {
    if (this.#measurements.durationMs !== undefined) return; // It came after the end.
    this.#measurements = { ...this.#measurements, ...more };
    this.#options.onProgress?.(this.#judged());
  }

  /** What is not known at the end was too slow. */
  #giveUp(): void {
    const late: Outcome<never> = { state: 'failed', code: 'timeout', message: 'not done in time' };
    const names = [
      'director',
      'signaling',
      'udp',
      'tcp',
      'line',
      'camera',
      'microphone',
      'speakers',
      'codecs',
      'cpu',
    ];
    const missing = names.filter((name) => !(name in this.#measurements));
    this.#learn({
      relay: {},
      relays: [],
      ...this.#measurements,
      ...Object.fromEntries(missing.map((name) => [name, late])),
    });
  }

  // ---- the service and the line to it ----

  async #service(quiet: Promise<void>): Promise<void> {
    const answer = await this.#director();
    if (!answer) return;
    const signaling = await this.#signaling(answer);
    if (!signaling) return;
    await this.#media(answer, signaling, quiet);
  }

  async #director(): Promise<PreflightAnswer | undefined> {
    const startedAt = performance.now();
    try {
      const asking = askForPreflight(this.#measurements.url, this.#options.token, this.signal);
      const answer = await withDeadline(asking, directorMs, 'the director', this.signal);
      this.#learn({ director: { state: 'done', value: { ms: performance.now() - startedAt } } });
      return answer;
    } catch (error) {
      this.#learn({ director: failure(error), signaling: unreachable, ...noMedia });
      return undefined;
    }
  }

  async #signaling(answer: PreflightAnswer): Promise<TestSeat | undefined> {
    const url = answer.signaling[0] ?? '';
    const relays = relaysOf(answer.iceServers);
    const { hostname, port, protocol } = new URL(url);
    const socketRule = {
      host: hostname,
      port: Number(port) || (protocol === 'wss:' ? 443 : 80),
      protocol: 'TCP',
      purpose: 'service',
    } as const;
    this.#learn({
      relays: transports.filter((transport) => relays.some((relay) => relay.transport === transport)),
      firewall: distinct([...this.#measurements.firewall!, socketRule, ...relays.map(relayRule)]),
    });
    try {
      const seat = this.own(await TestSeat.open(url, this.signal));
      const rttMs = await seat.roundTripMs();
      this.#learn({ signaling: { state: 'done', value: { openMs: seat.openedInMs, rttMs, url } } });
      return seat;
    } catch (error) {
      this.#learn({ signaling: failure(error), ...noMedia });
      return undefined;
    }
  }

  async #media(answer: PreflightAnswer, first: TestSeat, quiet: Promise<void>): Promise<void> {
    if (!('RTCPeerConnection' in globalThis)) {
      this.#learn({ udp: noBrowser, tcp: noBrowser, line: noBrowser, codecs: noBrowser, relay: {} });
      return first.leave();
    }
    const seats: TestSeat[] = [first];
    try {
      const device = newDevice();
      await device.load({ routerRtpCapabilities: answer.rtpCapabilities as types.RtpCapabilities });
      this.#learn({ codecs: { state: 'done', value: codecFacts(device) } });
      const relays = relaysOf(answer.iceServers);
      const wanted = relays.length > 0 ? 4 : 2;
      const more = await Promise.all(
        answer.seats.slice(1, wanted).map(() => TestSeat.open(answer.signaling[0]!, this.signal)),
      );
      seats.push(...more.map((seat) => this.own(seat)));
      const sides = await Promise.all(seats.map((seat, i) => this.#join(device, answer, seat, i)));
      await Promise.all([
        this.#direct(device, sides),
        this.#relays(device, sides, relays),
        quiet.then(() => this.#line(device, answer, sides)), // A busy processor looks like a bad line.
      ]);
    } catch (error) {
      const failed = failure(error);
      this.#learn({
        udp: failed,
        tcp: failed,
        line: failed,
        codecs: failed,
        relay: {},
        ...this.#measurements,
      });
    } finally {
      await Promise.all(seats.map((seat) => seat.leave()));
    }
  }

  async #join(device: Device, answer: PreflightAnswer, seat: TestSeat, index: number): Promise<CallSide> {
    const { media } = await seat.join(answer, answer.seats[index]!, device.recvRtpCapabilities as never);
    const candidates = [media.send, media.receive].flatMap((transport) => transport?.iceCandidates ?? []);
    const rules = candidates.filter(isReachable).map(candidateRule);
    this.#learn({ firewall: distinct([...this.#measurements.firewall!, ...rules]) });
    return { seat, media };
  }

  /** On the transports that the test call leaves free: its sender's for receiving, its receiver's for sending. */
  async #direct(device: Device, [sender, receiver]: CallSide[]): Promise<void> {
    const { signal } = this;
    const over = (protocol: 'udp' | 'tcp') => (candidate: IceCandidate) => candidate.protocol === protocol;
    await Promise.all([
      probePath({ device, ...sender!, direction: 'receive', candidates: over('udp'), signal }).then((udp) =>
        this.#learn({ udp }),
      ),
      probePath({ device, ...receiver!, direction: 'send', candidates: over('tcp'), signal }).then((tcp) =>
        this.#learn({ tcp }),
      ),
    ]);
  }

  async #relays(device: Device, sides: CallSide[], relays: Relay[]): Promise<void> {
    const places = sides.slice(2).flatMap((side) => [
      { ...side, direction: 'send' as const },
      { ...side, direction: 'receive' as const },
    ]);
    this.#learn({ relay: {} });
    await Promise.all(
      (this.#measurements.relays ?? []).map(async (transport, i) => {
        const servers = relays.filter((relay) => relay.transport === transport).map(({ server }) => server);
        const candidates = () => true;
        const { signal } = this;
        const place = places[i];
        const outcome = place
          ? await probePath({ device, ...place, candidates, relays: servers, signal })
          : unreachable;
        this.#learn({ relay: { ...this.#measurements.relay, [transport]: outcome } });
      }),
    );
  }

  async #line(device: Device, answer: PreflightAnswer, [sender, receiver]: CallSide[]): Promise<void> {
    const call = this.own(new TestCall(device, answer.iceServers, sender!, receiver!));
    try {
      this.#learn({ line: { state: 'done', value: await call.measure(this.#startedAt + measuredMs) } });
    } catch (error) {
      this.#learn({ line: failure(error) });
    } finally {
      call.close();
    }
  }

  // ---- this computer ----

  async #devices(): Promise<void> {
    const skipped =
      this.#options.devices === false ? notAsked : 'RTCPeerConnection' in globalThis ? undefined : noBrowser;
    if (skipped) return this.#learn({ camera: skipped, microphone: skipped, speakers: skipped });
    const { signal } = this;
    // One after the other: browsers ask one question at a time.
    await checkCamera(signal).then((camera) => this.#learn({ camera }));
    await checkMicrophone(signal).then((microphone) => this.#learn({ microphone }));
    await checkSpeakers(signal).then((speakers) => this.#learn({ speakers }));
  }

  async #cpu(): Promise<void> {
    this.#learn({ cpu: await cpuFacts(this.signal) });
  }
}

const unreachable = { state: 'skipped', why: 'unreachable' } as const;
const noBrowser = { state: 'skipped', why: 'no-browser' } as const;
const notAsked = { state: 'skipped', why: 'not-asked' } as const;
const noMedia = { udp: unreachable, tcp: unreachable, line: unreachable, codecs: unreachable, relay: {} };

function failure(error: unknown): Outcome<never> {
  const { code, message } = PlatformError.from(error, 'connection-lost');
  return { state: 'failed', code, message };
}

/** The loopback address of a server is for browsers on its own machine. */
function isReachable({ address }: IceCandidate, _: number, all: IceCandidate[]): boolean {
  const local = (text: string) => text.startsWith('127.') || text === '::1';
  return !local(address) || all.every((candidate) => local(candidate.address));
}

function candidateRule({ address, port, protocol }: IceCandidate): Omit<FirewallRule, 'status'> {
  return { host: address, port, protocol: protocol === 'udp' ? 'UDP' : 'TCP', purpose: 'media' };
}

function distinct<T extends object>(rules: T[]): T[] {
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
}
