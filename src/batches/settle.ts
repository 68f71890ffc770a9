// Settle: the ends of items, as the thread that ran them reports them.
//
// Owns which results count, what they make of the items, and what the thread does next.
//   S1. A result counts for the item that its thread runs, and only until the item was over its time. With one that
//       counts the thread runs the next item of its order, which the next result of the same report may be of.
//   S2. A task that lost a lock has failed, whatever it returns.
//   S3. A thread goes on to the next item of its order by itself. One that was left less than it was ordered to run
//       may already be in an item that nobody wants any more, so it is not used again, unless it is past that (handed.ts).

import type { ItemResult, TaskError, WorkerReport } from '../state/inputs.ts';
import type { ChunkRow, WorkerRow } from '../state/rows.ts';
import type { Step } from '../state/step.ts';
import { dropChunk, putBack } from './chunks.ts';
import { noteChunk } from './claims.ts';
import { CANCELLED, lockLost } from './errors.ts';
import { finishIfDone } from './finish.ts';
import { freeThread } from './handed.ts';
import { settleRunning, type Ending } from './outcomes.ts';
import { beginItem, noteBegun } from './run.ts';
import { noteWork } from './threads.ts';

type ItemsSettled = Extract<WorkerReport, { kind: 'itemsSettled' }>;

/** Returns whether a result counted, and so the scope of an item has ended. (S1) */
export function itemsSettled(step: Step, report: ItemsSettled): boolean {
  const { state } = step;
  const row = state.workers.get(String(report.worker));
  if (row?.chunk === undefined || row.item === undefined || !mayStillReport(row)) return false;
  const chunk = state.chunks.get(row.chunk)!;
  const endings = endingsOf(row, row.item, chunk, report.results);
  if (endings.length === 0) return false;
  noteWork(step);
  if (endings.length > 1) noteBegun(step, chunk, endings.length - 1);
  settleRunning(step, chunk.batch, row.item, endings);
  goOn(step, row, { ...chunk, next: row.item + endings.length });
  finishIfDone(step, chunk.batch);
  return true;
}

/** Of the running item and of those behind it, as far as results count. `first`: the running item. (S1) */
function endingsOf(row: WorkerRow, first: number, chunk: ChunkRow, results: readonly ItemResult[]): readonly Ending[] {
  const end = Math.min(row.end!, chunk.end);
  const endings: Ending[] = [];
  for (const result of results) {
    const item = first + endings.length;
    if (result.index !== item || item === end) continue;
    endings.push(endingOf(row, chunk, result, item === first ? row.lockLost : undefined));
  }
  return endings;
}

function mayStillReport(row: WorkerRow): boolean {
  return row.state === 'running' || row.ending === 'cancelled';
}

/** (S2) */
function endingOf(row: WorkerRow, chunk: ChunkRow, result: ItemResult, lost: string | undefined): Ending {
  const { logs, durationMs } = result;
  const { attempt } = chunk;
  const failed = (error: TaskError): Ending => ({ state: error.kind === 'cancelled' ? 'cancelled' : 'failed', error, logs, attempt, durationMs });
  if (lost !== undefined) return failed(lockLost(lost));
  if (result.error === undefined) return { state: 'succeeded', value: result.value, logs, attempt, durationMs };
  return failed(row.aborted === true ? CANCELLED : result.error);
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
  noteChunk(step, row);
  freeThread(step, row, ordered);
}
