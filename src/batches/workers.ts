// Workers: what threads report of themselves, and what is due about them.
//
// Owns the states of a thread: starting → setup (where it has one) → idle ⇄ running (between, where it goes on with its
// hand) → ending, and stuck when it was given up. Items are settled in settle.ts and lost.ts.
//   W1. A thread is believed by its number and its state: a report that does not fit is one that came too late.
//   W2. What a thread runs is settled once: when it has ended, or when it was given up `STUCK_MS` after it was told to end.

import type { WorkerReport } from '../state/inputs.ts';
import type { WorkerRow } from '../state/rows.ts';
import type { Step } from '../state/step.ts';
import { damagedItems, endChunk } from './chunks.ts';
import { dispatch } from './dispatch.ts';
import { PAYLOAD_DAMAGED, setupLostLock } from './errors.ts';
import { finishIfDone } from './finish.ts';
import { freeThread, handedDamaged } from './handed.ts';
import { recall } from './hands.ts';
import { settleLost } from './lost.ts';
import { settleRunning } from './outcomes.ts';
import { runChunk } from './run.ts';
import { failSetup } from './setups.ts';
import { endThread, makeIdle, noteLoss, noteWork } from './threads.ts';

type Report<Kind extends WorkerReport['kind']> = Extract<WorkerReport, { kind: Kind }>;

/** A thread has loaded the functions; its setup begins, where it has one. */
export function workerReady(step: Step, report: Report<'workerReady'>): void {
  const { state } = step;
  state.registry = { functions: new Map(report.functions.map((info) => [info.name, info])), broken: report.broken };
  const row = state.workers.get(String(report.worker));
  if (row?.state !== 'starting') return;
  if (row.setup === undefined) makeIdle(step, row);
  else state.workers.put({ ...row, state: 'setup', since: step.now, dueAt: step.now + state.batches.get(row.setup)!.timeoutMs });
  dispatch(step);
}

/** Returns whether the report counted, and so the initializer's scope has ended. */
export function setupSettled(step: Step, report: Report<'setupSettled'>): boolean {
  const { state } = step;
  const row = state.workers.get(String(report.worker));
  if (row?.state !== 'setup' || row.setup === undefined || row.chunk === undefined) return false;
  const error = row.lockLost === undefined ? report.error : setupLostLock(row.lockLost);
  if (error === undefined) {
    noteWork(step);
    runChunk(step, row, state.chunks.get(row.chunk)!);
  } else {
    failSetup(step, row.setup, error);
    finishIfDone(step, row.setup);
  }
  return true;
}

/** Returns whether what it ran was settled with it: not for one that was given up before. (W2) */
export function workerEnded(step: Step, report: Report<'workerEnded'>): boolean {
  const row = step.state.workers.get(String(report.worker));
  if (row === undefined) return false;
  step.state.workers.delete(String(row.worker));
  if (row.state === 'stuck') {
    dispatch(step);
    return false;
  }
  if (row.ending === undefined) noteLoss(step, report.message);
  settleLost(step, row, report.message, report.logs);
  return true;
}

/** A thread's time is over. Returns whether it was given up, and what it ran settled. (W2) */
export function workerDue(step: Step, worker: number): boolean {
  recall(step, step.state.workers.get(String(worker))!);
  const row = step.state.workers.get(String(worker))!;
  if (row.state === 'ending') {
    step.state.workers.put({ worker, state: 'stuck', since: step.now });
    settleLost(step, row, 'the thread could not be ended', '');
    return true;
  }
  if (row.state === 'starting') noteLoss(step, 'the thread did not load the functions in time');
  if (row.state === 'starting' || row.state === 'between') {
    endThread(step, row, 'replaced');
  } else {
    endThread(step, row, row.aborted === true ? 'cancelled' : 'timeout');
  }
  return false;
}

/** Threads may be started again after the back-off. */
export function restartDue(step: Step): void {
  step.state.deadlines.set(step.state.restarting, undefined);
  dispatch(step);
}

/** What a thread was to be given is damaged: it was given nothing, and nothing of it is ever run. */
export function orderDamaged(step: Step, report: Report<'orderDamaged'>): void {
  const row = step.state.workers.get(String(report.worker));
  if (row === undefined) return;
  if (report.number !== undefined) handedDamaged(step, row, report.number);
  else if (row.item === undefined) failDamagedSetup(step, row);
  else failDamagedItems(step, row, row.item);
  dispatch(step);
}

/** The thread was not even started. */
function failDamagedSetup(step: Step, row: WorkerRow): void {
  step.state.workers.delete(String(row.worker));
  if (row.setup === undefined || row.chunk === undefined) return;
  failSetup(step, row.setup, PAYLOAD_DAMAGED);
  finishIfDone(step, row.setup);
}

function failDamagedItems(step: Step, row: WorkerRow, item: number): void {
  const chunk = step.state.chunks.get(row.chunk!)!;
  settleRunning(step, chunk.batch, item, [{ state: 'failed', error: PAYLOAD_DAMAGED, logs: '', attempt: chunk.attempt, durationMs: 0 }]);
  endChunk(step, chunk, item + 1, damagedItems(chunk));
  freeThread(step, row, false);
  finishIfDone(step, chunk.batch);
}
