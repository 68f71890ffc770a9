// Listeners: the connections that wait for a lease, and what happens when they go.
//
// Owns attendance: who still attends to a place in line or to a grant. Does not own the order (state/indexes.ts).
//   A1. A grant that one answer has carried is never abandoned.
//   A2. A place or an uncarried grant that nobody attends to is abandoned: at once without an Idempotency-Key,
//       `REATTACH_MS` later with one, `TICKET_READ_MS` after the last reading of a ticket.
//   A3. Listeners are volatile. After a start a place with a key or a ticket gets its grace anew, and every
//       committed grant counts as carried, a ticket's unclaimed one excepted.

import { REATTACH_MS, TICKET_READ_MS } from '../limits.ts';
import type { HeldLease, ListenerRow, LiveLease } from '../state/rows.ts';
import type { Step } from '../state/step.ts';
import { abandon } from './endings.ts';
import { findLease, putLease } from './leases.ts';

/** Makes a request listen to a lease. */
export function listen(step: Step, request: number, kind: 'acquire' | 'follow', lease: string, waitUntil?: number): void {
  const { attendance, listeners } = step.state;
  listeners.put({ request, on: { kind, lease }, waitUntil });
  attendance.put({ lease, listeners: (attendance.get(lease)?.listeners ?? 0) + 1 });
}

/** A ticket was read: its place is kept for another while. */
export function noteReading(step: Step, ticket: LiveLease): void {
  const { attendance } = step.state;
  const listeners = attendance.get(ticket.id)?.listeners ?? 0;
  attendance.put({ lease: ticket.id, listeners, abandonAt: listeners > 0 ? undefined : step.now + TICKET_READ_MS });
}

/** An answer with the grant was handed to an open connection. (A1) */
export function carried(step: Step, request: number): void {
  const listener = takeListener(step, request);
  if (listener?.on.kind === 'acquire') step.state.attendance.delete(listener.on.lease);
}

/** A ticket's grant goes into an answer: a change, committed before the answer is written. */
export function claim(step: Step, lease: HeldLease): HeldLease {
  if (lease.unclaimed === undefined) return lease;
  const claimed: HeldLease = { ...lease, unclaimed: undefined };
  putLease(step.state, claimed);
  step.state.attendance.delete(lease.id);
  return claimed;
}

/** The connection of a request closed. */
export function hangUp(step: Step, request: number): void {
  const listener = takeListener(step, request);
  if (listener === undefined || listener.on.kind === 'batch') return;
  leaveLease(step, listener.on.lease);
}

/** One listener of a lease is gone; with the last of them the grace begins. (A2) */
export function leaveLease(step: Step, id: string): void {
  const { attendance } = step.state;
  const row = attendance.get(id);
  const lease = findLease(step.state, id);
  if (row === undefined || lease === undefined || (lease.state !== 'waiting' && lease.state !== 'held')) return;
  const listeners = row.listeners - 1;
  if (listeners > 0) attendance.put({ lease: id, listeners });
  else if (lease.claimant.by === 'ticket') attendance.put({ lease: id, listeners, abandonAt: step.now + TICKET_READ_MS });
  else if (lease.claimant.by === 'connection' && lease.claimant.key !== undefined) attendance.put({ lease: id, listeners, abandonAt: step.now + REATTACH_MS });
  else abandon(step, lease);
}

/** Nobody attended to the lease for its grace. While the service stops, places are kept for the next start. */
export function attendanceDue(step: Step, id: string): void {
  const { attendance, phase } = step.state;
  const row = attendance.get(id)!;
  const lease = findLease(step.state, id);
  if (phase !== 'serving') attendance.put({ ...row, abandonAt: undefined });
  else if (lease?.state === 'waiting' || lease?.state === 'held') abandon(step, lease);
  else attendance.delete(id);
}

export function takeListener(step: Step, request: number): ListenerRow | undefined {
  const key = String(request);
  const listener = step.state.listeners.get(key);
  if (listener !== undefined) step.state.listeners.delete(key);
  return listener;
}
