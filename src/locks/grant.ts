// Grant: who gets the lock, and who is told.
//
// Owns the moment in which a lock passes to a holder. Order is the line's (state/indexes.ts).
//   G1. A lock that is free passes to who is next in the same step in which it became free.
//   G2. A grant is told to everybody who listens to it; what a task is told waits for nothing that it does not rest on.

import { TICKET_CLAIM_MS } from '../limits.ts';
import type { HeldLease, WaitingLease } from '../state/rows.ts';
import { answer, type Step } from '../state/step.ts';
import { endsAt, findLease, putLease } from './leases.ts';
import { drawToken, isFlushed } from './tokens.ts';

export function isFree(step: Step, lock: string): boolean {
  return step.state.leaseIndex.lines.get(lock) === undefined;
}

/** Gives a lock that has no holder to the first in its line, if there is one. (G1) */
export function passOn(step: Step, lock: string): void {
  const line = step.state.leaseIndex.lines.get(lock);
  const next = line?.holder === undefined ? line?.queue?.first() : undefined;
  if (next === undefined) return;
  const waiting = findLease(step.state, next);
  if (waiting?.state !== 'waiting') throw new Error(`the line of a lock names a lease that does not wait in it`);
  if (mustWaitForStart(step, waiting)) return;
  const early = grant(step, waiting);
  step.facts.push({ kind: 'handedOff', early });
}

/**
 * While the service stops, a place that nobody attends to is not granted: after the start the grant would count as
 * carried, though its client was sent away. The lock stays free for it until then.
 */
function mustWaitForStart({ state }: Step, { id, claimant }: WaitingLease): boolean {
  return state.phase !== 'serving' && claimant.by === 'connection' && state.leaseIndex.listenersOf(id).length === 0;
}

/** Makes a waiting lease the holder and tells those who wait for it. Returns whether the telling waits for no commit. */
export function grant(step: Step, waiting: WaitingLease): boolean {
  const waitedMs = step.now - waiting.askedAt;
  step.facts.push({ kind: 'granted', waitedMs });
  if (waiting.claimant.by === 'task') return grantToTask(step, held(step, waiting, waitedMs));
  const listened = step.state.leaseIndex.listenersOf(waiting.id).length > 0;
  const unclaimed = waiting.claimant.by === 'ticket' && !listened;
  const lease: HeldLease = { ...held(step, waiting, waitedMs), expiresAt: step.now + waiting.ttlMs, ...(unclaimed && { unclaimed }) };
  putLease(step.state, lease);
  if (unclaimed) step.state.attendance.put({ lease: lease.id, listeners: 0, abandonAt: claimEnd(step, lease) });
  else tellListeners(step, lease);
  return false;
}

function held(step: Step, waiting: WaitingLease, waitedMs: number): HeldLease {
  const { id, lock, order, claimant, owner, metadata, ttlMs, askedAt } = waiting;
  return {
    id, lock, order, claimant, owner, metadata, ttlMs, askedAt,
    state: 'held', fencingToken: drawToken(step), grantedAt: step.wall, heldSince: step.now, waitedMs,
  };
}

function grantToTask(step: Step, lease: HeldLease): boolean {
  if (lease.claimant.by !== 'task') return false;
  putLease(step.state, lease);
  const { worker, call } = lease.claimant;
  const early = !step.state.changes.isLockUnflushed(lease.lock) && isFlushed(step.state, lease.fencingToken);
  const granted = { kind: 'granted', fencingToken: lease.fencingToken } as const;
  step.orders.push({ effect: { kind: 'answerLock', worker, call, answer: granted }, early });
  return early;
}

/** Until when an answer has to carry a ticket's grant, in `now`. */
export function claimEnd(step: Step, { ttlMs, heldSince }: HeldLease): number {
  return Math.max(step.now, heldSince + Math.min(ttlMs, TICKET_CLAIM_MS));
}

/** Answers every request that listens. They stay listeners until an answer is known to be carried, or not. */
function tellListeners(step: Step, lease: HeldLease): void {
  const { listeners, leaseIndex } = step.state;
  for (const request of leaseIndex.listenersOf(lease.id)) {
    const { on, told } = listeners.get(String(request))!;
    if (told === undefined) listeners.put({ request, on, told: true });
    answerGrant(step, request, lease, true);
  }
}

/** `grant`: the answer must not go to a connection that is closed. */
export function answerGrant(step: Step, request: number, lease: HeldLease, isGrant: boolean): void {
  answer(step, request, { kind: 'lease', view: { lease, endsAt: endsAt(step.state, lease) }, grant: isGrant });
}

