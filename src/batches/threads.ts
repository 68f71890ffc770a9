// Threads: starting and ending worker threads.
//
// Owns the rows of workers from start to end, and the back-off when threads are lost. Does not own what they run.
//   T1. A thread's number is never used twice in a process, so a late report cannot be taken for another thread's.
//   T2. Threads that are lost one after another are started again ever more slowly; one that works ends the series.

import { RESTART_BACKOFF_MS_MAX, RESTART_BACKOFF_MS_MIN, STUCK_MS, WORKER_START_MS } from '../limits.ts';
import type { ChunkRow, WorkerRow } from '../state/rows.ts';
import { order, type Step } from '../state/step.ts';

/** Starts a thread; with a chunk for that chunk's batch and its setup. The chunk's row says `running` already. (T1) */
export function startThread(step: Step, chunk?: ChunkRow): void {
  const { state } = step;
  const worker = ++state.workerNumber;
  const batch = chunk === undefined ? undefined : state.batches.get(chunk.batch)!;
  state.workers.put({ worker, setup: batch?.id, state: 'starting', chunk: chunk?.id, since: step.now, dueAt: step.now + WORKER_START_MS });
  order(step, { kind: 'startWorker', worker, setup: batch?.setup && { batch: batch.id, attempt: chunk!.attempt, payload: batch.setup } });
}

/** Tells a thread to end. What it runs is settled when it has ended, or was given up. */
export function endThread(step: Step, row: WorkerRow, why: WorkerRow['ending']): void {
  step.state.workers.put({ ...row, state: 'ending', ending: why, dueAt: step.now + STUCK_MS });
  order(step, { kind: 'endWorker', worker: row.worker });
}

export function makeIdle(step: Step, { worker, setup, latestNumber }: WorkerRow): void {
  step.state.workers.put({ worker, setup, latestNumber, state: 'idle', since: step.now });
}

/** Whether a thread may be started now; otherwise the pool is looked at again when one may. (T2) */
export function mayStart(step: Step): boolean {
  const { restart, restarting, deadlines } = step.state;
  if (step.now >= restart.notBefore) return true;
  deadlines.set(restarting, restart.notBefore);
  return false;
}

/** A thread ended that nobody told to. The first of a series is replaced at once. */
export function noteLoss(step: Step, message: string): void {
  const losses = step.state.restart.losses + 1;
  const backoff = losses === 1 ? 0 : Math.min(RESTART_BACKOFF_MS_MIN * 2 ** (losses - 2), RESTART_BACKOFF_MS_MAX);
  step.state.restart = { losses, notBefore: step.now + backoff };
  step.facts.push({ kind: 'workerLost', message });
}

export function noteWork(step: Step): void {
  if (step.state.restart.losses === 0) return;
  step.state.restart = { losses: 0, notBefore: 0 };
  step.state.deadlines.set(step.state.restarting, undefined);
}
