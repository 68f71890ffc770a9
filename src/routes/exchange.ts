// Exchange: one request and its answer.
//
// Owns when it came, who asks, whether the client hung up, and counting it when it is answered.
//   K1. Each exchange is counted once: with the status of its answer, or as hung up where its connection was found
//       closed before. What was written is with the kernel, and more cannot be known.

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from './access.ts';
import type { Edge, Routes } from './edge.ts';

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

  constructor(arrivedAt: number) {
    this.arrivedAt = arrivedAt;
  }
}

/** Makes every request of the app begin with an exchange, and counts it when it is answered. (K1) */
export function followRequests(app: Routes, edge: Edge): void {
  app.decorateRequest('exchange');
  app.addHook('onRequest', (request, _reply, done) => {
    request.exchange = new Exchange(edge.engine.reading().mono);
    done();
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    count(edge, request, isClosed(request, reply) ? HUNG_UP : reply.statusCode);
    done();
  });
}

/** Ends an exchange without an answer: the connection is closed, and nothing that is written now can reach the client. */
export function endUnanswered(edge: Edge, reply: FastifyReply): void {
  reply.hijack();
  count(edge, reply.request, HUNG_UP);
}

/** Whether nothing that is written now can reach the client. */
export function isClosed(request: FastifyRequest, reply: FastifyReply): boolean {
  return !request.raw.socket.writable || reply.raw.destroyed;
}

function count({ engine, telemetry, logger }: Edge, request: FastifyRequest, status: number): void {
  const { method, routeOptions: { url: route = '' } } = request;
  const seconds = (engine.reading().mono - request.exchange.arrivedAt) / 1_000;
  telemetry.request(route, method, status, seconds);
  if (logger.isLevelEnabled('debug')) logger.debug({ method, route, status, ms: Math.round(seconds * 1_000) }, 'answered');
}
