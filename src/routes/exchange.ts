// Exchange: one request and its answer, followed from the head of the request to the end of its connection's interest.
//
// Owns when it came, who asks and whether the client hung up. One listener serves counting and hang-ups alike, as every
// acquire and release passes here.
//   K1. The end is told once. What was finished is with the kernel, and more cannot be known; on a connection with
//       several requests an answer is finished when those before it are.

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
  /** Called once, when the answer has left for the kernel (`finished`) or its connection closed before. (K1) */
  onEnd: ((finished: boolean) => void) | undefined;

  constructor(arrivedAt: number) {
    this.arrivedAt = arrivedAt;
  }
}

/** Makes every request of the app begin with an exchange, and counts it at its end. */
export function followRequests(app: Routes, edge: Edge): void {
  app.decorateRequest('exchange');
  app.addHook('onRequest', (request, reply, done) => {
    const exchange = new Exchange(edge.engine.reading().mono);
    request.exchange = exchange;
    reply.raw.once('close', () => {
      const finished = reply.raw.writableFinished;
      exchange.onEnd?.(finished);
      count(edge, request, finished ? reply.raw.statusCode : HUNG_UP);
    });
    done();
  });
}

function count({ engine, telemetry, logger }: Edge, request: FastifyRequest, status: number): void {
  const { method, routeOptions: { url: route = '' } } = request;
  const seconds = (engine.reading().mono - request.exchange.arrivedAt) / 1_000;
  telemetry.request(route, method, status, seconds);
  if (logger.isLevelEnabled('debug')) logger.debug({ method, route, status, ms: Math.round(seconds * 1_000) }, 'answered');
}

/** Whether nothing that is written now can reach the client. */
export function isClosed(request: FastifyRequest, reply: FastifyReply): boolean {
  return !request.raw.socket.writable || reply.raw.destroyed;
}
