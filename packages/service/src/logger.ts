import type { Logger } from '@weir/core';
import pino, { type DestinationStream } from 'pino';
import pretty from 'pino-pretty';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type LoggerOptions = {
  level: LogLevel;
  /** Lines for a person, when standard error is a terminal; JSON lines otherwise. */
  pretty: boolean;
  name: string;
};

/** What must never be in a log, wherever in the fields it turns up (three levels deep). */
const secrets = ['token', 'secret', 'secretHash', 'authorization', 'credential', 'password', 'cookie'];

/** Writes to standard error unless a destination is given. Secrets are cut out. */
export function createLogger(options: LoggerOptions, destination?: DestinationStream): Logger {
  return pino(
    {
      name: options.name,
      level: options.level,
      redact: {
        paths: secrets.flatMap((secret) => [secret, `*.${secret}`, `*.*.${secret}`]),
        censor: '[cut]',
      },
    },
    destination ??
      (options.pretty && process.stderr.isTTY ? forPerson() : pino.destination({ dest: 2, sync: true })),
  );
}

function forPerson(): DestinationStream {
  return pretty({
    colorize: true,
    ignore: 'pid,hostname,name',
    translateTime: 'HH:MM:ss',
    destination: 2,
    sync: true,
  });
}
