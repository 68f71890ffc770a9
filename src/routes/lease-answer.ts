// Lease answer: the one way in which a lease is written to a connection.
//
// Owns the question, and the last look before the writing. Does not own what the machine hears of it (connection.ts).
//   W1. A grant is not written to a connection that is known to be closed; the machine hears of it.
//   W2. No answer calls a lease held that is over: the machine is asked again until it has settled its end.

import type { FastifyReply } from 'fastify';
import type { Answer, Reading, Unnumbered } from '../engine.ts';
import type { ClientRequest } from '../state/inputs.ts';
import type { LeaseView, Reply } from '../state/replies.ts';
import { accepted } from './answers.ts';
import { attempt } from './ask.ts';
import { Connection } from './connection.ts';
import type { Edge } from './edge.ts';
import { endUnanswered, isClosed } from './exchange.ts';
import { isOver } from './lease-view.ts';

/** Writes the answer; called once, with a lease that is as it says. One for all requests: what waits keeps what it is given. */
export type WriteLease = (reply: FastifyReply, view: LeaseView, reading: Reading) => void;

type Question = Extract<Unnumbered<ClientRequest>, { kind: 'acquire' | 'renew' | 'readLease' }>;

/** Asks, and writes the answer when it has come. A lease that may be long in coming is watched for hang-ups meanwhile. */
export function answerLease(edge: Edge, reply: FastifyReply, question: Question, write: WriteLease): void {
  const connection = new Connection(edge, reply);
  // By hand and not by `answering`: it is kept for as long as the request waits, and all of it is in this one closure.
  const answer: Answer = (told) => {
    attempt(connection.reply, () => hear(connection, told, write, answer));
  };
  connection.submit(question, answer);
  if (question.kind !== 'renew' && question.waitMs > 0) connection.wait();
}

function hear(connection: Connection, told: Reply, write: WriteLease, answer: Answer): void {
  const { edge, reply } = connection;
  const found = accepted(edge, reply, told, 'lease');
  if (found === undefined) return connection.lost();
  const { view, grant } = found;
  if (grant !== undefined) connection.isGiven(view.lease.id, grant);
  if (isClosed(reply)) {
    connection.lost();
    return endUnanswered(edge, reply);
  }
  const reading = edge.engine.reading();
  if (isOver(view, reading)) {
    const held = reply.request.method === 'POST' ? true : undefined;
    connection.submit({ kind: 'readLease', lease: view.lease.id, waitMs: 0, held }, answer);
  } else {
    write(reply, view, reading);
    connection.written(view.lease.state === 'held');
  }
}
