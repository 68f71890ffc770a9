// Settle: an item's end, as the thread that ran it reports it.
//
// Owns whether a report counts, what it makes of the item, and what the thread does next.
//   S1. A report counts for the item that its thread runs, and only until the item was over its time.
//   S2. A task that lost a lock has failed, whatever it returns.
//   S3. A thread goes on to the next item of its order by itself. One that was left less than it was ordered to run
//       may already be in an item that nobody wants any more, so it is not used again.

import type { TaskError, WorkerReport } from '../state/inputs.ts';
import type { ChunkRow, WorkerRow } from '../state/rows.ts';
import type { Step } from '../state/step.ts';
import { dropChunk, putBack } from './chunks.ts';
import { CANCELLED, lockLost } from './errors.ts';
import { finishIfDone } from './finish.ts';
import { settleRunning, type Ending } from './outcomes.ts';
import { beginItem } from './run.ts';
import { endThread, makeIdle, noteWork } from './threads.ts';

type ItemSettled = Extract<WorkerReport, { kind: 'itemSettled' }>;

/** Returns whether the report counted, and so the item's scope has ended. (S1) */
export function itemSettled(step: Step, report: ItemSettled): boolean {
  const { state } = step;
  const row = state.workers.get(String(report.worker));
  if (row?.chunk === undefined || row.item !== report.index || !mayStillReport(row)) return false;
  const chunk = state.chunks.get(row.chunk)!;
  noteWork(step);
  settleRunning(step, chunk.batch, report.index, endingOf(row, chunk, report));
  goOn(step, row, { ...chunk, next: report.index + 1 });
  finishIfDone(step, chunk.batch);
  return true;
}

function mayStillReport(row: WorkerRow): boolean {
  return row.state === 'running' || row.ending === 'cancelled';
}

/** (S2) */
function endingOf(row: WorkerRow, chunk: ChunkRow, report: ItemSettled): Ending {
  const { logs, durationMs } = report;
  const { attempt } = chunk;
  const failed = (error: TaskError): Ending => ({ state: error.kind === 'cancelled' ? 'cancelled' : 'failed', error, logs, attempt, durationMs });
  if (row.lockLost !== undefined) return failed(lockLost(row.lockLost));
  if (report.error === undefined) return { state: 'succeeded', value: report.value, logs, attempt, durationMs };
  return failed(row.aborted === true ? CANCELLED : report.error);
}

/** (S3) */
function goOn(step: Step, row: WorkerRow, chunk: ChunkRow): void {
  const { state } = step;
  const ordered = chunk.next < row.end!;
  if (ordered && chunk.next < chunk.end) {
    state.chunks.put(chunk);
    beginItem(step, row, state.batches.get(chunk.batch)!, chunk, chunk.next);
    return;
  }
  if (chunk.next === chunk.end) dropChunk(step, chunk);
  else putBack(step, chunk);
  const emptied: WorkerRow = { ...row, chunk: undefined, item: undefined, end: undefined };
  if (row.state === 'ending') state.workers.put(emptied);
  else if (ordered) endThread(step, emptied, 'replaced');
  else makeIdle(step, row);
}
