import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Logger, PlatformError } from '@weir/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemHeaders, problemOf, toPlatformError } from './problem.ts';
import { securityHeaders } from './security-headers.ts';

/** Answers with the error as problem details; logs what is the server's fault. */
export function sendProblem(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): FastifyReply {
  const error = toPlatformError(thrown);
  // The pattern, not the address: that may hold a token.
  const where = { method: request.method, route: request.routeOptions.url, requestId: request.id };
  if (error.status === 500) logger.error({ err: thrown, ...where }, 'a request failed');
  else if (error.status > 500)
    logger.warn({ err: error.message, code: error.code, ...where }, 'a request failed');
  for (const [name, value] of Object.entries({ ...securityHeaders, ...problemHeaders(error) }))
    if (name === 'content-type' || !reply.hasHeader(name)) reply.header(name, value);
  // As bytes: the schema of the route is that of its good answer.
  return reply.code(error.status).send(Buffer.from(JSON.stringify(problemOf(error))));
}

/** Answers what is no HTTP, or did not come in time, and closes the socket. */
export function refuseBrokenRequest(fault: Error & { code?: string }, socket: Socket): void {
  if (fault.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const error = brokenRequest(fault.code);
  const body = JSON.stringify(problemOf(error));
  const headers = {
    ...securityHeaders,
    ...problemHeaders(error),
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('')}\r\n`;
  socket.end(head + body, () => socket.destroy());
}

function brokenRequest(code: string | undefined): PlatformError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new PlatformError('timeout', 'the request did not come in time');
  if (code === 'HPE_HEADER_OVERFLOW')
    return new PlatformError('payload-too-large', 'the headers are too large');
  return new PlatformError('bad-request', 'that is no HTTP request');
}
