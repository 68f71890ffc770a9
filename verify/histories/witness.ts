// Witness: what fencing tokens and times alone say against a history. One pass over sorted grants, no search.
//
// Owns the properties that need no model of a lock. Each objection is a fact of the record: two answers that no service
// that keeps its promises can have given.
//   P1   Grants follow one another: all that was seen of one is before all that was seen of a later one.
//   P2   No grant is over, and none follows, before what its client was promised.
//   P4   Tokens rise over all locks in the order of time, and no two grants have the same.
//   P9   What was acknowledged stays: no lease is unknown, none is held after its release was acknowledged.
//   P10  What is over stays over.
//   P15  A claim gets one grant, however often it is asked for, and there is no grant that nobody asked for.
//   P21  A lock is not shown as free while a client may rely on it.

import { byLock, type Call, type History, type Violation } from './calls.ts';
import { claimsOf, grantsOf, tokenOf, type Claims, type Grant } from './grants.ts';

export type Object = (property: string, lock: string, what: string) => void;

/** `newest`: the newest token that was seen on this data directory before the history began. */
export function witness(history: History, newest = 0): { readonly violations: Violation[]; readonly newest: number } {
  const violations: Violation[] = [];
  const object: Object = (property, lock, what) => { violations.push({ property, lock, what }); };
  const all: Grant[] = [];
  for (const [lock, calls] of byLock(history.calls)) {
    const grants = grantsOf(lock, calls, history.faults);
    const claims = claimsOf(calls);
    checkAnswers(calls, object);
    checkClaims(claims, object);
    checkGrants(grants, object);
    checkFree(calls, grants, object);
    checkUnknown(claims, grants, object);
    all.push(...grants);
  }
  checkTokens(all, newest, object);
  return { violations, newest: Math.max(newest, ...all.map(({ token }) => token)) };
}

const STATUSES: Readonly<Record<Call['operation'], readonly number[]>> = {
  acquire: [201, 202, 410, 423], reuse: [422], renew: [200, 409, 410], release: [204, 410], follow: [200], show: [200, 404], line: [200, 404],
};

/** The answers of an acquire or a renewal that give time. */
const GIVING: ReadonlySet<number> = new Set([200, 201]);

/** An answer that the contract does not have; an unknown lease is one that was lost. */
function checkAnswers(calls: readonly Call[], object: Object): void {
  for (const { operation, lock, answer } of calls) {
    if (answer === undefined) continue;
    if (answer.status === 404 && answer.code === 'lease_not_found') object('P9', lock, `${operation}: a lease that was acknowledged is not known`);
    else if (!STATUSES[operation].includes(answer.status)) object('contract', lock, `${operation}: ${answer.status} ${answer.code ?? ''}`);
    else if (GIVING.has(answer.status) && (operation === 'acquire' || operation === 'renew') && answer.state !== 'held') object('contract', lock, `${operation}: ${answer.status} with a lease that is ${answer.state}`);
    else if (answer.status === 423 && answer.holder === undefined) object('P7', lock, `${operation}: ${answer.code} and nobody holds it`);
  }
}

function checkClaims(claims: Claims, object: Object): void {
  const owners = new Map<number, number>();
  for (const [claim, about] of claims) {
    const lock = about[0]?.lock ?? '';
    const tokens = new Set(about.map(({ answer }) => answer?.token).filter((token) => token !== undefined));
    const leases = new Set(about.map(({ answer }) => answer?.lease).filter((lease) => lease !== undefined));
    if (tokens.size > 1) object('P15', lock, `claim ${claim} has the tokens ${[...tokens].join(' and ')}`);
    if (leases.size > 1) object('P15', lock, `claim ${claim} has ${leases.size} leases`);
    for (const token of tokens) {
      if (owners.has(token)) object('P4', lock, `${token} is the token of the claims ${owners.get(token)} and ${claim}`);
      owners.set(token, claim);
    }
    const grantedBy = Math.min(...about.filter(({ answer }) => answer?.state === 'held').map(({ returnedAt }) => returnedAt));
    const anew = about.find(({ operation, calledAt, answer }) => operation === 'acquire' && calledAt > grantedBy && answer !== undefined && ![201, 410].includes(answer.status));
    if (anew !== undefined) object('P15', lock, `claim ${claim} was granted and its retry was answered ${anew.answer?.status}`);
  }
}

