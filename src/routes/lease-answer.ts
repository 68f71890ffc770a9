// Lease answer: the one way in which a lease is written to a connection.
//
// Owns the last look before the writing. Does not own what the machine hears of it (connection.ts).
//   W1. A grant is not written to a connection that is known to be closed; the machine hears of it.
//   W2. No answer calls a lease held that is over: the machine is asked again until it has settled its end.

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Reading, Submitted } from '../engine.ts';
import type { LeaseView } from '../state/replies.ts';
import { accepted } from './answers.ts';
import { Connection } from './connection.ts';
import type { Edge } from './edge.ts';
import { endUnanswered, isClosed } from './exchange.ts';
import { isOver } from './lease-view.ts';

/** Writes the answer; called once, with a lease that is as it says. */
export type WriteLease = (view: LeaseView, reading: Reading) => void;

/** `waits`: the answer may be long in coming, and a hang-up meanwhile has to be heard at once. */
export async function answerLease(edge: Edge, request: FastifyRequest, reply: FastifyReply, submitted: Submitted, waits: boolean, write: WriteLease): Promise<void> {
  const connection = new Connection(edge, reply, submitted.request);
  if (waits) connection.watch();
  let answer = accepted(edge, reply, await submitted.reply, 'lease');
  while (answer !== undefined) {
    const { view, grant } = answer;
    if (grant !== undefined) connection.isGiven(view.lease.id, grant);
    if (isClosed(request, reply)) {
      connection.lost();
      return endUnanswered(edge, reply);
    }
    const reading = edge.engine.reading();
    if (!isOver(view, reading)) {
      write(view, reading);
      return connection.written(view.lease.state === 'held');
    }
    const again = edge.engine.submit({ kind: 'readLease', lease: view.lease.id, waitMs: 0, held: request.method === 'POST' ? true : undefined });
    connection.listenTo(again.request);
    answer = accepted(edge, reply, await again.reply, 'lease');
  }
  connection.written(false);
}
