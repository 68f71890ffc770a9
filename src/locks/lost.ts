// Lost: the words in which a lease that has ended is refused.

import type { Refusal } from '../state/replies.ts';
import type { EndedLease } from '../state/rows.ts';

/** 410: `reason` says how the lease ended; what a revoker said comes as the detail. */
export function leaseLost(lease: EndedLease): Refusal {
  return { code: 'lease_lost', reason: lease.state, detail: lease.reason === undefined ? undefined : `It was revoked: ${lease.reason}`, fencingToken: lease.fencingToken };
}

/** 410 for a lease whose key is remembered but whose row is gone. */
export const FORGOTTEN: Refusal = { code: 'lease_lost', reason: 'forgotten' };
