// Leases: where the row of a lease lives, how long it lasts, and how it ends.
//
// Owns the life of one lease but for its grant (grant.ts). Does not own who listens to it (listeners.ts).
//   L1. A row is durable unless its holder cannot outlive the process: a task, or a connection that waits without a
//       key. A grant to a connection is durable from its first moment.
//   L2. An ended lease is kept so that its id gets the right "no"; one whose id nobody was told is not kept.

import { ENDED_LEASE_KEEP_MS, ENDED_LEASES_MAX, START_GRACE_MS } from '../limits.ts';
import { forgetKey, retireKey } from '../state/keys.ts';
import type { EndedLease, HeldLease, LeaseEnd, LeaseRow, LiveLease } from '../state/rows.ts';
import type { State } from '../state/state.ts';
import type { Step } from '../state/step.ts';

export function findLease(state: State, id: string): LeaseRow | undefined {
  return state.leases.get(id) ?? state.places.get(id);
}

/** Stores the row where it belongs. (L1) */
export function putLease(state: State, row: LiveLease): void {
  if (isVolatile(row)) return state.places.put(row);
  state.places.delete(row.id);
  state.leases.put(row);
}

function isVolatile({ state, claimant }: LiveLease): boolean {
  return claimant.by === 'task' || (state === 'waiting' && claimant.by === 'connection' && claimant.key === undefined);
}

/** When a held lease ends, in `now`, with the floors that a start or a stall put under it; never for a task's. */
export function endsAt(state: State, lease: HeldLease): number | undefined {
  if (lease.expiresAt === undefined) return undefined;
  return Math.max(lease.expiresAt, state.startedAt + Math.min(lease.ttlMs, START_GRACE_MS), state.leaseFloor);
}

/** Ends a lease that waits or is held. The caller answers whoever waits for it and passes the lock on. */
export function endLease(step: Step, lease: LiveLease, end: LeaseEnd, reason?: string): EndedLease {
  const { state } = step;
  const ended = endedRow(step, lease, end, reason);
  state.attendance.delete(lease.id);
  if (isVolatile(lease)) state.places.delete(lease.id);
  else if (isKept(lease, end)) state.leases.put(ended);
  else state.leases.delete(lease.id);
  while (state.leaseIndex.ended.size > ENDED_LEASES_MAX) forgetOldest(step);
  settleKey(step, lease, end);
  step.facts.push({ kind: 'leaseEnded', reason: end, heldMs: lease.state === 'held' ? step.now - lease.heldSince : undefined });
  return ended;
}

/** The lease that ended first is not kept any longer. */
function forgetOldest({ state }: Step): void {
  state.leases.delete(state.leaseIndex.ended.first()!.id);
}

/** Leases that ended long enough ago are not kept any longer. */
export function forgetDue(step: Step): void {
  const { leaseIndex: { ended }, deadlines, forgetting } = step.state;
  while (ended.size > 0 && ended.first()!.keepUntil < step.now) forgetOldest(step);
  deadlines.set(forgetting, ended.first()?.keepUntil);
}

function endedRow(step: Step, lease: LiveLease, end: LeaseEnd, reason: string | undefined): EndedLease {
  const { id, lock, order, claimant, owner, metadata, ttlMs, askedAt } = lease;
  const granted = lease.state === 'held' ? lease : undefined;
  return {
    id, lock, order, claimant, owner, metadata, ttlMs, askedAt,
    state: end,
    fencingToken: granted?.fencingToken,
    grantedAt: granted?.grantedAt,
    waitedMs: granted?.waitedMs ?? step.now - askedAt,
    reason,
    keepUntil: step.now + ENDED_LEASE_KEEP_MS,
  };
}

/** (L2) */
function isKept(lease: LiveLease, end: LeaseEnd): boolean {
  if (lease.claimant.by === 'task') return false;
  return lease.claimant.by === 'ticket' || (lease.state === 'held' && end !== 'abandoned');
}

/** A request that was refused or abandoned left nothing: its key is free for a new one. A ticket was not refused. */
function settleKey(step: Step, lease: LiveLease, end: LeaseEnd): void {
  if (lease.claimant.by === 'task' || lease.claimant.key === undefined) return;
  const refused = end === 'timed_out' && lease.claimant.by === 'connection';
  if (end === 'abandoned' || refused) forgetKey(step, lease.claimant.key);
  else retireKey(step, lease.claimant.key);
}
