import { fileURLToPath } from 'node:url';
import { startTestPlatform } from '@weir/cli/testing';
import {
  browserKitScript,
  bundlePage,
  chromiumPath,
  createNetwork,
  freePort,
  launchChromium,
  type Network,
  type UdpProxy,
  udpProxy,
  windowUserAgent,
} from '@weir/testing';
import type { Browser, Page } from 'playwright-core';
import { tokenFor } from '../measure/peers.ts';

const [direct, behind] = ['127.0.0.1', '127.0.0.2'];

type Shown = 'camera' | 'screen';

/** The platform, senders beside it, and room for viewers who reach it over a line of their own and a proxy. */
export type Site = {
  network: Network<'server' | 'viewer'>;
  proxy: UdpProxy;
  /** A page of the viewer's browser, not joined yet. */
  viewer(): Promise<Page>;
  /** To where a camera, or a screen, is shown. */
  joinOptions(
    identity: string,
    url: string,
    shown: Shown,
  ): Promise<{ url: string; token: string; keepSeat: false }>;
  viewerUrl: string;
};

export async function startSite(stack: AsyncDisposableStack): Promise<Site> {
  const network = stack.use(await createNetwork({ hosts: { server: { main: true }, viewer: {} } }));
  const front = network.address('server');
  const mediaPort = await freePort();
  // The sender takes the first address; the viewer reaches only the second, which is the proxy's.
  const platform = stack.use(
    await startTestPlatform({
      workers: 1,
      host: '0.0.0.0',
      mediaPort,
      mediaListen: [{ ip: direct }, { ip: behind, announcedAddress: front }],
      requestsPerMinute: 100_000,
    }),
  );
  const proxy = stack.use(
    await udpProxy({ host: front, port: mediaPort, target: { host: behind, port: mediaPort }, seed: 1 }),
  );
  const { port } = new URL(platform.urls.local);
  const doors = { apiKey: platform.apiKey, url: `http://${direct}:${port}` };
  const here = stack.adopt(await launchChromium(), (it) => it.close());
  const executablePath = await network.executable('viewer', await chromiumPath());
  const there = stack.adopt(await launchChromium({ executablePath }), (it) => it.close());
  const viewerUrl = `http://${front}:${port}`;
  const joinOptions = async (identity: string, url: string, shown: Shown) => {
    const token = await tokenFor(doors, shown, identity);
    return { url, token, keepSeat: false as const };
  };
  for (const shown of ['camera', 'screen'] as const) {
    const sender = await openPage(here, doors.url);
    const options = await joinOptions('sender', doors.url, shown);
    await sender.evaluate(([options, shown]) => side.send(options, shown), [options, shown] as const);
  }
  return { network, proxy, viewer: () => openPage(there, viewerUrl), joinOptions, viewerUrl };
}

async function openPage(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext({ userAgent: windowUserAgent(browser) });
  const page = await context.newPage();
  const bundle = await bundlePage(fileURLToPath(new URL('page.ts', import.meta.url)));
  await page.addInitScript({ content: `${browserKitScript({})};\n${bundle}` });
  await page.goto(`${url}/healthz`);
  return page;
}
