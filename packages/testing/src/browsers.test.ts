import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FakeDevicesOptions } from './browser/devices.ts';
import { browserKitScript } from './browser/kit.ts';
import { chromiumPath, firefoxPath, launchChromium, launchFirefox } from './browsers.ts';
import { eventually } from './eventually.ts';
import { canMakeNamespaces, createNetwork } from './network.ts';
import { udpProxy } from './udp-proxy.ts';

const hasNamespaces = await canMakeNamespaces();

const isInstalled = (find: () => Promise<string>) =>
  find().then(
    () => true,
    () => false,
  );

/** Time to listen again: a busy machine plays sound with gaps. */
const audible = { timeoutMs: 12_000 };

/** Runs in the page: sends the kit's camera and microphone from one peer connection to another, and shows them. */
async function callMyself({ width = 320, height = 180, fps = 30, scaleDownBy = 1, maxBitrate = 0 }) {
  const sender = new RTCPeerConnection();
  const receiver = new RTCPeerConnection();
  sender.onicecandidate = ({ candidate }) => void (candidate && receiver.addIceCandidate(candidate));
  receiver.onicecandidate = ({ candidate }) => void (candidate && sender.addIceCandidate(candidate));
  const stream = new MediaStream([
    weirTest.frameCodeSource({ width, height, fps, source: 7 }).track,
    weirTest.toneSource().track,
  ]);
  for (const track of stream.getTracks()) sender.addTrack(track, stream);
  const video = document.createElement('video');
  video.muted = true;
  const arrived = new MediaStream();
  video.srcObject = arrived;
  document.body.append(video);
  receiver.ontrack = ({ track }) => arrived.addTrack(track);
  for (const transceiver of sender.getTransceivers()) {
    if (transceiver.sender.track?.kind !== 'video') continue;
    const { codecs } = RTCRtpReceiver.getCapabilities('video')!;
    transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => /VP8|rtx/.test(mimeType)));
  }
  await sender.setLocalDescription(await sender.createOffer());
  await receiver.setRemoteDescription(sender.localDescription!);
  await receiver.setLocalDescription(await receiver.createAnswer());
  await sender.setRemoteDescription(receiver.localDescription!);
  const outgoing = sender.getSenders().find(({ track }) => track?.kind === 'video')!;
  const parameters = outgoing.getParameters();
  parameters.encodings[0]!.scaleResolutionDownBy = scaleDownBy;
  if (maxBitrate) parameters.encodings[0]!.maxBitrate = maxBitrate;
  await outgoing.setParameters(parameters);
  await video.play();
  Object.assign(globalThis, { video, arrived, sender, receiver });
}

/** What `callMyself` leaves in the page. */
declare global {
  var video: HTMLVideoElement;
  var arrived: MediaStream;
  var sender: RTCPeerConnection;
}

