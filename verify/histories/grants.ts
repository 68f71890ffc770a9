// Grants: what the answers of a history say about each fencing token, put together.
//
// Owns the reading of answers by token. Does not own what may not be (witness.ts).
//   N1. Whatever names a token as held says: at some moment between this call and its return this grant was the lock's.
//   N2. A promise binds until its end, or until somebody who knows the lease may have cut it short: from the first call
//       to release it, and from a renewal by the shorter time that it asked for; also from one that was refused, as it
//       is when its own time was over before it could be answered.
//   N3. A start promises too: a lease that lived when the process ended has its TTL, or ten seconds, from there.

import { promisedUntil, type Call, type Fault } from './calls.ts';

/** What a live lease has left after a start, or its TTL where that is shorter. */
const START_GRACE_MS = 10_000;
/** A process may be held up between the opening of its port and the words that say so. */
const OPENING_MS = 200;

export interface Grant {
  readonly token: number;
  readonly lock: string;
  /** 0 as long as nobody was told whose it is: its acquire got no answer. */
  claim: number;
  /** It was not granted before. */
  askedAt: number;
  /** It was granted by then. */
  knownBy: number;
  /** The last moment after which it was still held. */
  heldAfter: number;
  /** It was over by then. */
  endedBy: number;
  /** Its release was acknowledged by then. */
  releasedBy: number;
  /** It cannot be over before. (N2) */
  safeUntil: number;
}

/** The attempts and the calls of each claim; the rest of the lock's calls are about no claim. */
export type Claims = ReadonlyMap<number, readonly Call[]>;

export function claimsOf(calls: readonly Call[]): Claims {
  return Map.groupBy(calls.filter(({ claim }) => claim !== 0), ({ claim }) => claim);
}

/** The token that the service named for a claim; the first, where it named several. */
export function tokenOf(calls: readonly Call[]): number | undefined {
  return calls.find(({ answer }) => answer?.token !== undefined)?.answer?.token;
}

/** The grants of one lock, in the order of their tokens. */
export function grantsOf(lock: string, calls: readonly Call[], faults: readonly Fault[]): Grant[] {
  const grants = new Map<number, Grant>();
  for (const [claim, about] of claimsOf(calls)) {
    const token = tokenOf(about);
    if (token === undefined) continue;
    const grant = grantOf(grants, lock, token);
    grant.claim = claim;
    grant.askedAt = askedAt(about);
    grant.safeUntil = safeUntil(about, faults);
    for (const call of about) takeOwn(grant, call);
  }
  for (const call of calls) {
    if (call.answer?.holder !== undefined) takeHeld(grantOf(grants, lock, call.answer.holder), call);
  }
  return [...grants.values()].toSorted((a, b) => a.token - b.token);
}

function grantOf(grants: Map<number, Grant>, lock: string, token: number): Grant {
  let grant = grants.get(token);
  if (grant === undefined) {
    const never = { askedAt: -Infinity, knownBy: Infinity, heldAfter: -Infinity, endedBy: Infinity, releasedBy: Infinity, safeUntil: -Infinity };
    grants.set(token, grant = { token, lock, claim: 0, ...never });
  }
  return grant;
}

/** When the first attempt began that was not refused. */
export function askedAt(about: readonly Call[]): number {
  return Math.min(...about.filter(({ operation, answer }) => operation === 'acquire' && answer?.status !== 423).map(({ calledAt }) => calledAt));
}

function takeOwn(grant: Grant, call: Call): void {
  const { answer, operation, returnedAt } = call;
  if (answer === undefined) return;
  if (answer.state === 'held') return takeHeld(grant, call);
  const isReleased = operation === 'release' && answer.status === 204;
  if (isReleased) grant.releasedBy = Math.min(grant.releasedBy, returnedAt);
  else if (answer.token === undefined) return;
  grant.knownBy = Math.min(grant.knownBy, returnedAt);
  grant.endedBy = Math.min(grant.endedBy, returnedAt);
}

/** (N1) */
function takeHeld(grant: Grant, { calledAt, returnedAt }: Call): void {
  grant.knownBy = Math.min(grant.knownBy, returnedAt);
  grant.heldAfter = Math.max(grant.heldAfter, calledAt);
}

/** (N2, N3) */
function safeUntil(about: readonly Call[], faults: readonly Fault[]): number {
  const releases = about.filter(({ operation, answer }) => operation === 'release' && (answer === undefined || answer.status === 204));
  const releasedAt = Math.min(...releases.map(({ calledAt }) => calledAt));
  const renewals = about.filter(({ operation }) => operation === 'renew');
  const bounds = about.map((call) => {
    const until = promisedUntil(call);
    if (until === undefined) return -Infinity;
    const cuts = renewals.filter((renewal) => renewal.returnedAt > call.calledAt).map((renewal) => Math.max(renewal.calledAt, call.calledAt) + renewal.ttlMs);
    return Math.min(until, releasedAt, ...cuts);
  });
  const ttlMs = Math.min(START_GRACE_MS, ...about.filter(({ operation }) => operation === 'acquire' || operation === 'renew').map((call) => call.ttlMs));
  let until = Math.max(-Infinity, ...bounds);
  for (const { restart } of faults) {
    if (restart !== undefined && until > restart.endedBy) until = Math.max(until, Math.min(restart.openedAt - OPENING_MS + ttlMs, releasedAt));
  }
  return until;
}
