// Listeners: the connections that wait for a lease, and what happens when they go.
//
// Owns attendance: who still attends to a place in line or to a grant. Does not own the order (state/indexes.ts).
//   A1. A grant that one answer has carried is never abandoned.
//   A2. A place or an uncarried grant that nobody attends to is abandoned: at once without an Idempotency-Key,
//       `REATTACH_MS` later with one, `TICKET_READ_MS` after the last reading of a ticket, `TICKET_CLAIM_MS` after its grant.
//   A3. Listeners are volatile. After a start a place with a key or a ticket gets its grace anew, and every
//       committed grant counts as carried, a ticket's unclaimed one excepted.

import { REATTACH_MS, TICKET_READ_MS } from '../limits.ts';
import type { HeldLease, ListenerRow, LiveLease, WaitingLease } from '../state/rows.ts';
import type { State } from '../state/state.ts';
import { answer, type Step } from '../state/step.ts';
import { abandon } from './endings.ts';
import { answerGrant, claimEnd } from './grant.ts';
import { findLease, putLease } from './leases.ts';

/** Makes a request wait for a lease that stands in line. */
export function listen(step: Step, request: number, kind: 'acquire' | 'follow', lease: string, waitUntil?: number): void {
  step.state.listeners.put({ request, on: { kind, lease }, waitUntil });
  step.state.attendance.delete(lease);
}

/** Makes a request listen to a lease that is granted to it in this very step. */
export function listenToGrant(step: Step, request: number, lease: string): void {
  step.state.listeners.put({ request, on: { kind: 'acquire', lease }, told: true });
  step.state.attendance.put({ lease });
}

/** Answers a request with a held lease. One that no answer has carried yet is a grant to this connection too. */
export function answerHeld(step: Step, request: number, lease: HeldLease): void {
  const claimed = claim(step, lease);
  const isUncarried = step.state.attendance.get(lease.id) !== undefined;
  if (isUncarried) listenToGrant(step, request, lease.id);
  answerGrant(step, request, claimed, isUncarried ? 'shared' : undefined);
}

/** A ticket was read: its place is kept for another while. */
export function noteReading({ state, now }: Step, ticket: WaitingLease): void {
  if (!isListenedTo(state, ticket.id)) state.attendance.put({ lease: ticket.id, abandonAt: now + TICKET_READ_MS });
}

/** An answer with a shared grant was handed to an open connection. (A1) */
export function carried(step: Step, request: number): void {
  const listener = takeListener(step, request);
  if (listener !== undefined && listener.on.kind !== 'batch') step.state.attendance.delete(listener.on.lease);
}

/** The only answer that could carry a grant met a closed connection. (A2) */
export function uncarried(step: Step, id: string): void {
  const lease = findLease(step.state, id);
  if (lease?.state === 'held') abandon(step, lease);
}

/** A ticket's grant goes into an answer: a change, committed before the answer is written. */
function claim(step: Step, lease: HeldLease): HeldLease {
  if (lease.unclaimed === undefined) return lease;
  const claimed: HeldLease = { ...lease, unclaimed: undefined };
  putLease(step.state, claimed);
  return claimed;
}

/** No answer took a ticket's grant away: the row says so again, for a start that does not know of any listener. (A3) */
function unclaim({ state }: Step, lease: HeldLease): void {
  if (lease.claimant.by === 'ticket' && lease.unclaimed === undefined) putLease(state, { ...lease, unclaimed: true });
}

/** The connection of a request closed. One that was not told yet is answered, so that nothing waits for it any more. */
export function hangUp(step: Step, request: number): void {
  const listener = takeListener(step, request);
  if (listener === undefined) return;
  if (listener.told === undefined) answer(step, request, { kind: 'hungUp' });
  if (listener.on.kind !== 'batch') leaveLease(step, listener.on.lease);
}

/** One listener of a lease is gone; with the last of them the grace begins. (A2) */
export function leaveLease(step: Step, id: string): void {
  const { state } = step;
  const lease = findLease(state, id);
  if (lease?.state !== 'waiting' && lease?.state !== 'held') return;
  const isCarried = lease.state === 'held' && state.attendance.get(id) === undefined;
  if (isCarried || isListenedTo(state, id)) return;
  const abandonAt = graceEnd(step, lease);
  if (abandonAt === undefined) return abandon(step, lease);
  state.attendance.put({ lease: id, abandonAt });
  if (lease.state === 'held') unclaim(step, lease);
}

/** Until when a lease may go unattended; `undefined` when it may not. (A2) */
function graceEnd(step: Step, lease: LiveLease): number | undefined {
  const { claimant } = lease;
  if (claimant.by === 'ticket') return lease.state === 'held' ? claimEnd(step, lease) : step.now + TICKET_READ_MS;
  return claimant.by === 'connection' && claimant.key !== undefined ? step.now + REATTACH_MS : undefined;
}

/**
 * Nobody attended to the lease for its grace. While the service stops, places and what a ticket was granted are kept for
 * the next start, which gives them their grace anew; a grant to a connection would count as carried there.
 */
export function attendanceDue(step: Step, id: string): void {
  const { attendance, phase } = step.state;
  const lease = findLease(step.state, id);
  if (lease?.state !== 'waiting' && lease?.state !== 'held') return attendance.delete(id);
  const isKept = phase !== 'serving' && (lease.state === 'waiting' || lease.unclaimed === true);
  if (isKept) attendance.put({ lease: id });
  else abandon(step, lease);
}

function takeListener(step: Step, request: number): ListenerRow | undefined {
  const listener = step.state.listeners.get(request);
  if (listener !== undefined) step.state.listeners.delete(request);
  return listener;
}

function isListenedTo({ leaseIndex }: State, lease: string): boolean {
  return leaseIndex.listenersOf(lease).length > 0;
}
