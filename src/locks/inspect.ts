// Inspect: reading locks and their lines, and taking a lock from its holder.
//
// Owns the order and the bounds of the listings. Cursors are the last name (or order) of the page before.

import { PAGE_SCAN_MAX } from '../limits.ts';
import type { LockRequest } from '../state/inputs.ts';
import type { LockView, WaiterView } from '../state/replies.ts';
import { answer, refuse, type Step } from '../state/step.ts';
import { revoke } from './endings.ts';
import { findLease } from './leases.ts';
import { holderOf, lockExists, lockView } from './views.ts';

export function showLock(step: Step, input: Extract<LockRequest, { kind: 'showLock' }>): void {
  if (!lockExists(step.state, input.name)) return refuse(step, input.request, { code: 'lock_not_found' });
  answer(step, input.request, { kind: 'lock', lock: lockView(step.state, input.name), created: false });
}

/** Names in order, from the cursor on. A page looks at `PAGE_SCAN_MAX` names at most and may be short. */
export function listLocks(step: Step, input: Extract<LockRequest, { kind: 'listLocks' }>): void {
  const { prefix, cursor, limit } = input;
  if (cursor !== undefined && !cursor.startsWith(prefix)) return refuse(step, input.request, { code: 'cursor_invalid' });
  const locks: LockView[] = [];
  let scanned = 0;
  let last: string | undefined;
  for (const name of step.state.leaseIndex.names.from(cursor ?? prefix)) {
    if (!name.startsWith(prefix)) break;
    if (name === cursor) continue;
    if (locks.length === limit || scanned === PAGE_SCAN_MAX) {
      return answer(step, input.request, { kind: 'locks', locks, nextCursor: last });
    }
    const view = lockView(step.state, name);
    if (input.state === undefined || (input.state === 'locked') === (view.holder !== undefined)) locks.push(view);
    scanned++;
    last = name;
  }
  answer(step, input.request, { kind: 'locks', locks });
}

export function listWaiters(step: Step, input: Extract<LockRequest, { kind: 'listWaiters' }>): void {
  const { state } = step;
  const after = Number(input.cursor ?? 0);
  if (!/^\d{1,15}$/.test(input.cursor ?? '0')) return refuse(step, input.request, { code: 'cursor_invalid' });
  if (!lockExists(state, input.name)) return refuse(step, input.request, { code: 'lock_not_found' });
  const waiters: WaiterView[] = [];
  let position = 0;
  for (const id of state.leaseIndex.queue(input.name)) {
    position++;
    const lease = findLease(state, id);
    if (lease?.state !== 'waiting' || lease.order <= after) continue;
    if (waiters.length === input.limit) {
      return answer(step, input.request, { kind: 'waiters', waiters, nextCursor: String(waiters.at(-1)!.lease.order) });
    }
    waiters.push({ position, lease });
  }
  answer(step, input.request, { kind: 'waiters', waiters });
}

/** Takes the lock from its holder; with a token only from that holder. A lock nobody holds is left as it is. */
export function revokeLock(step: Step, input: Extract<LockRequest, { kind: 'revoke' }>): void {
  const { state } = step;
  const lease = holderOf(state, input.name);
  if (lease !== undefined && input.fencingToken !== undefined && input.fencingToken !== lease.fencingToken) {
    return refuse(step, input.request, { code: 'lock_held', lock: lockView(state, input.name), fencingToken: lease.fencingToken });
  }
  if (lease !== undefined) revoke(step, lease, input.reason);
  answer(step, input.request, { kind: 'lock', lock: lockView(state, input.name), created: false });
}
