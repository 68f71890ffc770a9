// Answers: what every route writes in the same way: problems.

import type { FastifyReply } from 'fastify';
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

function sendRefusal(edge: Edge, reply: FastifyReply, refusal: Refusal, statuses: Statuses = {}): FastifyReply {
  const { code, lock, ...rest } = refusal;
  const holding = lock === undefined ? {} : { holders: holdersOf(lock, edge.engine.reading()), waiters: lock.waiters };
  return sendProblem(reply, problem(code, { ...rest, ...holding, status: statuses[code] }));
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
  sendRefusal(edge, reply, answer.refusal, statuses);
  return undefined;
}

function isOfKind<Kind extends Reply['kind']>(answer: Reply, kind: Kind): answer is Extract<Reply, { kind: Kind }> {
  return answer.kind === kind;
}
