// Step: one turn of the machine on its way: the state it may change, the time, and what it says.
//
// Owns how rules answer. Every rule takes a `Step`; none returns a promise or looks at a clock.

import type { Effect } from './effects.ts';
import type { Fact } from './facts.ts';
import type { Refusal, Reply } from './replies.ts';
import type { State } from './state.ts';

export interface Answer {
  readonly request: number;
  readonly reply: Reply;
}

export interface Order {
  readonly effect: Effect;
  /** Rests on nothing that is not flushed: it need not wait for a commit. */
  readonly early: boolean;
}

export interface Output {
  readonly answers: Answer[];
  readonly orders: Order[];
  readonly facts: Fact[];
}

export interface Step extends Output {
  readonly state: State;
  /** Milliseconds that the service ran, when the input arrived. */
  readonly now: number;
  /** Wall time at the same moment, in milliseconds of the epoch. */
  readonly wall: number;
}

export function answer(step: Step, request: number, reply: Reply): void {
  step.answers.push({ request, reply });
}

export function refuse(step: Step, request: number, refusal: Refusal): void {
  step.facts.push({ kind: 'refused', code: refusal.code });
  step.answers.push({ request, reply: { kind: 'refused', refusal } });
}

/** Wants something done in the world once the changes that it rests on are flushed. */
export function order(step: Step, effect: Effect): void {
  step.orders.push({ effect, early: false });
}
