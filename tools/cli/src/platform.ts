import { randomBytes, randomUUID } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage, Server } from 'node:http';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { type ApiKey, relaySecret, relayServers, relayUrlSuits } from '@weir/auth';
import {
  type ClusterStore,
  type DirectorStatus,
  DrainWatch,
  directorKey,
  mediaNode,
  memoryStore,
  NodeLease,
  nodeFacts,
  RegionHints,
  RelayPool,
  redisStore,
  signalingNodes,
} from '@weir/cluster';
import { type Logger, PlatformError } from '@weir/core';
import { openDatabase } from '@weir/database';
import { startDirector } from '@weir/director';
import { type ListenAddress, type NodeLimits, routerRtpCapabilities, type SoundLimits } from '@weir/media';
import { connectMediaNode } from '@weir/media/control';
import { type RelayConfig, type RelayService, startRelay } from '@weir/relay';
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
import { type OfferRelays, type OpenMediaLink, Signaling, signalingPath } from '@weir/signaling';
import { serveBrand } from './brand.ts';
import { checkout } from './folders.ts';

const signalingUrlsAtMost = 4;

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
  /** The addresses of proxies whose word on a client's address counts. */
  trustProxy?: string[];
  /** API requests a minute from one address. */
  requestsPerMinute?: number;
  /** Of the relay here; absent: none. */
  relay?: RelayOptions;
  /** How long a client’s credentials for relays are good, in seconds; half of that later they are renewed. */
  relayCredentialSeconds?: number;
  /** What this process does of it all. Default: everything. */
  roles?: Role[];
  /** Default: a name of its own at each start. */
  nodeId?: string;
  /** Present: this process is one of a fleet. */
  fleet?: FleetConfig;
};

/** What there is to say of a relay beyond the platform around it. */
export type RelayOptions = Omit<RelayConfig, 'nodeId' | 'region' | 'secret'>;

export const roles = ['director', 'signaling', 'media', 'relay'] as const;
export type Role = (typeof roles)[number];

/** What the processes of a fleet have in common, and how this one is reached by the others. */
export type FleetConfig = {
  /** Redis or Valkey: one server, or some nodes of a Redis Cluster. */
  redis: { urls: string[]; cluster?: boolean };
  /** `postgres://…`; directors need it, and no other role. */
  databaseUrl?: string;
  /** Whoever has it may control media nodes. */
  secret: string;
  region: string;
  /** Where clients of a network (`10.1.0.0/16=eu`) are, or those for whom a header has a word (`DE=eu`). */
  regionHints?: string[];
  regionHeader?: string;
  /** Where signaling nodes reach this media node. `announcedUrl`: when that is another address. */
  control: { host: string; port: number; announcedUrl?: string };
  /** New sessions come to this media node while it has fewer. */
  sessionsAtMost?: number;
  /** How much the media node here is meant to carry; default: as much as its processors do. */
  limits?: NodeLimits;
  /** Media nodes that get a track from this one itself; the others get it from them. */
  fanOut?: number;
  /** Where clients reach the signaling here, like `wss://node-3.example.org`; absent: where they ask the director. */
  publicUrl?: string;
};

