// Views: what an answer shows of a lock.
//
// Owns what is visible: no lease id ever stands in a view of a lock or of its line.

import type { LockView, LeaseView } from '../state/replies.ts';
import type { HeldLease, LeaseRow } from '../state/rows.ts';
import type { State } from '../state/state.ts';
import type { Step } from '../state/step.ts';
import { endsAt, findLease } from './leases.ts';

const RETRY_AFTER_MS_MIN = 100;
const RETRY_AFTER_MS_MAX = 60_000;
const RETRY_AFTER_MS_UNKNOWN = 1_000;

export function holderOf(state: State, lock: string): HeldLease | undefined {
  const holder = state.leaseIndex.lines.get(lock)?.holder;
  const lease = holder === undefined ? undefined : findLease(state, holder);
  return lease?.state === 'held' ? lease : undefined;
}

/** Whether there is such a lock: declared, held or waited for. */
export function lockExists(state: State, lock: string): boolean {
  return state.locks.get(lock) !== undefined || state.leaseIndex.lines.has(lock);
}

export function lockView(state: State, lock: string): LockView {
  const lease = holderOf(state, lock);
  return {
    name: lock,
    declared: state.locks.get(lock),
    holder: lease && { lease, endsAt: endsAt(state, lease) },
    waiters: state.leaseIndex.queue(lock).size,
  };
}

export function leaseView(state: State, lease: LeaseRow): LeaseView {
  if (lease.state === 'held') return { lease, endsAt: endsAt(state, lease) };
  if (lease.state === 'waiting') return { lease, position: state.leaseIndex.queue(lease.lock).position(lease.id) };
  return { lease };
}

/** When trying again makes sense: at the end of the holder's lease, as far as that is known. */
export function retryAfterMs(step: Step, lock: string): number {
  const lease = holderOf(step.state, lock);
  const end = lease && endsAt(step.state, lease);
  if (end === undefined) return RETRY_AFTER_MS_UNKNOWN;
  return Math.min(RETRY_AFTER_MS_MAX, Math.max(RETRY_AFTER_MS_MIN, end - step.now));
}
