// Records for the checkers' own tests: histories that were never run, call by call.
//
// Owns the shorthand. Every lease of a record has the TTL that its answer still has left; answers took no time.

import type { Answer, Call, Fault, History, LeaseState, Operation, Write } from '../../../verify/histories/calls.ts';

interface More {
  readonly lock?: string;
  readonly ttlMs?: number;
  readonly waitMs?: number;
  readonly lost?: Exclude<Call['lost'], undefined>;
}

function call(operation: Operation, claim: number, [calledAt, returnedAt]: Span, answer: Answer | undefined, { lock = 'lock', ttlMs = 0, waitMs = 0, lost: why = 'closed' }: More = {}): Call {
  const about = { client: claim, lock, operation, claim, ttlMs, waitMs, proxied: false, calledAt };
  return answer === undefined ? { ...about, returnedAt: Infinity, lost: why, lostAt: calledAt + 5_000 } : { ...about, returnedAt, answer };
}

/** From its sending to its answer. */
export type Span = readonly [number, number];

function leaseOf(claim: number): string {
  return `lease of ${claim}`;
}

function held(status: number, claim: number, token: number, expiresInMs: number): Answer {
  return { status, lease: leaseOf(claim), state: 'held', token, expiresInMs, elapsedMs: 0 };
}

export function acquired(claim: number, token: number, span: Span, ttlMs: number, more: More = {}): Call {
  return call('acquire', claim, span, held(201, claim, token, ttlMs), { ttlMs, ...more });
}

export function refused(claim: number, holder: number | undefined, span: Span, more: More = {}): Call {
  return call('acquire', claim, span, { status: 423, code: 'lock_held', holder }, more);
}

export function ticket(claim: number, span: Span): Call {
  return call('acquire', claim, span, { status: 202, lease: leaseOf(claim), state: 'waiting' });
}

export function renewed(claim: number, token: number, span: Span, ttlMs: number): Call {
  return call('renew', claim, span, held(200, claim, token, ttlMs), { ttlMs });
}

export function released(claim: number, span: Span): Call {
  return call('release', claim, span, { status: 204 });
}

/** 410: the lease is over. */
export function over(operation: Operation, claim: number, token: number, span: Span, more: More = { ttlMs: 1_000 }): Call {
  return call(operation, claim, span, { status: 410, code: 'lease_lost', reason: 'expired', token }, more);
}

export function answered(operation: Operation, claim: number, span: Span, answer: Answer): Call {
  return call(operation, claim, span, answer);
}

export function followed(claim: number, state: LeaseState, token: number | undefined, span: Span, expiresInMs?: number): Call {
  return call('follow', claim, span, { status: 200, lease: leaseOf(claim), state, token, expiresInMs, elapsedMs: 0 });
}

/** What a read of the lock names as its holder. */
export function shown(holder: number | undefined, span: Span): Call {
  return call('show', 0, span, holder === undefined ? { status: 404, code: 'lock_not_found' } : { status: 200, holder });
}

export function listed(line: readonly number[], span: Span): Call {
  return call('line', 0, span, { status: 200, line });
}

/** A call that got no answer. */
export function lost(operation: Operation, claim: number, calledAt: number, more: More = {}): Call {
  return call(operation, claim, [calledAt, Infinity], undefined, { lost: 'hungUp', ...more });
}

export function history(calls: readonly Call[], writes: readonly Write[] = [], faults: readonly Fault[] = []): History {
  return { calls, writes, faults, from: 0, to: 10_000 };
}

/** The process was killed and another one served from `openedAt` on. */
export function killed(from: number, openedAt: number): Fault {
  return { kind: 'kill', from, to: openedAt + 10, restart: { endedBy: from, openedAt } };
}

export function paused(from: number, to: number): Fault {
  return { kind: 'pause', from, to };
}

export function wrote(claim: number, token: number, at: number, accepted: boolean): Write {
  return { lock: 'lock', claim, token, at, accepted };
}
