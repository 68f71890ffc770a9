// Forget: batches that ended long ago, or are too many, go with all that belongs to them.
//
// Owns the end of a batch's rows and bytes. One whose delivery is pending is not forgotten: it has no `keepUntil` yet.

import { ENDED_BATCH_BYTES_MAX, ENDED_BATCHES_MAX } from '../limits.ts';
import type { Step } from '../state/step.ts';
import { outcomeRows, outcomesId } from './outcomes.ts';

/** A batch has been kept for its time. */
export function batchDue(step: Step, id: string): void {
  const { state } = step;
  const batch = state.batches.get(id)!;
  for (let row = 0; row < outcomeRows(batch.counts.total); row++) state.outcomes.delete(outcomesId(id, row));
  state.deliveries.delete(batch.delivery);
  state.batches.delete(id);
  state.changes.dropPayload(`${id}/`);
  if (batch.deliveryEvent !== undefined) state.changes.dropPayload(`${batch.delivery}/`);
}

/** The oldest ended batches go when there are too many, or they hold too many bytes; the latest is kept in any case. */
export function forgetExcess(step: Step): void {
  const { batchIndex } = step.state;
  while (batchIndex.ended.size > ENDED_BATCHES_MAX || (batchIndex.ended.size > 1 && batchIndex.endedBytes > ENDED_BATCH_BYTES_MAX)) {
    batchDue(step, batchIndex.ended.first()!);
  }
}
