// Start: what becomes of locks and leases when the service starts on what was stored.
//
// Owns the first step for locks. No history is run: rows are there, and this settles what volatile rows would say (A3).

import { REATTACH_MS, START_GRACE_MS, TICKET_CLAIM_MS, TICKET_READ_MS } from '../limits.ts';
import type { LeaseRow } from '../state/rows.ts';
import { answer, refuse, type Step } from '../state/step.ts';
import { passOn } from './grant.ts';
import { endLease, findLease } from './leases.ts';
import { startTokens } from './tokens.ts';

export function startLocks(step: Step): void {
  const { state } = step;
  startTokens(step);
  state.startedAt = step.now;
  for (const lease of state.leases.values()) {
    const graceMs = attendanceMs(lease);
    if (graceMs !== undefined) state.attendance.put({ lease: lease.id, listeners: 0, abandonAt: step.now + graceMs });
  }
  for (const lock of Array.from(state.leaseIndex.lines.keys())) passOn(step, lock);
}

/** How long a lease that was found at the start may go unattended; `undefined` for one that counts as carried. */
function attendanceMs(lease: LeaseRow): number | undefined {
  if (lease.state === 'waiting') return lease.claimant.by === 'ticket' ? TICKET_READ_MS : REATTACH_MS;
  if (lease.state === 'held' && lease.unclaimed === true) return Math.min(lease.ttlMs, TICKET_CLAIM_MS, START_GRACE_MS);
  return undefined;
}

/** An orderly stop began: nobody waits on a connection any more. Places with a key or a ticket are kept. */
export function releaseListeners(step: Step): void {
  const { state } = step;
  for (const listener of Array.from(state.listeners.values())) {
    if (listener.on.kind === 'batch') continue;
    const lease = findLease(state, listener.on.lease);
    if (lease?.state !== 'waiting') continue;
    state.listeners.delete(String(listener.request));
    if (listener.on.kind === 'acquire') refuse(step, listener.request, { code: 'shutting_down' });
    else answer(step, listener.request, { kind: 'lease', view: { lease, position: state.leaseIndex.queue(lease.lock).position(lease.id) }, grant: false });
    if (state.places.get(lease.id) !== undefined) endLease(step, lease, 'abandoned');
    else state.attendance.put({ lease: lease.id, listeners: 0 });
  }
}