describe.skipIf(!(await isInstalled(chromiumPath)))('in Chromium', { timeout: 40_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  }, 40_000);
  afterAll(() => browser.close());

  async function openPage(fakeDevices?: FakeDevicesOptions, permissions: string[] = []): Promise<Page> {
    const page = await browser.newPage({ permissions });
    await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: '<body></body>' }));
    await page.addInitScript({ content: browserKitScript({ fakeDevices }) });
    await page.goto('http://localhost/');
    return page;
  }

  test('frame numbers come through VP8 at 320 × 180, in order and readable', async () => {
    const page = await openPage();
    await page.evaluate(callMyself, {});
    const result = await page.evaluate(() => weirTest.glassToGlass(video, { frames: 90 }));
    const frames = result.samples.map(({ frame }) => frame);
    expect(frames.length + result.unreadable).toBe(90);
    expect(frames.length / 90).toBeGreaterThan(0.9);
    for (const [i, frame] of frames.slice(1).entries()) expect(frame).toBeGreaterThan(frames[i]!);
    expect(new Set(result.samples.map(({ source }) => source))).toEqual(new Set([7]));
    expect(result.medianMs).toBeGreaterThan(0);
    expect(result.medianMs).toBeLessThan(500);
    expect(result.p95Ms).toBeGreaterThanOrEqual(result.medianMs);
    console.log(`readable ${frames.length} of 90, glass to glass ${result.medianMs} / ${result.p95Ms} ms`);
    await page.close();
  });

  test('a source draws at the rate it is asked for, until it is stopped', async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      const startedAt = performance.now();
      const { track, framesDrawn } = weirTest.frameCodeSource({ width: 160, height: 90, fps: 10 });
      await pause(2000);
      const due = (performance.now() - startedAt) / 100;
      const drawn = framesDrawn();
      track.stop();
      await pause(300);
      const afterStop = framesDrawn();
      await pause(500);
      return { due, drawn, afterStop, atEnd: framesDrawn() };
    });
    expect(result.drawn).toBeLessThan(result.due + 3);
    expect(result.drawn).toBeGreaterThan(result.due * 0.6); // A page that was held up leaves pictures out.
    expect(result.afterStop - result.drawn).toBeLessThanOrEqual(1);
    expect(result.atEnd).toBe(result.afterStop);
    await page.close();
  });

  test('the code survives 160 × 90 at 60 kbit/s', async () => {
    const page = await openPage();
    await page.evaluate(callMyself, {
      width: 1280,
      height: 720,
      fps: 15,
      scaleDownBy: 8,
      maxBitrate: 60_000,
    });
    await eventually(
      () => page.evaluate(() => video.videoWidth <= 160 || `${video.videoWidth} pixels wide`),
      {
        timeoutMs: 8000,
      },
    );
    const { samples, unreadable } = await page.evaluate(() => weirTest.glassToGlass(video, { frames: 45 }));
    expect(samples.length + unreadable).toBeGreaterThan(30);
    expect(samples.length / (samples.length + unreadable)).toBeGreaterThan(0.9);
    await page.close();
  });

  test('the tone beeps at whole seconds, and comes through Opus', async () => {
    const page = await openPage();
    const played = await page.evaluate(() =>
      weirTest.listenToTone(weirTest.toneSource().track, { durationMs: 3500 }),
    );
    expect(played.toneDb).toBeGreaterThan(-50);
    expect(played.beepsAt.length).toBeGreaterThanOrEqual(2);
    expect(played.beepsAt.length).toBeLessThanOrEqual(4);
    const offsets = played.beepsAt.map((at) => ((at + 500) % 1000) - 500);
    // A busy machine plays late, never early.
    expect(Math.min(...offsets)).toBeGreaterThan(-100);
    expect(Math.min(...offsets)).toBeLessThan(250);

    await page.evaluate(callMyself, {});
    const listen = () =>
      page.evaluate(() => weirTest.listenToTone(arrived.getAudioTracks()[0]!, { durationMs: 2200 }));
    await eventually(async () => {
      const { toneDb, beepsAt } = await listen();
      return (toneDb > -50 && beepsAt.length >= 2) || `${toneDb} dB, ${beepsAt.length} beeps`;
    }, audible);
    await page.evaluate(() => {
      for (const { track } of sender.getSenders()) if (track?.kind === 'audio') track.enabled = false;
    });
    await eventually(async () => (await listen()).beepsAt.length === 0 || 'still beeps', audible);
    await page.close();
  });

  test('a video is live while its pictures change, not when they stop or turn black', async () => {
    const page = await openPage();
    await page.evaluate(callMyself, {});
    const isLive = () => page.evaluate(() => weirTest.videoIsLive(video));
    await eventually(isLive);
    await page.evaluate(() => {
      sender.getSenders().find(({ track }) => track?.kind === 'video')!.track!.enabled = false; // Sends black.
    });
    await eventually(async () => !(await isLive()));
    await page.evaluate(() => {
      sender.getSenders().find(({ track }) => track?.kind === 'video')!.track!.enabled = true;
    });
    await eventually(isLive);
    await page.evaluate(() => sender.close());
    await eventually(async () => !(await isLive()));
    await page.close();
  });

  test('cameras, microphones and screens of a page are the kit’s', async () => {
    const page = await openPage({ cameras: ['front', 'back'], source: 20, fps: 10 });
    const seen = await page.evaluate(async () => {
      const { mediaDevices } = navigator;
      const show = async (track: MediaStreamTrack) => {
        const video = document.createElement('video');
        video.srcObject = new MediaStream([track]);
        await video.play();
        const { samples } = await weirTest.glassToGlass(video, { frames: 2 });
        return { source: samples[1]?.source, width: video.videoWidth };
      };
      const failure = (wish: MediaStreamConstraints) =>
        mediaDevices.getUserMedia(wish).then(
          () => 'none',
          (error: Error) => error.name,
        );
      const stream = await mediaDevices.getUserMedia({
        audio: true,
        video: { width: 320, height: { ideal: 180 } },
      });
      const front = stream.getVideoTracks()[0]!;
      const clone = front.clone();
      const backStream = await mediaDevices.getUserMedia({ video: { deviceId: { exact: 'back' } } });
      const back = backStream.getVideoTracks()[0]!;
      const screen = (await mediaDevices.getDisplayMedia()).getVideoTracks()[0]!;
      const result = {
        kinds: stream.getTracks().map(({ kind }) => kind),
        labels: (await mediaDevices.enumerateDevices()).map(({ kind, label }) => `${kind} ${label}`),
        front: await show(front),
        back: await show(back),
        screen: await show(screen),
        deviceId: back.getSettings().deviceId,
        missing: await failure({ video: { deviceId: { exact: 'side' } } }),
      };
      front.stop();
      const afterStop = await show(clone); // The camera serves the clone on.
      const events: string[] = [];
      mediaDevices.addEventListener('devicechange', () => events.push('devicechange'));
      back.addEventListener('ended', () => events.push('ended'));
      weirTest.unplugDevice('back');
      weirTest.refuseDevices('NotAllowedError');
      const refused = await failure({ video: true });
      weirTest.refuseDevices(undefined);
      const unplugged = await failure({ video: { deviceId: { exact: 'back' } } });
      return { ...result, afterStop, events, refused, unplugged, live: back.readyState };
    });
    expect(seen).toEqual({
      kinds: ['audio', 'video'],
      labels: ['audioinput microphone', 'videoinput front', 'videoinput back'],
      front: { source: 20, width: 320 },
      back: { source: 21, width: 640 },
      screen: { source: 120, width: 1280 },
      deviceId: 'back',
      missing: 'OverconstrainedError',
      afterStop: { source: 20, width: 320 },
      events: ['ended', 'devicechange'],
      refused: 'NotAllowedError',
      unplugged: 'OverconstrainedError',
      live: 'ended',
    });
    await page.close();
  });

  test('a call through a UDP proxy feels its loss and delay', async () => {
    const page = await openPage(undefined, ['camera']); // Pages without permission are not told their addresses.
    // The receiver's one candidate, as a server would announce it; the sender only ever hears of the proxy.
    const target = await page.evaluate(async () => {
      const sender = new RTCPeerConnection();
      const receiver = new RTCPeerConnection();
      Object.assign(globalThis, { sender, receiver });
      sender.addTrack(weirTest.frameCodeSource({ width: 320, height: 180 }).track);
      const video = document.createElement('video');
      video.muted = true;
      Object.assign(globalThis, { video });
      receiver.ontrack = ({ track }) => {
        video.srcObject = new MediaStream([track]);
        void video.play();
      };
      await sender.setLocalDescription(await sender.createOffer());
      await receiver.setRemoteDescription(sender.localDescription!);
      const gathered = new Promise<{ host: string; port: number }>((resolve) => {
        receiver.onicecandidate = ({ candidate }) => {
          if (candidate?.protocol === 'udp' && candidate.address === '127.0.0.1')
            resolve({ host: candidate.address, port: candidate.port! });
        };
      });
      await receiver.setLocalDescription(await receiver.createAnswer());
      return gathered;
    });
    await using proxy = await udpProxy({
      target,
      seed: 5,
      up: { delayMs: 60 },
      down: { delayMs: 60 },
    });
    await page.evaluate(
      async ([host, proxyPort]) => {
        const { receiver } = globalThis as unknown as { receiver: RTCPeerConnection };
        const { type, sdp } = receiver.localDescription!;
        const only = sdp.replace(/a=candidate:.*\r\n/g, '');
        await sender.setRemoteDescription({ type, sdp: only });
        const candidate = `candidate:1 1 udp 2130706431 ${host} ${proxyPort} typ host`;
        await sender.addIceCandidate({ candidate, sdpMid: '0' });
      },
      [proxy.host, proxy.port] as const,
    );
    await eventually(() => page.evaluate(() => video.videoWidth === 320 || 'no picture'), {
      timeoutMs: 10_000,
    });
    const clean = await page.evaluate(() => weirTest.glassToGlass(video, { frames: 30 }));
    expect(clean.samples.length).toBeGreaterThan(20);
    expect(clean.medianMs).toBeGreaterThan(60);
    expect(proxy.counters.up.forwarded).toBeGreaterThan(30);

    const lost = () =>
      page.evaluate(async () => {
        const { receiver } = globalThis as unknown as { receiver: RTCPeerConnection };
        const stats = [...(await receiver.getStats()).values()];
        return stats.find(({ type }) => type === 'inbound-rtp')?.nackCount as number;
      });
    const before = await lost();
    proxy.set({ up: { lossRate: 0.1 } });
    await eventually(async () => (await lost()) > before + 3 || 'no loss was felt');
    expect(proxy.counters.up.dropped.loss).toBeGreaterThan(0); // One that is lost may be asked for more than once.
    await page.close();
  });
});

