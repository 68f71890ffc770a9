// Facts: what happened in a step that only the telemetry wants to know. Losing one changes nothing.

import type { LeaseEnd } from './rows.ts';

export type Fact =
  | { readonly kind: 'granted'; readonly waitedMs: number }
  /** A lock passed from one holder to the next; `early`: who is next was told without waiting for the commit. */
  | { readonly kind: 'handedOff'; readonly early: boolean }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'leaseEnded'; readonly reason: LeaseEnd; readonly heldMs?: number | undefined }
  /** So many items of one chunk began. */
  | { readonly kind: 'tasksStarted'; readonly queuedMs: number; readonly count: number }
  | { readonly kind: 'tasksEnded'; readonly function: string; readonly ends: readonly { readonly outcome: string; readonly ms: number }[] }
  /** Items got their outcome without having begun. */
  | { readonly kind: 'tasksNotRun'; readonly function: string; readonly outcome: string; readonly count: number }
  | { readonly kind: 'deliveryTried'; readonly outcome: string }
  | { readonly kind: 'workerLost'; readonly message: string };
