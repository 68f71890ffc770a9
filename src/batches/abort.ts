// Abort: an item that runs is told to stop.
//
// Owns what becomes of the chunk of a cancelled batch that a thread runs: it ends with the item that runs.

import { CANCEL_GRACE_MS } from '../limits.ts';
import type { WorkerRow } from '../state/rows.ts';
import { order, type Step } from '../state/step.ts';
import { REFRAINED_CANCELLED } from './chunks.ts';
import { settleUnbegun } from './outcomes.ts';

/** Where the thread runs an item of the batch. */
export function abortRunning(step: Step, batch: string, row: WorkerRow): void {
  const { state } = step;
  const chunk = row.chunk === undefined ? undefined : state.chunks.get(row.chunk)!;
  if (chunk?.batch !== batch || row.item === undefined) return;
  const end = row.item + 1;
  settleUnbegun(step, batch, end, chunk.end, chunk.attempt - 1, REFRAINED_CANCELLED);
  state.chunks.put({ ...chunk, end });
  if (row.state !== 'running') return;
  state.workers.put({ ...row, aborted: true, dueAt: Math.min(row.dueAt!, step.now + CANCEL_GRACE_MS) });
  order(step, { kind: 'abortRun', worker: row.worker, batch, reason: 'cancelled' });
}
