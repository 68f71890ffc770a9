// Declare: locks that have a row of their own, with a description and labels.
//
// Owns declaration and deletion. A lock needs neither to be acquired.

import { DECLARED_LOCKS_MAX } from '../limits.ts';
import type { LockDeclaration, LockRequest } from '../state/inputs.ts';
import { findNamed, nameByKey, retireKey } from '../state/keys.ts';
import { answer, refuse, type Step } from '../state/step.ts';
import { lockView } from './views.ts';

export function createLock(step: Step, input: Extract<LockRequest, { kind: 'createLock' }>): void {
  const { state } = step;
  const { name } = input.lock;
  if (state.phase !== 'serving') return refuse(step, input.request, { code: 'shutting_down' });
  const named = input.key && findNamed(step, input.key);
  if (named === 'reused') return refuse(step, input.request, { code: 'idempotency_key_reused' });
  const exists = state.locks.get(name) !== undefined;
  if (exists && named === undefined) return refuse(step, input.request, { code: 'lock_exists' });
  if (!exists && !declare(step, input.request, input.lock)) return;
  if (input.key !== undefined && !exists) {
    nameByKey(step, input.key, { kind: 'lock', id: name });
    retireKey(step, input.key.id);
  }
  answer(step, input.request, { kind: 'lock', lock: lockView(state, name), created: true });
}

export function putLock(step: Step, input: Extract<LockRequest, { kind: 'putLock' }>): void {
  const { state } = step;
  if (state.phase !== 'serving') return refuse(step, input.request, { code: 'shutting_down' });
  const created = state.locks.get(input.lock.name) === undefined;
  if (!declare(step, input.request, input.lock)) return;
  answer(step, input.request, { kind: 'lock', lock: lockView(state, input.lock.name), created });
}

export function deleteLock(step: Step, input: Extract<LockRequest, { kind: 'deleteLock' }>): void {
  const { state } = step;
  if (state.leaseIndex.lines.has(input.name)) return refuse(step, input.request, { code: 'lock_held', lock: lockView(state, input.name) });
  if (state.locks.get(input.name) === undefined) return refuse(step, input.request, { code: 'lock_not_found' });
  state.locks.delete(input.name);
  answer(step, input.request, { kind: 'done' });
}

function declare(step: Step, request: number, lock: LockDeclaration): boolean {
  const { locks } = step.state;
  const before = locks.get(lock.name);
  if (before === undefined && locks.size >= DECLARED_LOCKS_MAX) {
    refuse(step, request, { code: 'too_many_locks' });
    return false;
  }
  locks.put({ ...lock, createdAt: before?.createdAt ?? step.wall });
  return true;
}
