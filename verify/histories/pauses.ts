// Pauses: a process that stands still takes no client's time.
//
// Owns one promise that no token shows: of a gap between two turns of the service's loop only `STALL_MS` count, and what
// lived before has as much left after it. So a renewal that was sent while the process stood still comes in time.

import { byLock, promisedUntil, type Call, type Fault, type History, type Violation } from './calls.ts';
import { claimsOf } from './grants.ts';

const STALL_MS = 250;
/** A pause that is not much longer than what counts of it shows nothing. */
const PAUSE_MS_MIN = 400;
/** What may lie between what happened and what this process measured. */
const SLACK_MS = 50;

export function pauses({ calls: all, faults }: History): Violation[] {
  const long = faults.filter(({ kind, from, to }) => kind === 'pause' && to - from >= PAUSE_MS_MIN);
  return [...byLock(all)].flatMap(([lock, calls]) => [...claimsOf(calls)].flatMap(([claim, about]) => long.flatMap((pause) => {
    const late = about.find((call) => isTooLate(call, pause));
    if (late === undefined || !livedAt(about, pause, late)) return [];
    return [{ property: 'stall', lock, what: `a renewal of claim ${claim} that was sent during a pause came too late` }];
  })));
}

/** Whether a renewal that was read before or right after the pause, and whose own time cannot be over, found the lease expired. */
function isTooLate({ operation, proxied, calledAt, returnedAt, ttlMs, answer }: Call, { from, to }: Fault): boolean {
  return operation === 'renew' && !proxied && ttlMs >= 2 * STALL_MS && answer?.reason === 'expired'
    && calledAt < to && from < returnedAt && returnedAt < to + STALL_MS - SLACK_MS;
}

/** Whether the lease was promised beyond the beginning of the pause, and nothing else was under way that could shorten it. */
function livedAt(about: readonly Call[], { from, to }: Fault, renewal: Call): boolean {
  const isPromised = about.some((call) => call.returnedAt < Math.min(from, renewal.calledAt) && (promisedUntil(call) ?? 0) > from + SLACK_MS);
  return isPromised && !about.some((other) => other !== renewal && (other.operation === 'renew' || other.operation === 'release') && other.calledAt < to && other.returnedAt > from - SLACK_MS);
}
