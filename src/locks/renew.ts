// Renew and read: calls of those who know a lease's id.
//
// Owns renewal (a change like any other, committed before it is answered) and following a lease.

import type { LockRequest } from '../state/inputs.ts';
import type { HeldLease } from '../state/rows.ts';
import { answer, refuse, type Step } from '../state/step.ts';
import { findLease, putLease } from './leases.ts';
import { answerHeld, listen, leaveLease, noteReading } from './listeners.ts';
import { leaseLost } from './lost.ts';
import { leaseView } from './views.ts';

export function renew(step: Step, input: Extract<LockRequest, { kind: 'renew' }>): void {
  const lease = findLease(step.state, input.lease);
  if (lease === undefined || lease.claimant.by === 'task') return refuse(step, input.request, { code: 'lease_not_found' });
  if (lease.state === 'waiting') return refuse(step, input.request, { code: 'lease_not_held' });
  if (lease.state !== 'held') return refuse(step, input.request, leaseLost(lease));
  const ttlMs = input.ttlMs ?? lease.ttlMs;
  const renewed: HeldLease = { ...lease, ttlMs, expiresAt: step.now + ttlMs };
  putLease(step.state, renewed);
  answerHeld(step, input.request, renewed);
}

/** Shows a lease; one that waits is answered when it no longer does, or after `waitMs`. Following a ticket is reading it. */
export function readLease(step: Step, input: Extract<LockRequest, { kind: 'readLease' }>): void {
  const lease = findLease(step.state, input.lease);
  if (lease === undefined || lease.claimant.by === 'task') return refuse(step, input.request, { code: 'lease_not_found' });
  if (lease.state === 'held') return answerHeld(step, input.request, lease);
  if (lease.state === 'waiting') {
    if (input.waitMs > 0 && step.state.phase === 'serving') return listen(step, input.request, 'follow', lease.id, step.now + input.waitMs);
    if (lease.claimant.by === 'ticket') noteReading(step, lease);
  }
  if (lease.state !== 'waiting' && input.held === true) return refuse(step, input.request, leaseLost(lease));
  answer(step, input.request, { kind: 'lease', view: leaseView(step.state, lease) });
}

/** A request that follows a lease has waited long enough: it is told where the lease stands. */
export function followOver(step: Step, request: number, id: string): void {
  step.state.listeners.delete(request);
  const lease = findLease(step.state, id)!;
  answer(step, request, { kind: 'lease', view: leaseView(step.state, lease) });
  leaveLease(step, id);
}