describe.skipIf(!(await isInstalled(chromiumPath)))('closing Chromium', () => {
  test('ends its processes, and those of no other', { timeout: 60_000 }, async () => {
    const [staying, leaving] = [await launchChromium(), await launchChromium()];
    try {
      const pids = async (browser: Browser) => {
        const session = await browser.newBrowserCDPSession();
        const { processInfo } = await session.send('SystemInfo.getProcessInfo');
        return processInfo.map(({ id }) => id);
      };
      const [kept, ended] = [await pids(staying), await pids(leaving)];
      expect(ended.length).toBeGreaterThan(0);
      await leaving.close();
      await eventually(() => !ended.some(isAlive) || 'some processes live on');
      expect(kept.filter(isAlive)).toEqual(kept);
    } finally {
      await Promise.all([staying.close(), leaving.close()]);
    }
  });

  test.skipIf(!hasNamespaces)('runs on a host of a network', { timeout: 60_000 }, async () => {
    await using network = await createNetwork({ hosts: { test: { main: true }, laptop: {} } });
    const server = createServer((request, response) => response.end(request.socket.remoteAddress));
    server.listen(0, network.address('test'));
    await once(server, 'listening');
    const browser = await launchChromium({
      executablePath: await network.executable('laptop', await chromiumPath()),
    });
    try {
      const page = await browser.newPage();
      await page.goto(`http://${network.address('test')}:${(server.address() as AddressInfo).port}/`);
      expect(await page.textContent('body')).toBe(network.address('laptop'));
    } finally {
      await browser.close();
      server.close();
    }
  });
});

describe.skipIf(!(await isInstalled(firefoxPath)))('in Firefox', () => {
  test('frame numbers come through a call, and devices are the kit’s', { timeout: 90_000 }, async () => {
    const server = createServer((_, response) => {
      response.setHeader('content-type', 'text/html').end('<body></body>');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const browser = await launchFirefox();
    const pid = browser.process()!.pid!;
    try {
      const page = await browser.newPage();
      await page.evaluateOnNewDocument(browserKitScript({ fakeDevices: { source: 9 } }));
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      await page.evaluate(callMyself, {});
      const { samples, unreadable } = await page.evaluate(() => weirTest.glassToGlass(video, { frames: 45 }));
      expect(samples.length / (samples.length + unreadable)).toBeGreaterThan(0.9);
      expect(samples.length).toBeGreaterThan(30);
      const source = await page.evaluate(async () => {
        const camera = document.createElement('video');
        camera.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
        await camera.play();
        return (await weirTest.glassToGlass(camera, { frames: 2 })).samples[1]?.source;
      });
      expect(source).toBe(9);
    } finally {
      await browser.close();
      server.close();
    }
    await eventually(() => !isAlive(pid));
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
