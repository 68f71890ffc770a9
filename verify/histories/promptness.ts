// Promptness: whoever waits gets the lock soon after it is free, and every call is answered.
//
// Owns P6 and P7. Looks only where nothing else explains a delay: calls straight to the service, on locks of which
// every grant is known, at times when nobody had stopped or killed the process.

import { byLock, type Call, type Fault, type History, type Violation } from './calls.ts';
import { claimsOf, grantsOf, tokenOf, type Claims, type Grant } from './grants.ts';

/** Far above what it takes, as other work may have the processors. */
const LATE_MS_MAX = 2_500;
/** After a pause or a start the loop has much to do at once. */
const RECOVERY_MS = 300;

const DISTURBING: ReadonlySet<Fault['kind']> = new Set(['kill', 'stop', 'pause']);

export interface Promptness {
  readonly violations: Violation[];
  /** From the latest moment at which the lock can have been taken to the answer that the next client got. */
  readonly lateMs: number[];
}

export function promptness(history: History): Promptness {
  const lateMs: number[] = [];
  const violations: Violation[] = [];
  for (const [lock, calls] of byLock(history.calls)) {
    violations.push(...unanswered(calls, history.faults));
    const claims = claimsOf(calls);
    if ([...claims.values()].some(mayHoldUnseen)) continue;
    const grants = grantsOf(lock, calls, history.faults);
    for (const [nth, next] of grants.entries()) {
      const late = latenessOf(grants[nth - 1], next, claims, history.faults);
      if (late === undefined) continue;
      lateMs.push(late);
      if (late > LATE_MS_MAX) violations.push({ property: 'P6', lock, what: `${next.token} was granted ${late.toFixed(0)} ms after the lock was free` });
    }
  }
  return { violations, lateMs };
}

/** Whether the lock may have been held for this claim at a time that nobody was told of. */
function mayHoldUnseen(about: readonly Call[]): boolean {
  const isForgotten = about.some(({ answer }) => answer?.state === 'waiting') && tokenOf(about) === undefined;
  return isForgotten || about.some(({ operation, answer }) => operation === 'acquire' && answer === undefined);
}

/** A call straight to the service gets an answer, unless its client or the process ended. */
function unanswered(calls: readonly Call[], faults: readonly Fault[]): Violation[] {
  return calls
    .filter(({ proxied, answer, lost }) => !proxied && answer === undefined && lost !== 'hungUp')
    .filter(({ calledAt, lostAt = calledAt }) => !isDisturbed(faults, calledAt, lostAt))
    .map(({ lock, operation, lost }) => ({ property: 'P7', lock, what: `${operation}: ${lost === 'late' ? 'no answer' : 'the connection was closed'}` }));
}

function latenessOf(before: Grant | undefined, next: Grant, claims: Claims, faults: readonly Fault[]): number | undefined {
  const attempts = claims.get(next.claim)?.filter(({ operation }) => operation === 'acquire') ?? [];
  const [asked] = attempts;
  if (before === undefined || asked === undefined || attempts.length > 1 || asked.proxied || asked.answer?.state !== 'held') return undefined;
  const freeBy = freeByOf(before, claims.get(before.claim) ?? []);
  if (freeBy === undefined) return undefined;
  const from = Math.max(freeBy, asked.calledAt);
  return isDisturbed(faults, from, asked.returnedAt) ? undefined : asked.returnedAt - from;
}

/** By when a grant was over at the latest; unknown where a renewal may have made it longer. */
function freeByOf({ releasedBy, endedBy }: Grant, about: readonly Call[]): number | undefined {
  const end = Math.min(releasedBy, endedBy);
  if (about.some(({ operation, answer }) => operation === 'renew' && answer === undefined)) return end === Infinity ? undefined : end;
  const told = about.filter(({ answer }) => answer?.state === 'held').map(({ returnedAt, answer }) => returnedAt + (answer?.expiresInMs ?? Infinity));
  return told.length === 0 ? undefined : Math.min(end, Math.max(...told));
}

function isDisturbed(faults: readonly Fault[], from: number, to: number): boolean {
  return faults.some((fault) => DISTURBING.has(fault.kind) && fault.from < to && fault.to + RECOVERY_MS > from);
}
