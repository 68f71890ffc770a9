// Lost: what a thread leaves behind that has ended, or was given up.
//
// Owns how its item or its setup fails, and where the rest of its chunk goes.
//   L1. The first item without a result fails; those behind it go back with their attempt unchanged.
//   L2. A setup that ended with its thread fails the batch. A thread that ended before its setup began is nobody's fault.

import type { TaskError } from '../state/inputs.ts';
import type { BatchRow, WorkerRow } from '../state/rows.ts';
import type { Step } from '../state/step.ts';
import { putBack } from './chunks.ts';
import { CANCELLED, setupLost, setupTimedOut, timedOut, workerLost } from './errors.ts';
import { finishIfDone } from './finish.ts';
import { leaveHand } from './handed.ts';
import { settleRunning } from './outcomes.ts';
import { failSetup } from './setups.ts';

/** `row`: the thread's row as it was; it is gone from the table or says `stuck`. */
export function settleLost(step: Step, row: WorkerRow, message: string, logs: string): void {
  leaveHand(step, row.hand);
  if (row.chunk === undefined) return;
  const { state } = step;
  const chunk = state.chunks.get(row.chunk)!;
  const batch = state.batches.get(chunk.batch)!;
  const setupError = row.item === undefined ? setupFailure(row, batch, message) : undefined;
  if (row.item !== undefined) {
    const error = itemFailure(row, batch, message);
    const outcome = error.kind === 'cancelled' ? 'cancelled' : 'failed';
    settleRunning(step, batch.id, row.item, [{ state: outcome, error, logs, attempt: chunk.attempt, durationMs: step.now - row.since }]);
    putBack(step, { ...chunk, next: row.item + 1 });
  } else if (setupError !== undefined) {
    failSetup(step, batch.id, setupError);
  } else {
    putBack(step, chunk);
  }
  finishIfDone(step, batch.id);
}

/** (L1) */
function itemFailure(row: WorkerRow, batch: BatchRow, message: string): TaskError {
  if (row.aborted === true) return CANCELLED;
  return row.ending === 'timeout' ? timedOut(batch.timeoutMs) : workerLost(message);
}

/** (L2) */
function setupFailure(row: WorkerRow, batch: BatchRow, message: string): TaskError | undefined {
  if (row.ending === 'timeout') return setupTimedOut(batch.timeoutMs);
  return row.state === 'setup' ? setupLost(message) : undefined;
}
