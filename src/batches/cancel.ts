// Cancel: a client no longer wants a batch.
//
// Owns what becomes of its items. What has not begun is cancelled at once; what runs is told, and after its grace its
// thread is ended (workers.ts). The batch ends when nothing of it runs.

import { CANCEL_GRACE_MS } from '../limits.ts';
import type { BatchRequest } from '../state/inputs.ts';
import type { WorkerRow } from '../state/rows.ts';
import { order, refuse, type Step } from '../state/step.ts';
import { REFRAINED_CANCELLED } from './chunks.ts';
import { dispatch } from './dispatch.ts';
import { finishIfDone } from './finish.ts';
import { settleUnbegun } from './outcomes.ts';
import { endUnbegun } from './setups.ts';
import { answerAsItIs } from './waiting.ts';

/** A batch that has ended, or was cancelled before, is answered as it is. */
export function cancelBatch(step: Step, input: Extract<BatchRequest, { kind: 'cancelBatch' }>): void {
  const { state } = step;
  const batch = state.batches.get(input.batch);
  if (batch === undefined) return refuse(step, input.request, { code: 'batch_not_found' });
  if (batch.endedAt === undefined && batch.cancelled !== true) {
    state.batches.put({ ...batch, cancelled: true });
    for (const row of state.workers.values()) stopRunning(step, batch.id, row);
    endUnbegun(step, batch.id, REFRAINED_CANCELLED);
    finishIfDone(step, batch.id);
    dispatch(step);
  }
  answerAsItIs(step, input.request, state.batches.get(batch.id)!);
}

/** The chunk ends with the item that runs. */
function stopRunning(step: Step, batchId: string, row: WorkerRow): void {
  const { state } = step;
  const chunk = row.chunk === undefined ? undefined : state.chunks.get(row.chunk)!;
  if (chunk?.batch !== batchId || row.item === undefined) return;
  const end = row.item + 1;
  settleUnbegun(step, batchId, end, chunk.end, chunk.attempt - 1, REFRAINED_CANCELLED);
  state.chunks.put({ ...chunk, end });
  if (row.state !== 'running') return;
  state.workers.put({ ...row, aborted: true, dueAt: Math.min(row.dueAt!, step.now + CANCEL_GRACE_MS) });
  order(step, { kind: 'abortRun', worker: row.worker, reason: 'cancelled' });
}
