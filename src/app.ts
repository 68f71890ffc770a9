// App: the HTTP server, put together.
//
// Owns the server's settings and the order in which a request meets its checks. Does not own what any route does.
//   A1. A request is refused as early as it can be: who asks, then where to, then the body, then its shape.
//   A2. Nothing is coerced, defaulted or taken away by validation.
//   A3. Closing waits for answers that are being written, for a moment, and for nothing else: a connection that was busy
//       when closing began is closed as soon as it is idle.

import type { Server } from 'node:http';
import fastify, { type FastifyInstance } from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import {
  BODIES_BYTES_MAX, BODY_BYTES_MAX, HEAD_BYTES_MAX, HEAD_TIMEOUT_MS, IDLE_CONNECTION_MS, KEEP_ALIVE_PROBES, KEEP_ALIVE_PROBE_MS, REQUEST_TIMEOUT_MS,
} from './limits.ts';
import type { Config } from './config.ts';
import { createAccess } from './routes/access.ts';
import { NO_BODY, parseBodies } from './routes/body.ts';
import type { Edge, Routes } from './routes/edge.ts';
import { answerError, answerErrors, answerSocketError, unknownPaths } from './routes/errors.ts';
import { batchRoutes } from './routes/batches.ts';
import { bulkRoute } from './routes/bulk.ts';
import { COMPONENTS } from './routes/components.ts';
import { COMPILERS } from './routes/compiling.ts';
import { describedLater, pageRoutes, specificationRoute, type Description } from './routes/documents.ts';
import { functionRoutes } from './routes/functions.ts';
import { countRequests, Exchange } from './routes/exchange.ts';
import { leaseRoutes } from './routes/leases.ts';
import { lockRoutes } from './routes/locks.ts';
import { Refused } from './routes/refused.ts';
import { roomFor } from './routes/room.ts';
import { opsRoutes } from './routes/ops.ts';

export interface AppParts extends Omit<Edge, 'tokens' | 'callbacks' | 'checkCallbackUrl'> {
  readonly config: Pick<Config, 'tokens' | 'webhookSecrets' | 'destinationRule'>;
}

const CLOSE_SWEEP_MS = 50;
/** How long an answer that is being written, or a request that never ends, can keep the server open. */
const CLOSE_MS_MAX = 1_000;

/** The server with all its routes, not yet listening. Closing it leaves the engine alone. */
export function createApp({ config, ...rest }: AppParts): FastifyInstance {
  const edge: Edge = {
    ...rest,
    tokens: config.tokens,
    callbacks: config.webhookSecrets.length > 0,
    checkCallbackUrl: (url) => config.destinationRule.checkUrl(url),
  };
  const app = createServer(edge);
  parseBodies(app);
  answerErrors(app, edge);
  countRequests(app, edge);
  beginRequests(app, edge);
  closeIdleConnections(app);
  const description = describedLater(edge.version, (described) => addRoutes(described, edge, description));
  addRoutes(app, edge, description);
  pageRoutes(app, description);
  return app;
}

function addRoutes(app: Routes, edge: Edge, description: Description): void {
  const room = roomFor(BODIES_BYTES_MAX);
  for (const component of COMPONENTS) app.addSchema(component);
  lockRoutes(app, edge);
  leaseRoutes(app, edge);
  bulkRoute(app, edge, room);
  functionRoutes(app, edge);
  batchRoutes(app, edge, room);
  opsRoutes(app, edge);
  specificationRoute(app, description);
}

function createServer(edge: Edge): Routes {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Silence on a connection is no reason to close it: that is how waiting looks.
    connectionTimeout: 0,
    http: { headersTimeout: HEAD_TIMEOUT_MS, maxHeaderSize: HEAD_BYTES_MAX, requireHostHeader: false },
    // A name is checked by its own rule and not by the router; the head's bound is the bound of both.
    routerOptions: { maxParamLength: HEAD_BYTES_MAX },
    schemaController: { compilersFactory: COMPILERS },
    // (A2)
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: false, keywords: ['example'] } },
    frameworkErrors: (error, request, reply) => { answerError(edge.logger, error, request, reply); },
    clientErrorHandler: answerSocketError,
  }).withTypeProvider<TypeBoxTypeProvider>();
  // A peer that vanished without a word is found by probes, and its place in line goes to who is next.
  app.server.on('connection', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS, KEEP_ALIVE_PROBE_MS, KEEP_ALIVE_PROBES));
  // Node would refuse an expectation that it does not know, and without a problem; there is no harm in not meeting it.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  return app;
}

/** In one hook, as each costs every request its share. (A1) */
function beginRequests(app: Routes, { engine, tokens }: Edge): void {
  const access = createAccess(tokens);
  const refuseUnknown = unknownPaths(app);
  app.addHook('onRequest', (request, _reply, done) => {
    request.exchange = new Exchange(engine.mono());
    request.body = NO_BODY;
    if (request.headers.host === undefined) return done(new Refused('malformed_http', { detail: 'The Host header is missing.' }));
    try {
      request.exchange.caller = access(request);
      done(request.is404 ? refuseUnknown(request) : undefined);
    } catch (error) {
      done(error instanceof Error ? error : new Error('the check of a request failed', { cause: error }));
    }
  });
}

/** (A3) The server itself looks for idle connections only once, when closing begins. */
function closeIdleConnections(app: Routes): void {
  app.addHook('preClose', (done) => {
    const server: Server = app.server;
    const sweep = setInterval(() => server.closeIdleConnections(), CLOSE_SWEEP_MS);
    // Node no longer looks for requests that never end once a server is closing.
    const cut = setTimeout(() => server.closeAllConnections(), CLOSE_MS_MAX);
    server.once('close', () => {
      clearInterval(sweep);
      clearTimeout(cut);
    });
    done();
  });
}
