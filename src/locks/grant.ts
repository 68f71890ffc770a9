// Grant: who gets the lock, and who is told.
//
// Owns the moment in which a lock passes to a holder. Order is the line's (state/indexes.ts).
//   G1. A lock that is free passes to who is next in the same step in which it became free.
//   G2. A grant is told to everybody who listens to it; what a task is told waits for nothing that it does not rest on.
//   G3. A grant to a connection without a key can be carried by one answer alone, and nothing is kept to count who did:
//       only that it could not be carried is reported.

import { TICKET_CLAIM_MS } from '../limits.ts';
import type { Grant } from '../state/replies.ts';
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
  const listened = step.state.leaseIndex.listenersOf(waiting.id).length > 0;
  const lease = hold(step, waiting, waiting.claimant.by === 'ticket' && !listened);
  if (lease.claimant.by === 'task') return tellTask(step, lease);
  if (lease.unclaimed === true) step.state.attendance.put({ lease: lease.id, abandonAt: claimEnd(step, lease) });
  else tellListeners(step, lease);
  return false;
}

/** Grants to a request in the step in which it asked, where no retry can ever find the grant. (G3) */
export function grantToSole(step: Step, asked: WaitingLease, request: number): void {
  answerGrant(step, request, hold(step, asked, false), 'sole');
}

function hold(step: Step, waiting: WaitingLease, unclaimed: boolean): HeldLease {
  const { id, lock, order, claimant, owner, metadata, ttlMs, askedAt } = waiting;
  const waitedMs = step.now - askedAt;
  step.facts.push({ kind: 'granted', waitedMs });
  const lease: HeldLease = {
    id, lock, order, claimant, owner, metadata, ttlMs, askedAt,
    state: 'held', fencingToken: drawToken(step), grantedAt: step.wall, heldSince: step.now, waitedMs,
    expiresAt: claimant.by === 'task' ? undefined : step.now + ttlMs,
    unclaimed: unclaimed ? true : undefined,
  };
  putLease(step.state, lease);
  return lease;
}

function tellTask(step: Step, lease: HeldLease): boolean {
  if (lease.claimant.by !== 'task') return false;
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

/** Answers every request that listens. Where there may be several, they stay until one is known to be carried, or none. (G3) */
function tellListeners(step: Step, lease: HeldLease): void {
  const { listeners, leaseIndex, attendance } = step.state;
  const isSole = lease.claimant.by === 'connection' && lease.claimant.key === undefined;
  const requests = leaseIndex.listenersOf(lease.id);
  if (!isSole && requests.length > 0) attendance.put({ lease: lease.id });
  for (const request of requests) {
    const { on, told } = listeners.get(request)!;
    if (isSole) listeners.delete(request);
    else if (told === undefined) listeners.put({ request, on, told: true });
    answerGrant(step, request, lease, isSole ? 'sole' : 'shared');
  }
}

/** `given`: absent where the lease is the client's already. */
export function answerGrant(step: Step, request: number, lease: HeldLease, given?: Grant): void {
  answer(step, request, { kind: 'lease', view: { lease, endsAt: endsAt(step.state, lease) }, grant: given });
}

