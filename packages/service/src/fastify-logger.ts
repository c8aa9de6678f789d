import type { Logger } from '@weir/core';
import type { FastifyBaseLogger } from 'fastify';

/** Our logger as Fastify wants one, for what the framework itself has to say. */
export function fastifyLogger(logger: Logger): FastifyBaseLogger {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: unknown, message?: string): void => {
      if (typeof fields === 'string') logger[level]({}, fields);
      else if (fields instanceof Error) logger[level]({ err: fields }, message ?? fields.message);
      else logger[level](fields as object, message ?? 'fastify');
    };
  return {
    level: 'info',
    silent: () => {},
    trace: () => {},
    debug: write('debug'),
    info: write('debug'), // Addresses it listens on: the platform says it better.
    warn: write('warn'),
    error: write('error'),
    fatal: write('error'),
    child: (fields: object) => fastifyLogger(logger.child(fields)),
  } as FastifyBaseLogger;
}
