// Tasks: locks taken by code that runs on a worker.
//
// Owns what is particular to a task's lease: it is volatile, has no expiry, and ends with its task. Line and grant are
// those of every other lease. A scope is one item's call, or an initializer (`SETUP_SCOPE`).
//   S1. What a scope holds or waits for when it ends is released in the same step.

import { TASK_LEASES_MAX, TTL_MS_DEFAULT, WAITERS_PER_LOCK_MAX } from '../limits.ts';
import { SETUP_SCOPE, type WorkerReport } from '../state/inputs.ts';
import type { WaitingLease, WorkerRow } from '../state/rows.ts';
import type { Step } from '../state/step.ts';
import type { LockAnswer } from '../state/effects.ts';
import { endLease, findLease, putLease } from './leases.ts';
import { endAndPassOn } from './endings.ts';
import { grant, isFree } from './grant.ts';
import { holderOf } from './views.ts';

type TaskAcquire = Extract<WorkerReport, { kind: 'taskAcquire' }>;

export function taskAcquire(step: Step, input: TaskAcquire): void {
  const worker = step.state.workers.get(String(input.worker));
  if (worker === undefined || !isRunning(worker, input.scope)) {
    return tell(step, input.worker, input.call, { kind: 'refused', code: 'task_ended', message: 'the task that asked for the lock has ended' });
  }
  if (step.state.leaseIndex.leasesOf(input.worker).size >= TASK_LEASES_MAX) {
    return tell(step, input.worker, input.call, { kind: 'refused', code: 'too_many_leases', message: `a task holds or waits for ${TASK_LEASES_MAX} locks at most` });
  }
  if (isFree(step, input.lock)) {
    grant(step, place(step, input, worker));
    return;
  }
  if (input.waitMs === 0) {
    const refused = { kind: 'refused', code: 'lock_held', message: `the lock ${input.lock} is held` } as const;
    return tell(step, input.worker, input.call, refused, !step.state.changes.isLockUnflushed(input.lock));
  }
  if (step.state.leaseIndex.queue(input.lock).size >= WAITERS_PER_LOCK_MAX) {
    return tell(step, input.worker, input.call, { kind: 'refused', code: 'wait_queue_full', message: `too many wait for the lock ${input.lock}` });
  }
  putLease(step.state, place(step, input, worker));
}

/** Nobody waits for an answer: what a thread says next is heard behind it, and what it no longer held was lost before. */
export function taskRelease(step: Step, input: Extract<WorkerReport, { kind: 'taskRelease' }>): void {
  const lease = holderOf(step.state, input.lock);
  const isIts = lease?.claimant.by === 'task' && lease.claimant.worker === input.worker && lease.fencingToken === input.fencingToken;
  if (isIts) endAndPassOn(step, lease, 'released');
}

/** The item or the initializer that ran on a worker has ended, or the worker itself. (S1) */
export function endScope(step: Step, worker: number): void {
  const leases = Array.from(step.state.leaseIndex.leasesOf(worker), (id) => findLease(step.state, id));
  for (const lease of leases) if (lease?.state === 'waiting') endLease(step, lease, 'abandoned');
  for (const lease of leases) if (lease?.state === 'held') endAndPassOn(step, lease, 'released');
}

function isRunning(worker: WorkerRow, scope: number): boolean {
  if (worker.state === 'setup') return scope === SETUP_SCOPE;
  return worker.state === 'running' && worker.item === scope;
}

function place(step: Step, input: TaskAcquire, worker: WorkerRow): WaitingLease {
  const { state } = step;
  const chunk = worker.chunk === undefined ? undefined : state.chunks.get(worker.chunk);
  const batch = worker.setup ?? chunk?.batch;
  const order = ++state.leaseOrder;
  return {
    id: `task-${order}`,
    lock: input.lock,
    order,
    claimant: { by: 'task', worker: input.worker, scope: input.scope, call: input.call },
    owner: input.scope === SETUP_SCOPE ? `${batch} initializer` : `${batch} item ${input.scope}`,
    ttlMs: input.ttlMs ?? TTL_MS_DEFAULT,
    askedAt: step.now,
    state: 'waiting',
    waitUntil: input.waitMs === undefined ? undefined : step.now + input.waitMs,
  };
}

/** `early`: what is told rests on nothing that could be lost with the process without the task being lost too. */
function tell(step: Step, worker: number, call: number, answer: LockAnswer, early = true): void {
  step.orders.push({ effect: { kind: 'answerLock', worker, call, answer }, early });
}
