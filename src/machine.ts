// Machine: the whole service as one function of state, time and input.
//
// Owns the order of a step and who answers which input; the rules themselves are in locks/ and batches/.
//   M1. First everything that came due before the input arrived is settled, in order of time; then the input applies.
//       So a renewal that came in time wins, however late its step. Only a gap in time comes before that: the floor that
//       it puts under leases holds for what came due in the gap.
//   M2. Nothing else changes state: no clock, no randomness, no promise, no port.

import { cancelBatch } from './batches/cancel.ts';
import { deliveryDue, deliverySettled, sendNext } from './batches/deliveries.ts';
import { dispatch } from './batches/dispatch.ts';
import { batchDue } from './batches/forget.ts';
import { orderBegun, ordersTakenBack } from './batches/handed.ts';
import { recallAll } from './batches/hands.ts';
import { listBatches, listenerDue, readBatch, readResults, releaseWaiters } from './batches/read.ts';
import { itemsSettled } from './batches/settle.ts';
import { putBackRunning, startBatches } from './batches/start.ts';
import { submitBatch } from './batches/submit.ts';
import { orderDamaged, restartDue, setupSettled, workerDue, workerEnded, workerReady } from './batches/workers.ts';
import { CLOCK_COMMIT_IDLE_MS, CLOCK_COMMIT_LEASE_MS, STALL_MS } from './limits.ts';
import { acquire } from './locks/acquire.ts';
import { createLock, deleteLock, putLock } from './locks/declare.ts';
import { leaseDue, release } from './locks/endings.ts';
import { findLease, forgetDue } from './locks/leases.ts';
import { listLocks, listWaiters, revokeLock, showLock } from './locks/inspect.ts';
import { attendanceDue, carried, hangUp, uncarried } from './locks/listeners.ts';
import { followOver, readLease, renew } from './locks/renew.ts';
import { openLocks, releaseListeners, startLocks } from './locks/start.ts';
import { endScope, taskAcquire, taskRelease } from './locks/tasks.ts';
import type { Deadline } from './state/deadlines.ts';
import type { Input } from './state/inputs.ts';
import { BrokenState, brokenInvariants } from './state/invariants.ts';
import { loadRows, type StoredRow } from './state/load.ts';
import type { State } from './state/state.ts';
import type { Output, Step } from './state/step.ts';

/** One turn: settles what came due before `now`, then applies the input. (M1) */
export function step(state: State, now: number, wall: number, input: Input): Output {
  const current: Step = { state, now, wall, answers: [], orders: [], facts: [] };
  if (input.kind === 'resumed') resume(current);
  settleDue(current);
  apply(current, input);
  return current;
}

/** The first turn: takes in what was stored and settles what the process before has left. To be committed before serving. */
export function start(state: State, now: number, wall: number, rows: Iterable<StoredRow>, payloadOwners: ReadonlySet<string>): Output {
  const current: Step = { state, now, wall, answers: [], orders: [], facts: [] };
  loadRows(state, rows);
  startLocks(current);
  startBatches(current, payloadOwners);
  dispatch(current);
  const broken = brokenInvariants(state);
  if (broken.length > 0) throw new BrokenState(broken);
  return current;
}

/** Whether somebody waits for what this input frees. Such an input always changes what is stored. */
export function isAwaited(state: State, input: Input): boolean {
  if (input.kind !== 'release') return false;
  const lease = findLease(state, input.lease);
  return lease?.state === 'held' && lease.claimant.by !== 'task' && state.leaseIndex.queue(lease.lock).size > 0;
}

/** How long after the last commit `now` has to be committed again, though nothing changed. */
export function clockCommitMs(state: State): number {
  if (state.leaseIndex.clientLeases > 0) return CLOCK_COMMIT_LEASE_MS;
  return state.deadlines.size > 0 ? CLOCK_COMMIT_IDLE_MS : Infinity;
}

