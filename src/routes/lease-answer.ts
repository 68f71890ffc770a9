// Lease answer: the one way in which a lease is written to a connection.
//
// Owns what only the edge can know: whether the connection is open, and whether the lease is over by now.
//   N1. A grant is not written to a connection that is known to be closed; the machine hears of the hang-up.
//   N2. No answer calls a lease held that is over: the machine is asked again until it has settled its end.
//   N3. The machine hears of each grant exactly once that it was carried, or that its connection closed.

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Reading, Submitted } from '../engine.ts';
import type { LeaseView } from '../state/replies.ts';
import { accepted } from './answers.ts';
import type { Edge } from './edge.ts';
import { isClosed } from './exchange.ts';
import { isOver } from './lease-view.ts';

/** Writes the answer; called once, with a lease that is as it says. */
export type WriteLease = (view: LeaseView, reading: Reading) => void;

export async function answerLease(edge: Edge, request: FastifyRequest, reply: FastifyReply, submitted: Submitted, write: WriteLease): Promise<void> {
  const connection = new Connection(edge, request, submitted.request);
  let answer = accepted(edge, reply, await submitted.reply, 'lease');
  while (answer !== undefined) {
    connection.isGrant ||= answer.grant;
    if (isClosed(request, reply)) {
      connection.hangUp();
      reply.hijack();
      return;
    }
    const { view } = answer;
    const reading = edge.engine.reading();
    if (!isOver(view, reading)) {
      connection.isHeld = view.lease.state === 'held';
      write(view, reading);
      return;
    }
    const again = edge.engine.submit({ kind: 'readLease', lease: view.lease.id, waitMs: 0, held: request.method === 'POST' ? true : undefined });
    connection.listenTo(again.request);
    answer = accepted(edge, reply, await again.reply, 'lease');
  }
}

/** A connection as the machine sees it: it listens to one question, or to more, and reports once how it ended. (N3) */
export class Connection {
  /** The answer gives the lease to this client. */
  isGrant = false;
  /** The answer says `held`. */
  isHeld = false;
  readonly #edge: Edge;
  readonly #requests: number[];
  #reported = false;

  /** `request`: the number under which the machine knows the question. */
  constructor(edge: Edge, { exchange }: FastifyRequest, request: number) {
    this.#edge = edge;
    this.#requests = [request];
    exchange.onEnd = (finished) => {
      if (!finished) this.hangUp();
      else if (this.isGrant) this.#report(this.isHeld ? 'carried' : 'hangUp');
    };
  }

  listenTo(request: number): void {
    this.#requests.push(request);
  }

  hangUp(): void {
    this.#report('hangUp');
  }

  #report(kind: 'carried' | 'hangUp'): void {
    if (this.#reported) return;
    this.#reported = true;
    for (const request of this.#requests) this.#edge.engine.post({ kind, request });
  }
}
