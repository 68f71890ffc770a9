// Exchange: one request and its answer.
//
// Owns when it came, who asks, whether the client hung up, and counting it when it is answered.
//   K1. Each exchange is counted once: with the status of its answer, or as hung up where its connection was found
//       closed before. What was written is with the kernel, and more cannot be known.

import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import type { Caller } from './access.ts';
import type { CountRequest, Edge, Routes } from './edge.ts';

/** What counts as the status of an exchange whose client hung up before it was answered. */
const HUNG_UP = 499;

declare module 'fastify' {
  interface FastifyRequest {
    exchange: Exchange;
  }
}

export class Exchange {
  /** Monotonic time at which the head of the request was there. */
  readonly arrivedAt: number;
  caller: Caller = '';
  /** Counts it under its route; unset where it was refused before, or there is no such route. */
  counted: CountRequest | undefined = undefined;

  constructor(arrivedAt: number) {
    this.arrivedAt = arrivedAt;
  }
}

/** Counts every request of the app when it is answered; each has to begin with an exchange. (K1) */
export function countRequests(app: Routes, edge: Edge): void {
  app.decorateRequest('exchange');
  // By a hook of each route: asked for its route, the framework makes an object of all that it knows of it.
  app.addHook('onRoute', (route) => {
    const counted = edge.telemetry.requests(route.url, String(route.method));
    route.onRequest = [begun(counted), ...[route.onRequest ?? []].flat()];
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    count(edge, request, isClosed(reply) ? HUNG_UP : reply.statusCode);
    done();
  });
}

function begun(counted: CountRequest): onRequestHookHandler {
  return (request, _reply, done) => {
    request.exchange.counted = counted;
    done();
  };
}

/** Ends an exchange without an answer: the connection is closed, and nothing that is written now can reach the client. */
export function endUnanswered(edge: Edge, reply: FastifyReply): void {
  reply.hijack();
  count(edge, reply.request, HUNG_UP);
}

/** Whether nothing that is written now can reach the client. */
export function isClosed({ request, raw }: FastifyReply): boolean {
  return !request.raw.socket.writable || raw.destroyed;
}

function count({ engine, telemetry, logger }: Edge, request: FastifyRequest, status: number): void {
  const { arrivedAt, counted } = request.exchange;
  const seconds = (engine.mono() - arrivedAt) / 1_000;
  (counted ?? telemetry.requests(request.routeOptions.url ?? '', request.method))(status, seconds);
  if (!logger.isLevelEnabled('debug')) return;
  const { method, routeOptions: { url: route = '' } } = request;
  logger.debug({ method, route, status, ms: Math.round(seconds * 1_000) }, 'answered');
}
