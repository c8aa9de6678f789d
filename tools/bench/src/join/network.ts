import type { PlatformConfig } from '@weir/cli';
import { startTestPlatform } from '@weir/cli/testing';
import { freePort, tcpProxy, udpProxy } from '@weir/testing';
import type { Doors } from '../measure/peers.ts';

const server = '127.0.0.1';
/** Where the proxies are: with the server's own ports, so that nothing but addresses has to be told differently. */
const front = '127.0.0.2';

/** The platform in this process, with `rttMs` between it and all its clients, for HTTP, WebSocket and media alike. */
export async function startSite(rttMs: number, stack: AsyncDisposableStack): Promise<Doors> {
  const mediaPort = await freePort();
  const config: Partial<PlatformConfig> = { workers: 1, mediaPort, requestsPerMinute: 100_000 };
  if (rttMs === 0) {
    const platform = stack.use(await startTestPlatform(config));
    return { apiKey: platform.apiKey, url: platform.urls.local };
  }
  const mediaListen = [{ ip: server, announcedAddress: front }];
  const platform = stack.use(await startTestPlatform({ ...config, mediaListen }));
  const delay = { delayMs: rttMs / 2 };
  const both = { up: delay, down: delay, seed: 1, host: front };
  const port = Number(new URL(platform.urls.local).port);
  stack.use(await udpProxy({ ...both, port: mediaPort, target: { host: server, port: mediaPort } }));
  stack.use(await tcpProxy({ ...both, port, target: { host: server, port }, handshakeMs: rttMs }));
  return { apiKey: platform.apiKey, url: `http://${front}:${port}` };
}
