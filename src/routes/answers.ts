// Answers: what every route writes in the same way: problems.

import type { FastifyReply } from 'fastify';
import type { Reading } from '../engine.ts';
import type { Refusal, Reply } from '../state/replies.ts';
import type { Edge } from './edge.ts';
import { endUnanswered } from './exchange.ts';
import { holdersOf } from './lock-view.ts';
import { problem, PROBLEM_TYPE, retryAfterSeconds, type Problem, type ProblemCode } from './problems.ts';

/** The statuses of codes that have another place in HTTP at one operation than elsewhere. */
export type Statuses = { readonly [Code in ProblemCode]?: number };

export function sendProblem(reply: FastifyReply, told: Problem): FastifyReply {
  const retryAfter = retryAfterSeconds(told);
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  // Sent as text, so that no operation's schema of successes can drop a member of it.
  return reply.code(told.status).type(PROBLEM_TYPE).header('cache-control', 'no-store').send(JSON.stringify(told));
}

/** What the machine refused, as a problem. */
export function refusalProblem({ code, lock, ...rest }: Refusal, reading: Reading, statuses: Statuses = {}): Problem {
  const holding = lock === undefined ? {} : { holders: holdersOf(lock, reading), waiters: lock.waiters };
  return problem(code, { ...rest, ...holding, status: statuses[code] });
}

/** The reply if it is of the kind that the request has; otherwise a refusal was sent or nobody is there, and nothing is left to do. */
export function accepted<Kind extends Reply['kind']>(
  edge: Edge, reply: FastifyReply, answer: Reply, kind: Kind, statuses?: Statuses,
): Extract<Reply, { kind: Kind }> | undefined {
  if (isOfKind(answer, kind)) return answer;
  if (answer.kind === 'hungUp') {
    endUnanswered(edge, reply);
    return undefined;
  }
  if (answer.kind !== 'refused') throw new Error(`expected a reply of kind ${kind}, got ${answer.kind}`);
  sendProblem(reply, refusalProblem(answer.refusal, edge.engine.reading(), statuses));
  return undefined;
}

function isOfKind<Kind extends Reply['kind']>(answer: Reply, kind: Kind): answer is Extract<Reply, { kind: Kind }> {
  return answer.kind === kind;
}
