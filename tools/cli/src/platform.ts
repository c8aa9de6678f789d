import { randomUUID } from 'node:crypto';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage, Server } from 'node:http';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { ApiKey } from '@weir/auth';
import { type ClusterStore, memoryStore } from '@weir/cluster';
import type { Logger } from '@weir/core';
import { openDatabase } from '@weir/database';
import { startDirector } from '@weir/director';
import { type ListenAddress, routerRtpCapabilities, type SoundLimits } from '@weir/media';
import {
  closeHttp,
  createLogger,
  type HttpApp,
  httpServer,
  type LogLevel,
  listen,
  serveApp,
} from '@weir/service';
import { type SfuService, startSfu } from '@weir/sfu';
import { Signaling, signalingPath } from '@weir/signaling';
import { serveBrand } from './brand.ts';
import { checkout } from './folders.ts';

/** All of one machine's platform. Read once from the command line; nothing else looks at the environment. */
export type PlatformConfig = {
  host: string;
  /** 0: any free port. */
  port: number;
  dataDir: string;
  /** PEM texts. */
  tls?: { cert: string; key: string };
  /** Addresses under which clients reach this machine's media, besides 127.0.0.1. */
  announce?: string[];
  /** Exactly where media listens and what is announced of it, instead of by `announce`. */
  mediaListen?: ListenAddress[];
  /** The first worker's media port (UDP and TCP), the second's is the next. Default: any free ports. */
  mediaPort?: number;
  /** Engine workers; default one a core. */
  workers?: number;
  /** From how many microphones on a room is heard through how many audio slots. */
  sound?: SoundLimits;
  logLevel: LogLevel;
  logPretty: boolean;
  /** Anybody may join any room by its name (`/meet/ROOM`). Default true. */
  guestAccess?: boolean;
  /** Anybody may test the connection (`/preflight`); else only who has a join token. Default true. */
  publicPreflight?: boolean;
  /** API requests a minute from one address. */
  requestsPerMinute?: number;
};

export type Platform = {
  urls: { local: string; lan?: string[] };
  apiKey: ApiKey & { isNew: boolean };
  readonly sfu: SfuService;
  readonly signaling: Signaling;
  readonly store: ClusterStore;
  readonly logger: Logger;
  /** Replaces the signaling node by a new one, as an update does: clients resume on it, media does not notice. */
  restartSignaling(): Promise<void>;
  close(): Promise<void>;
};

/** Starts every role in this process, on embedded parts. What had started is closed again when a later part fails. */
export async function startPlatform(config: PlatformConfig): Promise<Platform> {
  await using started = new AsyncDisposableStack();
  const logger = createLogger({ level: config.logLevel, pretty: config.logPretty, name: 'weir' });
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });

  const database = started.adopt(await openDatabase({ dataDir: config.dataDir }, { logger }), (it) =>
    it.close(),
  );
  const apiKey = await database.apiKeys.ensureFirst();
  await keepApiKey(config.dataDir, apiKey);

  const store = started.adopt(memoryStore(), (it) => it.close());
  const sfu = started.use(await startMedia(config, store, logger));
  const app = started.adopt(
    await httpServer({
      logger,
      ...(config.tls ? { tls: config.tls } : {}),
      ...(config.requestsPerMinute ? { requestsPerMinute: config.requestsPerMinute } : {}),
    }),
    closeHttp,
  );
  await startDirector({
    app,
    store,
    database,
    signalingUrls: signalingUrl,
    iceServers: () => [],
    rtpCapabilities: routerRtpCapabilities(),
    guestAccess: config.guestAccess ?? true,
    publicPreflight: config.publicPreflight ?? true,
    logger,
  });
  await serveBrand(app, join(config.dataDir, 'brand'));
  await serveMeet(app, logger);

  const startSignaling = async () => {
    const openMediaLink = async (_nodeId: string, listener: Parameters<SfuService['open']>[0]) =>
      sfu.open(listener);
    const node = await Signaling.start({ store, openMediaLink, logger });
    node.attach(app.server as Server);
    return node;
  };
  let signaling = await startSignaling();
  started.defer(() => signaling.stop());

  const port = await listen(app, config.host, config.port);
  const running = started.move();
  return {
    urls: urlsOf(config, port),
    apiKey,
    store,
    logger,
    sfu,
    get signaling() {
      return signaling;
    },
    async restartSignaling() {
      const before = signaling;
      signaling = await startSignaling();
      await before.stop();
    },
    close: () => running.disposeAsync(),
  };
}

/** For tools on this machine while the database is held by the platform; readable by its owner only. */
async function keepApiKey(dataDir: string, { id, secret }: ApiKey): Promise<void> {
  const file = join(dataDir, 'api-key.json');
  await writeFile(file, `${JSON.stringify({ id, secret })}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
}

function startMedia(config: PlatformConfig, store: ClusterStore, logger: Logger): Promise<SfuService> {
  return startSfu({
    config: {
      nodeId: `media-${randomUUID().slice(0, 8)}`,
      listen: config.mediaListen ?? listenAddresses(config.announce ?? []),
      firstPort: config.mediaPort ?? 0,
      ...(config.workers ? { workers: config.workers } : {}),
      ...(config.sound ? { sound: config.sound } : {}),
    },
    store,
    logger,
  });
}

/**
 * An address of this machine is listened on as it is, beside loopback. Any other one stands for a translation in front
 * of this machine (NAT, container): all interfaces, announced as that.
 */
export function listenAddresses(announce: string[]): ListenAddress[] {
  const own = new Set(
    Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map((a) => a.address)),
  );
  const foreign = announce.find((address) => !own.has(address));
  if (foreign) return [{ ip: isIP(foreign) === 6 ? '::' : '0.0.0.0', announcedAddress: foreign }];
  return [...new Set([...announce, '127.0.0.1'])].map((ip) => ({ ip }));
}

/** The socket goes where the request came from: right behind proxies too, as long as they pass the host on. */
function signalingUrl(request: IncomingMessage): string[] {
  const secure = 'encrypted' in request.socket || request.headers['x-forwarded-proto'] === 'https';
  return [`${secure ? 'wss' : 'ws'}://${request.headers.host ?? 'localhost'}${signalingPath}`];
}

function urlsOf({ tls, host, announce }: PlatformConfig, port: number): Platform['urls'] {
  const scheme = tls ? 'https' : 'http';
  const isLoopback = host === 'localhost' || host === '::1' || host.startsWith('127.');
  const lan = (announce ?? []).filter((address) => !address.startsWith('127.'));
  return {
    local: `${scheme}://${host.startsWith('127.') ? host : 'localhost'}:${port}`,
    ...(isLoopback || !lan.length ? {} : { lan: lan.map((address) => `${scheme}://${address}:${port}`) }),
  };
}

async function serveMeet(app: HttpApp, logger: Logger): Promise<void> {
  const built = join(checkout, 'apps', 'meet', 'dist');
  const isBuilt = await stat(join(built, 'index.html')).catch(() => undefined);
  if (!isBuilt) return logger.warn({ built }, 'the web app is not built: run npm run build -w @weir/meet');
  await serveApp(app, built, ['/', '/meet/:room', '/preflight']);
}
