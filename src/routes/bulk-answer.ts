// Bulk answer: many questions that are asked together, and the one answer to them all.
//
// Owns the asking in one go, and the last look before the writing. Does not own what the machine hears of a grant
// (connection.ts).
//   B1. The questions are asked one after another in one turn of the loop: nothing is stepped in between, and they share
//       a commit. The answer is written when the last of them has its reply.
//   B2. All grants leave in one answer: none is written to a connection that is known to be closed, and the machine
//       hears of each that was not carried.
//   B3. No answer calls a lease held that is over: of those that are, the machine is asked again until it has settled
//       their end. All leases are looked at, and written, by one reading of the clock.

import type { FastifyReply } from 'fastify';
import type { Reading, Unnumbered } from '../engine.ts';
import type { ClientRequest } from '../state/inputs.ts';
import type { Reply } from '../state/replies.ts';
import { answering } from './ask.ts';
import { Connection, onceTaken } from './connection.ts';
import type { Edge } from './edge.ts';
import { endUnanswered, isClosed } from './exchange.ts';
import { isOver } from './lease-view.ts';

export type BulkQuestion = Extract<Unnumbered<ClientRequest>, { kind: 'acquire' | 'renew' | 'release' }>;

/** Writes the answer; called once, with a reply to each question, in their order, that is as it says. */
export type WriteBulk = (replies: readonly Reply[], reading: Reading) => void;

/** Asks, and writes the answer when all replies have come. None of the questions may wait in line. */
export function answerBulk(edge: Edge, reply: FastifyReply, questions: readonly BulkQuestion[], write: WriteBulk): void {
  const connections = questions.map(() => new Connection(edge, reply));
  const replies: Reply[] = [];
  let unanswered = questions.length;
  if (unanswered === 0) return write(replies, edge.engine.reading());
  for (const [index, question] of questions.entries()) ask(index, question);

  function ask(index: number, question: Parameters<Connection['submit']>[0]): void {
    connections[index]!.submit(question, answering(reply, (told) => hear(index, told)));
  }

  function hear(index: number, told: Reply): void {
    replies[index] = told;
    const connection = connections[index]!;
    if (told.kind !== 'lease') connection.lost();
    else if (told.grant !== undefined) connection.isGiven(told.view.lease.id, told.grant);
    unanswered -= 1;
    if (unanswered === 0) finish();
  }

  function finish(): void {
    if (isClosed(reply)) {
      for (const connection of connections) connection.lost();
      return endUnanswered(edge, reply);
    }
    const reading = edge.engine.reading();
    const over = [...replies.entries()].flatMap(([index, told]) => (told.kind === 'lease' && isOver(told.view, reading) ? [{ index, lease: told.view.lease.id }] : []));
    if (over.length === 0) {
      write(replies, reading);
      return onceTaken(reply.raw, (taken) => { for (const connection of connections) connection.settle(taken); });
    }
    unanswered = over.length;
    for (const { index, lease } of over) ask(index, { kind: 'readLease', lease, waitMs: 0, held: true });
  }
}
