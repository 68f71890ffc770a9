// Errors: every failure on the way through HTTP, as a problem.
//
// Owns the mapping of the framework's errors, of unknown paths and methods, and of what is no HTTP at all.
//   E1. Whatever fails, the client gets a problem with a code; what is not expected says nothing of the inside.
//   E2. The log has routes and instances, never URLs, headers or bodies.

import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './answers.ts';
import type { Edge, EdgeLog, Routes } from './edge.ts';
import { LINGER_MS } from '../limits.ts';
import { problem, PROBLEM_TYPE, type ProblemCode } from './problems.ts';
import { Refused } from './refused.ts';
import { refusedShape } from './validation.ts';

const FRAMEWORK_CODES: { readonly [code: string]: ProblemCode } = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_http',
  FST_ERR_MAX_PARAM_LENGTH: 'head_too_large',
  ECONNRESET: 'malformed_http',
};

// Not by an import, for which Node reads every export of the module, a whole HTTP client of its own among them.
const { STATUS_CODES } = process.getBuiltinModule('node:http');

export function answerErrors(app: Routes, edge: Edge): void {
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, problem('not_found')));
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    answerError(edge.logger, error, request, reply);
  });
}

/** For errors that come before there is a route. */
export function answerError(log: EdgeLog, error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const refused = expected(error, request);
  if (refused !== undefined) {
    if (reply.getHeader('connection') === 'close' && !request.raw.complete) dropRest(request, reply);
    reply.headers(refused.headers);
    sendProblem(reply, refused.problem);
    return;
  }
  const told = problem(error.name === 'PayloadDamaged' ? 'payload_damaged' : 'internal_error');
  log.error({ instance: told.instance, method: request.method, route: request.routeOptions.url, err: error }, 'a request failed');
  sendProblem(reply, told);
}

function expected(error: FastifyError, request: FastifyRequest): Refused | undefined {
  if (error instanceof Refused) return error;
  if (error.code === 'FST_ERR_VALIDATION') return refusedShape(error);
  if (error.code === 'FST_ERR_BAD_URL') return badUrl(request);
  const code = FRAMEWORK_CODES[error.code];
  return code === undefined ? undefined : new Refused(code);
}

/**
 * A body was refused before all of it came. The framework would close the connection at once, which resets it, and the
 * client might never read why: so the rest of the body is dropped for a moment.
 */
function dropRest({ raw }: FastifyRequest, reply: FastifyReply): void {
  reply.removeHeader('connection');
  // Whoever counts the body may have it already, and would hold it back once nobody reads on.
  raw.unpipe().resume();
  setTimeout(() => { if (!raw.complete) raw.destroy(); }, LINGER_MS).unref();
}

/** A percent sign that encodes nothing. */
function badUrl({ raw }: FastifyRequest): Refused {
  const isLock = raw.url?.startsWith('/v1/locks/') === true;
  return isLock ? new Refused('lock_name_invalid') : new Refused('invalid_request', { detail: 'The path has a percent sign that encodes nothing.' });
}

/** Remembers the paths that there are, and says why a request met none of them: no such path, or not with this method. */
export function unknownPaths(app: Routes): (request: FastifyRequest) => Refused {
  const methodsByPath = new Map<string, string[]>();
  app.addHook('onRoute', ({ url, method }) => {
    methodsByPath.set(url, [...(methodsByPath.get(url) ?? []), ...[method].flat()]);
  });
  return ({ raw: { url = '' } }) => {
    const path = url.split('?', 1)[0]!.split('/');
    const allowed = [...methodsByPath].filter(([pattern]) => isMatch(pattern.split('/'), path)).flatMap(([, methods]) => methods);
    if (allowed.length === 0) return new Refused('not_found');
    return new Refused('method_not_allowed', {}, { allow: [...new Set(allowed)].toSorted().join(', ') });
  };
}

function isMatch(pattern: readonly string[], path: readonly string[]): boolean {
  return pattern.length === path.length && pattern.every((segment, index) => segment === path[index] || segment.startsWith(':'));
}

const SOCKET_CODES: { readonly [code: string]: ProblemCode } = {
  HPE_HEADER_OVERFLOW: 'head_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'body_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/**
 * Answers what could not be read as HTTP, where it still can be answered, and closes. (E1) What the client was still
 * sending is dropped for a moment: closed at once, the connection would be reset, and the answer lost on its way.
 */
export function answerSocketError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (socket.writableEnded && error.code !== 'ECONNRESET') return;
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const told = problem(SOCKET_CODES[error.code ?? ''] ?? 'malformed_http');
  const body = JSON.stringify(told);
  socket.end([
    `HTTP/1.1 ${told.status} ${STATUS_CODES[told.status]}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n'));
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}