function checkGrants(grants: readonly Grant[], object: Object): void {
  let safest: Grant | undefined;
  let latest: Grant | undefined;
  for (const grant of grants) {
    const { token, lock } = grant;
    if (grant.heldAfter > grant.releasedBy) object('P9', lock, `${token} was held ${late(grant.heldAfter, grant.releasedBy)} after its release was acknowledged`);
    else if (grant.heldAfter > grant.endedBy) object('P10', lock, `${token} was held ${late(grant.heldAfter, grant.endedBy)} after its end`);
    if (grant.endedBy < grant.safeUntil) object('P2', lock, `${token} was over ${late(grant.safeUntil, grant.endedBy)} before what was promised`);
    if (safest !== undefined && grant.knownBy < safest.safeUntil) object('P2', lock, `${token} was granted ${late(safest.safeUntil, grant.knownBy)} before the promise of ${safest.token} was over`);
    if (latest !== undefined && grant.knownBy < latest.heldAfter) object('P1', lock, `${latest.token} was held ${late(latest.heldAfter, grant.knownBy)} after ${token} was`);
    if (safest === undefined || grant.safeUntil > safest.safeUntil) safest = grant;
    if (latest === undefined || grant.heldAfter > latest.heldAfter) latest = grant;
  }
}

function late(after: number, before: number): string {
  return `${(after - before).toFixed(1)} ms`;
}

function checkFree(calls: readonly Call[], grants: readonly Grant[], object: Object): void {
  for (const { operation, lock, calledAt, returnedAt, answer } of calls) {
    const isFree = operation === 'show' && answer !== undefined && answer.holder === undefined;
    const sure = isFree ? grants.find(({ knownBy, safeUntil }) => knownBy < calledAt && returnedAt < safeUntil) : undefined;
    if (sure !== undefined) object('P21', lock, `shown as free while ${sure.token} was promised`);
  }
}

/** Each token that no claim has needs a claim whose grant got lost, one that was asked for before the token was seen. */
function checkUnknown(claims: Claims, grants: readonly Grant[], object: Object): void {
  const seen = grants.filter(({ claim }) => claim === 0).toSorted((a, b) => a.knownBy - b.knownBy);
  const lost = [...claims.values()].filter((about) => tokenOf(about) === undefined && mayHaveGrant(about)).map((about) => Math.min(...about.map(({ calledAt }) => calledAt)));
  lost.sort((a, b) => a - b);
  for (const [nth, { token, lock, knownBy }] of seen.entries()) {
    if ((lost[nth] ?? Infinity) > knownBy) object('P15', lock, `nobody asked for ${token}`);
  }
}

/** Whether a claim may have got a grant that nobody was told of: an attempt without an answer, or a ticket. */
function mayHaveGrant(about: readonly Call[]): boolean {
  return about.some(({ operation, answer }) => operation === 'acquire' && (answer === undefined || answer.status === 202));
}

function checkTokens(grants: readonly Grant[], newest: number, object: Object): void {
  let latest: Grant | undefined;
  let before: Grant | undefined;
  for (const grant of grants.toSorted((a, b) => a.token - b.token)) {
    const { token, lock } = grant;
    if (token <= newest) object('P4', lock, `${token} is not above ${newest}, which was seen before`);
    if (before?.token === token) object('P4', lock, `${token} is also a token of ${before.lock}`);
    if (latest !== undefined && latest.askedAt > grant.knownBy) object('P4', lock, `${token} was granted before ${latest.token} of ${latest.lock} was asked for`);
    if (latest === undefined || grant.askedAt > latest.askedAt) latest = grant;
    before = grant;
  }
}
