// Start: what becomes of locks and leases when the service starts on what was stored.
//
// Owns the first step for locks, the opening of the port and the beginning of a stop. No history is run: rows are there,
// and this settles what volatile rows would say (A3).
//   B1. What clients are promised for after a start is counted from the moment in which they can be heard again. Until
//       then no lease of theirs ends and no place is abandoned.

import { REATTACH_MS, TICKET_CLAIM_MS, TICKET_READ_MS } from '../limits.ts';
import type { LeaseRow } from '../state/rows.ts';
import { answer, refuse, type Step } from '../state/step.ts';
import { passOn } from './grant.ts';
import { endLease, findLease } from './leases.ts';
import { startTokens } from './tokens.ts';

export function startLocks(step: Step): void {
  const { state } = step;
  startTokens(step);
  state.startedAt = Infinity;
  for (const lease of state.leases.values()) if (isUncarried(lease)) state.attendance.put({ lease: lease.id });
  for (const lock of Array.from(state.leaseIndex.lines.keys())) passOn(step, lock);
}

/** The port is open: leases and places get their grace. (B1) */
export function openLocks(step: Step): void {
  const { state } = step;
  state.startedAt = step.now;
  for (const { lease } of Array.from(state.attendance.values())) {
    state.attendance.put({ lease, abandonAt: step.now + graceMs(findLease(state, lease)!) });
  }
  for (const lease of state.leases.values()) {
    if (lease.state !== 'held') continue;
    const due = state.leases.deadlineOf(lease.id);
    if (due !== undefined) state.deadlines.set(due, lease.expiresAt);
  }
}

/** A committed grant counts as carried, but for a ticket's that nobody claimed. */
function isUncarried(lease: LeaseRow): boolean {
  return lease.state === 'waiting' || (lease.state === 'held' && lease.unclaimed === true);
}

function graceMs({ claimant, state, ttlMs }: LeaseRow): number {
  if (claimant.by !== 'ticket') return REATTACH_MS;
  return state === 'held' ? Math.min(ttlMs, TICKET_CLAIM_MS) : TICKET_READ_MS;
}

/** An orderly stop began: nobody waits on a connection any more. Places with a key or a ticket are kept. */
export function releaseListeners(step: Step): void {
  const { state } = step;
  for (const listener of Array.from(state.listeners.values())) {
    if (listener.on.kind === 'batch') continue;
    const lease = findLease(state, listener.on.lease);
    if (lease?.state !== 'waiting') continue;
    state.listeners.delete(listener.request);
    if (listener.on.kind === 'acquire') refuse(step, listener.request, { code: 'shutting_down' });
    else answer(step, listener.request, { kind: 'lease', view: { lease, position: state.leaseIndex.queue(lease.lock).position(lease.id) } });
    if (state.places.get(lease.id) !== undefined) endLease(step, lease, 'abandoned');
    else state.attendance.put({ lease: lease.id });
  }
}
