export { readConfig } from './config.ts';
export { closeHttp, type HttpApp, type HttpServerConfig, httpServer, listen } from './http-server.ts';
export { createLogger, type LoggerOptions, type LogLevel } from './logger.ts';
export { codesByStatus, problemOf, toPlatformError } from './problem.ts';
export { type StaticOptions, serveApp, serveStatic } from './static-files.ts';
export { wsChannel } from './ws-channel.ts';
