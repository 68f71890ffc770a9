// Finish: the end of a batch.
//
// Owns what happens once each item has its outcome.
//   F1. A batch ends once. Its state, its key's time, its callback and the answers to who waits follow in one step.
//   F2. `batch.succeeded` goes to the callback, `batch.failed` and `batch.cancelled` to the error callback.

import { ENDED_BATCH_KEEP_MS } from '../limits.ts';
import { retireKey } from '../state/keys.ts';
import type { BatchRow, Counts } from '../state/rows.ts';
import type { Step } from '../state/step.ts';
import { owe } from './deliveries.ts';
import { forgetExcess } from './forget.ts';
import { endThread } from './threads.ts';
import { answerWaiting } from './waiting.ts';

/** Ends the batch if it has not ended and no item is without an outcome. (F1) */
export function finishIfDone(step: Step, batchId: string): void {
  const { state } = step;
  const batch = state.batches.get(batchId)!;
  if (batch.endedAt !== undefined || batch.counts.pending + batch.counts.running > 0) return;
  end(step, { ...batch, state: endState(batch.counts), endedAt: step.wall, unread: batch.counts.failed > 0 ? true : undefined });
  state.failures.delete(batchId);
  if (batch.key !== undefined) retireKey(step, batch.key);
  replaceThreads(step, batch);
  answerWaiting(step, batchId);
  forgetExcess(step);
}

function endState(counts: Counts): 'succeeded' | 'failed' | 'cancelled' {
  if (counts.cancelled > 0) return 'cancelled';
  return counts.failed > 0 ? 'failed' : 'succeeded';
}

/** (F2) */
function end(step: Step, batch: BatchRow & { readonly state: 'succeeded' | 'failed' | 'cancelled' }): void {
  const event = `batch.${batch.state}` as const;
  const url = batch.state === 'succeeded' ? batch.callbackUrl : batch.errorCallbackUrl;
  if (url === undefined) {
    step.state.batches.put({ ...batch, keepUntil: step.now + ENDED_BATCH_KEEP_MS });
    return;
  }
  step.state.batches.put({ ...batch, deliveryEvent: event });
  owe(step, batch, event, url);
}

/** Threads with the setup of an ended batch are of no use to any other. */
function replaceThreads(step: Step, batch: BatchRow): void {
  if (batch.setup === undefined) return;
  for (const row of step.state.workers.values()) if (row.state === 'idle' && row.setup === batch.id) endThread(step, row, 'replaced');
}
