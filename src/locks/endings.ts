// Endings: how a wait or a hold ends, whoever ends it.
//
// Owns release, expiry, abandonment, revocation and the end of a wait. Each passes the lock on in the same step (G1).

import type { Deadline } from '../state/deadlines.ts';
import type { HeldLease, LiveLease, WaitingLease } from '../state/rows.ts';
import { answer, order, refuse, type Step } from '../state/step.ts';
import type { LockRequest } from '../state/inputs.ts';
import { passOn } from './grant.ts';
import { endLease, endsAt, findLease } from './leases.ts';
import { leaseLost } from './lost.ts';
import { isFlushed } from './tokens.ts';
import { lockView, retryAfterMs } from './views.ts';

export function release(step: Step, input: Extract<LockRequest, { kind: 'release' }>): void {
  const lease = findLease(step.state, input.lease);
  if (lease === undefined || lease.claimant.by === 'task') return refuse(step, input.request, { code: 'lease_not_found' });
  if (lease.state === 'waiting' || lease.state === 'held') endAndPassOn(step, lease, 'released');
  else if (lease.state !== 'released') return refuse(step, input.request, leaseLost(lease));
  answer(step, input.request, { kind: 'done' });
}

/** Nobody attends to the lease any more. */
export function abandon(step: Step, lease: LiveLease): void {
  endAndPassOn(step, lease, 'abandoned');
}

/** Takes the lock from its holder. The holder's next call is told so; a task's signals are aborted. */
export function revoke(step: Step, lease: HeldLease, reason: string | undefined): void {
  if (lease.claimant.by === 'task') loseTask(step, lease, lease.claimant.worker, reason ?? 'revoked');
  endAndPassOn(step, lease, 'revoked', reason);
}

/** A lease came to its end: a held one expires, a wait is over. */
export function leaseDue(step: Step, due: Deadline): void {
  const lease = findLease(step.state, due.id);
  if (lease?.state === 'waiting') return waitOver(step, lease);
  if (lease?.state !== 'held') throw new Error('a lease that has ended came due');
  const end = endsAt(step.state, lease)!;
  if (end >= step.now) step.state.deadlines.set(due, end);
  else endAndPassOn(step, lease, 'expired');
}

/** Ends a lease and tells everyone who follows it. */
export function endAndPassOn(step: Step, lease: LiveLease, end: 'released' | 'expired' | 'revoked' | 'abandoned', reason?: string): void {
  const ended = endLease(step, lease, end, reason);
  if (lease.state === 'waiting') tellFollowers(step, lease, { kind: 'lease', view: { lease: ended } });
  else passOn(step, lease.lock);
}

function waitOver(step: Step, lease: WaitingLease): void {
  if (lease.claimant.by === 'task') {
    const { worker, call } = lease.claimant;
    endLease(step, lease, 'timed_out');
    const refused = { kind: 'refused', code: 'wait_timed_out', message: `waited ${step.now - lease.askedAt} ms for the lock ${lease.lock}` } as const;
    return order(step, { kind: 'answerLock', worker, call, answer: refused });
  }
  const ended = endLease(step, lease, 'timed_out');
  if (lease.claimant.by === 'ticket') return tellFollowers(step, lease, { kind: 'lease', view: { lease: ended } });
  for (const request of step.state.leaseIndex.listenersOf(lease.id)) {
    step.state.listeners.delete(request);
    refuse(step, request, { code: 'wait_timed_out', lock: lockView(step.state, lease.lock), retryAfterMs: retryAfterMs(step, lease.lock) });
  }
}

function tellFollowers(step: Step, lease: LiveLease, reply: Parameters<typeof answer>[2]): void {
  for (const request of step.state.leaseIndex.listenersOf(lease.id)) {
    step.state.listeners.delete(request);
    answer(step, request, reply);
  }
}

function loseTask(step: Step, lease: HeldLease, worker: number, reason: string): void {
  const row = step.state.workers.get(String(worker));
  if (row !== undefined) step.state.workers.put({ ...row, lockLost: lease.lock });
  // Neither before the telling of its own grant, nor behind that of who is next: both wait while the lock has a change
  // that is not flushed, or the token is of a block that is not.
  const early = !step.state.changes.isLockUnflushed(lease.lock) && isFlushed(step.state, lease.fencingToken);
  step.orders.push({ effect: { kind: 'loseLock', worker, fencingToken: lease.fencingToken, reason }, early });
}
