// Term: until when an answer of the service lets its reader hold a lock.
//
//   T1. A term counts from the sending of its request, never from the arrival of the answer: an answer may have lain
//       anywhere in between.
//   T2. It ends before the lease can: clocks may differ by `DRIFT`, and looking at one takes time.

import type { LeaseInfo } from './contract.ts';
import { sinceMs, type Moment } from './moment.ts';

/** How much faster the clock of the service may run than ours. */
const DRIFT = 0.001;
const MARGIN_MS = 5;
const RENEWALS_PER_TTL = 3;

export interface Term {
  readonly sentAt: Moment;
  /** From the sending. */
  readonly lastsMs: number;
  /** From the sending: when to renew at the latest, two more tries being left. */
  readonly renewAfterMs: number;
}

/** `sentAt`: when the request left whose answer the lease is. */
export function termOf(sentAt: Moment, { elapsedMs, expiresInMs = 0, ttlMs }: LeaseInfo): Term {
  return {
    sentAt,
    lastsMs: (elapsedMs + expiresInMs) * (1 - DRIFT) - MARGIN_MS,
    renewAfterMs: elapsedMs + ttlMs / RENEWALS_PER_TTL,
  };
}

/** What is left of it; 0 or less when it is over. */
export function leftMs({ sentAt, lastsMs }: Term): number {
  return lastsMs - sinceMs(sentAt);
}
