// Ask: how routes put a question to the machine.
//
// Owns the forms: to await the reply, or to act on it without a promise, where every request passes. What a route throws
// when it acts stays with the route.

import type { FastifyReply } from 'fastify';
import type { Answer, Engine, Unnumbered } from '../engine.ts';
import type { ClientRequest } from '../state/inputs.ts';
import type { Reply } from '../state/replies.ts';

/** Resolves once everything that the reply rests on is flushed. Never rejects. */
export function ask(engine: Pick<Engine, 'submit'>, question: Unnumbered<ClientRequest>): Promise<Reply> {
  return new Promise((resolve) => { engine.submit(question, resolve); });
}

export function answering(reply: FastifyReply, act: (told: Reply) => void): Answer {
  return (told) => attempt(reply, () => act(told));
}

/** What throws is the route's own error, and must not reach the engine. */
export function attempt(reply: FastifyReply, act: () => void): void {
  try {
    act();
  } catch (error) {
    reply.send(error);
  }
}
