import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import cors from '@fastify/cors';
import rateLimit from '@fastify/rate-limit';
import { type Logger, newId, PlatformError, withDeadline } from '@weir/core';
import fastify, { type FastifyInstance, type FastifyRequest, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { fastifyLogger } from './fastify-logger.ts';
import { refuseBrokenRequest, sendProblem } from './http-faults.ts';
import { securityHeaders } from './security-headers.ts';

/** A Fastify instance whose routes take zod schemas. */
export type HttpApp = ReturnType<typeof createApp>;

export type HttpServerConfig = {
  /** PEM texts. */
  tls?: { cert: string; key: string };
  logger: Logger;
  /** Requests a minute from one address to the API; health checks and static files are free. */
  requestsPerMinute?: number;
  bodyLimitBytes?: number;
  /** For a request to come in, and again for the API to answer it. */
  requestTimeoutMs?: number;
  /** For what is under way when the server closes; then its sockets are cut. */
  closeTimeoutMs?: number;
  /** The proxies whose word on the client's address counts; true: any. Without it a proxy's clients share one limit. */
  trustProxy?: boolean | string[];
  /** Whether this process can do its work now; `/readyz` asks. */
  isReady?: () => boolean | Promise<boolean>;
};

const defaults = { requestsPerMinute: 1_200, bodyLimitBytes: 64 * 1024, requestTimeoutMs: 15_000 };
const closeTimeoutMs = 3_000;
const readyTimeoutMs = 2_000;
const apiPrefix = '/v1/';

function createApp(config: HttpServerConfig) {
  const { tls, logger, trustProxy = false } = config;
  const requestTimeoutMs = config.requestTimeoutMs ?? defaults.requestTimeoutMs;
  const node = { connectionsCheckingInterval: 1_000, headersTimeout: requestTimeoutMs };
  const app = fastify({
    ...(tls ? { https: { ...tls, ...node } } : { http: node }),
    loggerInstance: fastifyLogger(logger),
    logController: new LogController({ disableRequestLogging: true }), // `onResponse` does it, without addresses.
    genReqId: () => newId('req', 60),
    bodyLimit: config.bodyLimitBytes ?? defaults.bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    routerOptions: { maxParamLength: 1_024 }, // A name of 64 letters takes up to 9 times as many in an address.
    trustProxy,
    return503OnClosing: false, // Its answer is no problem details: `refuseWhenClosing` does it.
    clientErrorHandler: refuseBrokenRequest,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: Parameters<typeof sendProblem>[2]) =>
      sendProblem(error, request, reply, logger),
  } as object).withTypeProvider<ZodTypeProvider>();
  // A download may take its time, an answer of the API may not.
  app.addHook('onRoute', (route) => {
    if (route.path.startsWith(apiPrefix)) route.handlerTimeout ??= requestTimeoutMs;
  });
  return app;
}

/**
 * An HTTP server as all our services have it: zod schemas, problem details for every error (RFC 9457), security headers,
 * rate limits, `/healthz` (this process works) and `/readyz` (`isReady`). Call `listen`; close it with `closeHttp`.
 */
export async function httpServer(config: HttpServerConfig): Promise<HttpApp> {
  const { logger } = config;
  const app = createApp(config);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((thrown, request, reply) => sendProblem(thrown, request, reply, logger));
  app.setNotFoundHandler(() => {
    throw new PlatformError('not-found', 'there is nothing at this address for this method');
  });
  takeOnlyJson(app);
  const isClosing = closeInTime(app, config.closeTimeoutMs ?? closeTimeoutMs);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders).header('x-request-id', request.id);
    if (request.url.startsWith(apiPrefix)) reply.header('cache-control', 'no-store');
    if (isClosing() && request.routeOptions.url !== '/healthz')
      throw new PlatformError('going-away', 'this server is closing');
  });
  app.addHook('onResponse', async (request, reply) => {
    const { url: route } = request.routeOptions;
    const fields = { method: request.method, route, status: reply.statusCode, requestId: request.id };
    logger.debug({ ...fields, ms: Math.round(reply.elapsedTime) }, 'request');
  });
  // Pages of other origins may ask: what they may do is in their token, cookies are not used.
  await app.register(
    cors,
    () => (request: FastifyRequest, decide: (error: null, options: object) => void) => {
      if (!request.url.startsWith(apiPrefix)) return decide(null, { origin: false });
      const exposedHeaders = ['location', 'retry-after', 'x-request-id'];
      decide(null, {
        origin: '*',
        methods: ['GET', 'POST', 'PATCH', 'DELETE'],
        exposedHeaders,
        maxAge: 86_400,
      });
    },
  );
  await app.register(rateLimit, {
    global: true,
    max: config.requestsPerMinute ?? defaults.requestsPerMinute,
    timeWindow: 60_000,
    cache: 20_000,
    // The route, not the address: that has other spellings.
    allowList: (request) => !request.routeOptions.url?.startsWith(apiPrefix),
    errorResponseBuilder: (_request, { after }) =>
      new PlatformError('rate-limited', `too many requests from your address; try again in ${after}`),
  });
  healthRoutes(app, config);
  return app;
}

/** Opens the port; answers the one that was taken. Throws `conflict` when it is in use. */
export async function listen(app: HttpApp, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EADDRINUSE')
      throw new PlatformError('conflict', `port ${port} is in use`, { cause: error });
    if (code === 'EACCES')
      throw new PlatformError('forbidden', `port ${port} needs more rights`, { cause: error });
    throw error;
  }
  return ((app.server as Server).address() as AddressInfo).port;
}

/** Stops accepting, finishes what is under way, and cuts off what is not done by the deadline. */
export async function closeHttp(app: FastifyInstance | HttpApp): Promise<void> {
  await app.close();
}

/** Bounds every `close()` of the app; answers whether it has begun. */
function closeInTime(app: HttpApp, timeoutMs: number): () => boolean {
  const sockets = new Set<Socket>();
  let closing = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  (app.server as Server).on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  app.addHook('preClose', async () => {
    closing = true;
    // WebSockets among them, which the server itself would wait for without end.
    timer = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, timeoutMs);
  });
  // Else a client that keeps its connection open would be waited for.
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
  app.addHook('onClose', async () => clearTimeout(timer));
  return () => closing;
}

/** JSON or nothing; an empty body is none, whatever its type. */
function takeOnlyJson(app: HttpApp): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parse(request, body, done);
  });
}

function healthRoutes(app: HttpApp, { isReady }: HttpServerConfig): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async () => {
    const asked = Promise.resolve().then(() => isReady?.() ?? true);
    const ready = await withDeadline(asked, readyTimeoutMs, 'readiness').catch(() => false);
    if (!ready) throw new PlatformError('going-away', 'not ready');
    return { status: 'ready' };
  });
}