export type Platform = {
  urls: { local: string; lan?: string[] };
  /** Throws, as those below, when the process does not have the role (here: director). */
  readonly apiKey: ApiKey & { isNew: boolean };
  readonly sfu: SfuService;
  readonly signaling: Signaling;
  readonly relay: RelayService;
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

  const { fleet } = config;
  const does = (role: Role) => config.roles?.includes(role) ?? true;
  const address = fleet ? { url: fleet.databaseUrl! } : { dataDir: config.dataDir };
  const database = does('director')
    ? started.adopt(await openDatabase(address, { logger }), (it) => it.close())
    : undefined;
  const apiKey = await database?.apiKeys.ensureFirst();
  if (apiKey) await keepApiKey(config.dataDir, apiKey);

  const store = started.adopt(await openStore(fleet, logger), (it) => it.close());
  const sfu = does('media') ? started.use(await startMedia(config, store, logger)) : undefined;
  const secret = fleet?.secret ?? randomBytes(32).toString('hex');
  const relay =
    does('relay') && config.relay
      ? started.use(await startOwnRelay(config, secret, store, logger))
      : undefined;
  const offer =
    does('director') || does('signaling') ? await relayOffer(config, secret, store, logger) : undefined;
  if (offer) started.use(offer.pool);
  const drains = started.use(await DrainWatch.start(store.leases, logger));
  const isLeaving = () => config.nodeId !== undefined && drains.of(config.nodeId) !== undefined;
  const app = started.adopt(
    await httpServer({
      logger,
      isReady: () => !isLeaving(), // So that a proxy in front sends nobody here any more.
      ...(config.tls ? { tls: config.tls } : {}),
      ...(config.trustProxy ? { trustProxy: config.trustProxy } : {}),
      ...(config.requestsPerMinute ? { requestsPerMinute: config.requestsPerMinute } : {}),
    }),
    closeHttp,
  );
  if (database) {
    await startDirector({
      app,
      store,
      database,
      signalingUrls: (request) =>
        signalingUrls(request, store, { here: does('signaling'), leaving: isLeaving() }),
      iceServers: (participantId, paths, region) =>
        offer!.relays(participantId, paths, { spare: false, region }),
      rtpCapabilities: routerRtpCapabilities(),
      guestAccess: config.guestAccess ?? true,
      publicPreflight: config.publicPreflight ?? true,
      ...(fleet ? { region: fleet.region } : {}),
      ...(fleet?.regionHints ? { regionHints: new RegionHints(fleet.regionHints) } : {}),
      ...(fleet?.regionHeader ? { regionHeader: fleet.regionHeader } : {}),
      logger,
    });
    const nodeId = config.nodeId ?? `director-${randomUUID().slice(0, 8)}`;
    // Not awaited: after a crash the earlier lease has to run out first.
    const lease = NodeLease.take(store.leases, directorKey(nodeId), {
      status: (): DirectorStatus => ({
        region: fleet?.region ?? 'local',
        ...nodeFacts(drains, nodeId),
      }),
      logger,
    });
    lease.catch((error) => logger.error({ err: error, nodeId }, 'another director has this name'));
    started.defer(() =>
      lease.then(
        (taken) => taken.release(),
        () => {},
      ),
    );
    await serveBrand(app, join(config.dataDir, 'brand'));
    await serveMeet(app, logger);
  }

  const openMediaLink = mediaLinks(store, sfu, fleet);
  const startSignaling = async () => {
    const node = await Signaling.start({
      store,
      openMediaLink,
      logger,
      iceServers: offer!.relays,
      ...(config.relayCredentialSeconds ? { renewRelaysEveryMs: config.relayCredentialSeconds * 500 } : {}),
      ...(config.nodeId ? { nodeId: config.nodeId } : {}),
      ...(fleet ? { region: fleet.region } : {}),
      ...(fleet?.publicUrl ? { url: new URL(signalingPath, fleet.publicUrl).href } : {}),
    });
    node.attach(app.server as Server);
    return node;
  };
  let signaling = does('signaling') ? await startSignaling() : undefined;
  started.defer(() => signaling?.stop());

  const port = await listen(app, config.host, config.port);
  const running = started.move();
  return {
    urls: urlsOf(config, port),
    get apiKey() {
      return present(apiKey, 'director');
    },
    store,
    logger,
    get sfu() {
      return present(sfu, 'media');
    },
    get signaling() {
      return present(signaling, 'signaling');
    },
    get relay() {
      return present(relay, 'relay');
    },
    async restartSignaling() {
      const before = present(signaling, 'signaling');
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

function present<T>(part: T | undefined, role: Role): T {
  if (!part) throw new PlatformError('wrong-state', `this process does not have the role ${role}`);
  return part;
}

async function openStore(fleet: FleetConfig | undefined, logger: Logger): Promise<ClusterStore> {
  return fleet ? redisStore({ ...fleet.redis, logger }) : memoryStore();
}

/** A function call to the media node of this process, a WebSocket to any other. */
function mediaLinks(
  store: ClusterStore,
  sfu: SfuService | undefined,
  fleet: FleetConfig | undefined,
): OpenMediaLink {
  return async (nodeId, listener) => {
    if (sfu?.node.nodeId === nodeId) return sfu.open(listener);
    const node = await mediaNode(store.leases, nodeId);
    const url = node?.status.address;
    if (!url || !fleet) throw new PlatformError('no-media-node', `media node ${nodeId} is not alive`);
    return connectMediaNode({ url, secret: fleet.secret }, listener);
  };
}

async function startMedia(config: PlatformConfig, store: ClusterStore, logger: Logger): Promise<SfuService> {
  const { fleet } = config;
  return startSfu({
    config: {
      nodeId: config.nodeId ?? `media-${randomUUID().slice(0, 8)}`,
      ...(fleet ? await fleetMedia(fleet) : {}),
      listen: config.mediaListen ?? listenAddresses(config.announce ?? []),
      firstPort: config.mediaPort ?? 0,
      ...(config.workers ? { workers: config.workers } : {}),
      ...(config.sound ? { sound: config.sound } : {}),
    },
    store,
    logger,
  });
}

function startOwnRelay(
  config: PlatformConfig,
  secret: string,
  store: ClusterStore,
  logger: Logger,
): Promise<RelayService> {
  const nodeId = config.nodeId ?? `relay-${randomUUID().slice(0, 8)}`;
  const region = config.fleet ? { region: config.fleet.region } : {};
  const own = { nodeId, ...region, secret: relaySecret(secret, nodeId) };
  return startRelay({ config: { ...config.relay!, ...own }, store, logger });
}

/** The relays of the fleet, and what a client is told of them. */
async function relayOffer(
  { fleet, relayCredentialSeconds: ttlSeconds }: PlatformConfig,
  secret: string,
  { leases }: ClusterStore,
  logger: Logger,
): Promise<{ pool: RelayPool; relays: OfferRelays }> {
  const pool = await RelayPool.start(leases, { region: fleet?.region ?? 'local', logger });
  const lifetime = ttlSeconds ? { ttlSeconds } : {};
  const relays: OfferRelays = (participantId, paths, { spare, region }) =>
    relayServers(pool.choose({ region, suits: relayUrlSuits(paths), count: spare ? 2 : 1 }), {
      secret,
      participantId,
      ...lifetime,
    });
  return { pool, relays };
}

/** Pipes go over the network on which media nodes are controlled. */
async function fleetMedia({ region, control, secret, sessionsAtMost, limits, fanOut }: FleetConfig) {
  const { address: ip } = await lookup(control.host);
  const { announcedUrl } = control;
  const listen = announcedUrl ? { ip, announcedAddress: new URL(announcedUrl).hostname } : { ip };
  return {
    region,
    control: { ...control, secret },
    ...(sessionsAtMost === undefined ? {} : { sessionsAtMost }),
    ...(limits ? { limits } : {}),
    pipes: { listen, ...(fanOut === undefined ? {} : { fanOut }) },
  };
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

/**
 * The socket goes where the request came from: right behind proxies too, as long as they pass the host on. After that,
 * in any order, to every other signaling node that has an address of its own.
 */
async function signalingUrls(
  request: IncomingMessage,
  store: ClusterStore,
  { here, leaving }: { here: boolean; leaving: boolean },
): Promise<string[]> {
  const secure = 'encrypted' in request.socket || request.headers['x-forwarded-proto'] === 'https';
  const asked = `${secure ? 'wss' : 'ws'}://${request.headers.host ?? 'localhost'}${signalingPath}`;
  const nodes = await signalingNodes(store.leases);
  const staying = nodes.filter(({ status }) => !status.drain);
  const others = (staying.length ? staying : nodes)
    .flatMap(({ status }) => status.url ?? [])
    .sort(() => Math.random() - 0.5);
  const reachable = (here && !leaving) || nodes.some(({ status }) => !status.url) || !others.length;
  return [...new Set([...(reachable ? [asked] : []), ...others])].slice(0, signalingUrlsAtMost);
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
