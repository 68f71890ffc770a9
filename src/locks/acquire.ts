// Acquire: a request for a lock becomes a grant, a place in line, or a refusal.
//
// Owns the decision. First come, first served: an acquire never passes a waiter (G1 keeps a line without holder empty).
//   Q1. A retry with an Idempotency-Key finds the waiter or the grant of the first request; it is answered from the
//       present state.

import { LIVE_LEASES_MAX, TICKET_READ_MS, WAITERS_PER_LOCK_MAX } from '../limits.ts';
import type { LockRequest } from '../state/inputs.ts';
import { findNamed, nameByKey } from '../state/keys.ts';
import type { Claimant, LeaseRow, WaitingLease } from '../state/rows.ts';
import { answer, refuse, type Step } from '../state/step.ts';
import { grant, grantToSole, isFree } from './grant.ts';
import { findLease, putLease } from './leases.ts';
import { answerHeld, listen, listenToGrant, noteReading } from './listeners.ts';
import { FORGOTTEN, leaseLost } from './lost.ts';
import { leaseView, lockView, retryAfterMs } from './views.ts';

type AcquireRequest = Extract<LockRequest, { kind: 'acquire' }>;

const QUEUE_FULL_RETRY_MS = 1_000;
/** One for all: every lease that was ever granted keeps its claimant, and every place in line. */
const KEYLESS: Claimant = { by: 'connection' };

export function acquire(step: Step, input: AcquireRequest): void {
  const { state } = step;
  if (state.phase !== 'serving') return refuse(step, input.request, { code: 'shutting_down' });
  if (input.key !== undefined && answerRetry(step, input)) return;
  if (isFree(step, input.lock)) return grantNow(step, input);
  if (input.waitMs === 0) {
    return refuse(step, input.request, { code: 'lock_held', lock: lockView(state, input.lock), retryAfterMs: retryAfterMs(step, input.lock) });
  }
  if (state.leaseIndex.queue(input.lock).size >= WAITERS_PER_LOCK_MAX) {
    return refuse(step, input.request, { code: 'wait_queue_full', lock: lockView(state, input.lock), retryAfterMs: QUEUE_FULL_RETRY_MS });
  }
  if (isFull(step, input)) return;
  waitInLine(step, input);
}

function grantNow(step: Step, input: AcquireRequest): void {
  if (isFull(step, input)) return;
  if (input.key === undefined) return grantToSole(step, waitingRow(step, input, KEYLESS), input.request);
  const asked = waitingRow(step, input, { by: 'connection', key: input.key.id });
  listenToGrant(step, input.request, input.lease);
  nameByKey(step, input.key, { kind: 'lease', id: input.lease });
  grant(step, asked);
}

function waitInLine(step: Step, input: AcquireRequest): void {
  const waiting = waitingRow(step, input, waiterOf(input), step.now + input.waitMs);
  if (input.key !== undefined) nameByKey(step, input.key, { kind: 'lease', id: input.lease });
  putLease(step.state, waiting);
  if (!input.ticket) return listen(step, input.request, 'acquire', input.lease);
  step.state.attendance.put({ lease: input.lease, abandonAt: step.now + TICKET_READ_MS });
  answer(step, input.request, { kind: 'lease', view: { lease: waiting, position: step.state.leaseIndex.queue(input.lock).size } });
}

function waiterOf({ ticket, key }: AcquireRequest): Claimant {
  if (ticket) return { by: 'ticket', key: key?.id };
  return key === undefined ? KEYLESS : { by: 'connection', key: key.id };
}

function waitingRow(step: Step, input: AcquireRequest, claimant: Claimant, waitUntil?: number): WaitingLease {
  const { lease: id, lock, owner, metadata, ttlMs } = input;
  return { id, lock, order: ++step.state.leaseOrder, claimant, owner, metadata, ttlMs, askedAt: step.now, state: 'waiting', waitUntil };
}

function isFull(step: Step, input: AcquireRequest): boolean {
  if (step.state.leaseIndex.clientLeases < LIVE_LEASES_MAX) return false;
  refuse(step, input.request, { code: 'too_many_leases', retryAfterMs: QUEUE_FULL_RETRY_MS });
  return true;
}

/** Answers a request whose key is known. False when the key is free for a new request. (Q1) */
function answerRetry(step: Step, input: AcquireRequest): boolean {
  const named = findNamed(step, input.key!);
  if (named === undefined) return false;
  if (named === 'reused') refuse(step, input.request, { code: 'idempotency_key_reused' });
  else answerNamed(step, input, findLease(step.state, named.id));
  return true;
}

function answerNamed(step: Step, input: AcquireRequest, lease: LeaseRow | undefined): void {
  const { request } = input;
  if (lease === undefined) return refuse(step, request, FORGOTTEN);
  if (lease.state === 'held') return answerHeld(step, request, lease);
  if (lease.state !== 'waiting') return refuse(step, request, leaseLost(lease));
  if (lease.claimant.by !== 'ticket') return listen(step, request, 'acquire', lease.id);
  noteReading(step, lease);
  answer(step, request, { kind: 'lease', view: leaseView(step.state, lease) });
}