function settleDue(current: Step): void {
  const { deadlines } = current.state;
  for (let due = deadlines.past(current.now); due !== undefined; due = deadlines.past(current.now)) comeDue(current, due);
}

function comeDue(current: Step, due: Deadline): void {
  const { kind, id } = due;
  switch (kind) {
    case 'lease': return leaseDue(current, due);
    case 'forget': return forgetDue(current);
    case 'attendance': return attendanceDue(current, id);
    case 'listener': return requestDue(current, id);
    case 'key': return current.state.keys.delete(id);
    case 'batch': return batchDue(current, id);
    case 'delivery': return deliveryDue(current, id);
    case 'worker': return endOfScope(current, Number(id), () => workerDue(current, Number(id)));
    case 'restart': return restartDue(current);
  }
}

function requestDue(current: Step, id: string): void {
  const listener = current.state.listeners.get(Number(id))!;
  if (listener.on.kind === 'batch') listenerDue(current, listener);
  else followOver(current, listener.request, listener.on.lease);
}

function apply(current: Step, input: Input): void {
  switch (input.kind) {
    case 'acquire': return acquire(current, input);
    case 'renew': return renew(current, input);
    case 'release': return release(current, input);
    case 'readLease': return readLease(current, input);
    case 'createLock': return createLock(current, input);
    case 'putLock': return putLock(current, input);
    case 'deleteLock': return deleteLock(current, input);
    case 'showLock': return showLock(current, input);
    case 'listLocks': return listLocks(current, input);
    case 'listWaiters': return listWaiters(current, input);
    case 'revoke': return revokeLock(current, input);
    case 'hangUp': return hangUp(current, input.request);
    case 'carried': return carried(current, input.request);
    case 'uncarried': return uncarried(current, input.lease);
    case 'submitBatch': return submitBatch(current, input);
    case 'readBatch': return readBatch(current, input);
    case 'listBatches': return listBatches(current, input);
    case 'readResults': return readResults(current, input);
    case 'cancelBatch': return cancelBatch(current, input);
    case 'workerReady': return workerReady(current, input);
    case 'setupSettled': return endOfScope(current, input.worker, () => setupSettled(current, input));
    case 'itemsSettled': return endOfScope(current, input.worker, () => itemsSettled(current, input));
    case 'orderBegun': return orderBegun(current, input);
    case 'ordersTakenBack': return ordersTakenBack(current, input);
    case 'workerEnded': return endOfScope(current, input.worker, () => workerEnded(current, input));
    case 'orderDamaged': return orderDamaged(current, input);
    case 'taskAcquire': return taskAcquire(current, input);
    case 'taskRelease': return taskRelease(current, input);
    case 'deliverySettled': return deliverySettled(current, input);
    case 'tick': return;
    case 'resumed': return;
    case 'opened': return open(current);
    case 'drain': return drain(current);
    case 'stop': return stop(current);
  }
}

/**
 * What an item, an initializer or a thread still holds at its end is released in the step that settles it, before the
 * next one starts. `settle` says whether a scope ended: a report that came too late ends none.
 */
function endOfScope(current: Step, worker: number, settle: () => boolean): void {
  if (!settle()) return;
  endScope(current, worker);
  dispatch(current);
}

/** A gap in time was cut: nobody's lease ends before its renewal could have been read. */
function resume(current: Step): void {
  current.state.floors.put({ id: 'floor', until: current.now + STALL_MS });
}

/** The start is over: graces begin, and what was put back may run. */
function open(current: Step): void {
  current.state.opened = true;
  openLocks(current);
  dispatch(current);
  sendNext(current);
}

function drain(current: Step): void {
  if (current.state.phase !== 'serving') return;
  current.state.phase = 'draining';
  releaseListeners(current);
  releaseWaiters(current);
  recallAll(current);
}

function stop(current: Step): void {
  current.state.phase = 'stopped';
  putBackRunning(current);
}

