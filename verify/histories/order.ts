// Order: first come, first served, where the record shows who came first.
//
// Owns P8. Who came first is known in two ways: a place was acknowledged (a ticket, or a listing of the line that names
// the claim) before another call began; or a listing names both.
//   O1. A claim that was sent again may have lost its place to its own time-out and taken a new one: it counts only if
//       it was granted before its first place can have ended.

import { byLock, type Call, type Fault, type History, type Violation } from './calls.ts';
import { askedAt, claimsOf, grantsOf, type Grant } from './grants.ts';

interface Place {
  readonly grant: Grant;
  readonly claim: number;
  /** Its first call, of those not refused. */
  readonly askedAt: number;
  /** It was in line by then. */
  readonly inLineBy: number;
  /** It kept one place from its first call to its grant. (O1) */
  readonly isKept: boolean;
}

export function order({ calls: all, faults }: History): Violation[] {
  return [...byLock(all)].flatMap(([lock, calls]) => {
    const places = placesOf(lock, calls, faults);
    return [...passedOver(lock, places), ...againstListings(lock, calls, places)];
  });
}

function placesOf(lock: string, calls: readonly Call[], faults: readonly Fault[]): Place[] {
  const claims = claimsOf(calls);
  const listed = listedBy(calls);
  return grantsOf(lock, calls, faults).filter(({ claim }) => claim !== 0).map((grant) => {
    const about = claims.get(grant.claim) ?? [];
    const attempts = about.filter(({ operation }) => operation === 'acquire');
    const acknowledged = attempts.filter(({ answer }) => answer?.status === 202).map(({ returnedAt }) => returnedAt);
    const asked = askedAt(about);
    const isTicket = acknowledged.length > 0;
    const isKept = attempts.length === 1 || isTicket || grant.knownBy <= asked + Math.max(...attempts.map(({ waitMs }) => waitMs));
    return { grant, claim: grant.claim, askedAt: asked, inLineBy: Math.min(listed.get(grant.claim) ?? Infinity, ...acknowledged), isKept };
  });
}

/** When each claim had been seen in line for the first time. */
function listedBy(calls: readonly Call[]): Map<number, number> {
  const listed = new Map<number, number>();
  for (const { returnedAt, answer } of calls) {
    for (const claim of answer?.line ?? []) listed.set(claim, Math.min(returnedAt, listed.get(claim) ?? Infinity));
  }
  return listed;
}

/** Whoever came after somebody was in line has the newer token. */
function passedOver(lock: string, places: readonly Place[]): Violation[] {
  const waiting = places.filter(({ isKept, inLineBy }) => isKept && inLineBy < Infinity).toSorted((a, b) => a.inLineBy - b.inLineBy);
  const violations: Violation[] = [];
  let nth = 0;
  let newest: Place | undefined;
  for (const place of places.toSorted((a, b) => a.askedAt - b.askedAt)) {
    for (let next = waiting[nth]; next !== undefined && next.inLineBy < place.askedAt; next = waiting[++nth]) {
      if (newest === undefined || next.grant.token > newest.grant.token) newest = next;
    }
    if (newest === undefined || newest.grant.token <= place.grant.token) continue;
    violations.push({ property: 'P8', lock, what: `${place.grant.token} passed ${newest.grant.token}, which was in line before it came` });
  }
  return violations;
}

function againstListings(lock: string, calls: readonly Call[], places: readonly Place[]): Violation[] {
  const tokens = new Map(places.filter(({ isKept }) => isKept).map(({ claim, grant }) => [claim, grant.token]));
  return calls.flatMap(({ answer }) => {
    const listed = (answer?.line ?? []).map((claim) => tokens.get(claim)).filter((token) => token !== undefined);
    const nth = listed.findIndex((token, place) => place > 0 && token < (listed[place - 1] ?? 0));
    return nth === -1 ? [] : [{ property: 'P8', lock, what: `${listed[nth]} passed ${listed[nth - 1]}, which was listed before it` }];
  });
}
