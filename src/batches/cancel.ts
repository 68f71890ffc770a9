// Cancel: a client no longer wants a batch.
//
// Owns what becomes of its items. What has not begun is cancelled at once, or as soon as it is back from a thread's hand;
// what runs is told (abort.ts), and after its grace its thread is ended (workers.ts). The batch ends when nothing of it runs.

import type { BatchRequest } from '../state/inputs.ts';
import type { WorkerRow } from '../state/rows.ts';
import type { State } from '../state/state.ts';
import { refuse, type Step } from '../state/step.ts';
import { abortRunning } from './abort.ts';
import { REFRAINED_CANCELLED } from './chunks.ts';
import { dispatch } from './dispatch.ts';
import { finishIfDone } from './finish.ts';
import { recall } from './hands.ts';
import { endUnbegun } from './setups.ts';
import { answerAsItIs } from './waiting.ts';

/** A batch that has ended, or was cancelled before, is answered as it is. */
export function cancelBatch(step: Step, input: Extract<BatchRequest, { kind: 'cancelBatch' }>): void {
  const { state } = step;
  const batch = state.batches.get(input.batch);
  if (batch === undefined) return refuse(step, input.request, { code: 'batch_not_found' });
  if (batch.endedAt === undefined && batch.cancelled !== true) {
    state.batches.put({ ...batch, cancelled: true });
    for (const row of state.workers.values()) if (concerns(state, batch.id, row)) stop(step, batch.id, row);
    endUnbegun(step, batch.id, REFRAINED_CANCELLED);
    finishIfDone(step, batch.id);
    dispatch(step);
  }
  answerAsItIs(step, input.request, state.batches.get(batch.id)!);
}

/** Also a hand without anything of the batch: the thread may have to be replaced. */
function stop(step: Step, batch: string, row: WorkerRow): void {
  recall(step, row);
  abortRunning(step, batch, step.state.workers.get(String(row.worker))!);
}

function concerns({ chunks }: State, batch: string, { chunk, hand = [] }: WorkerRow): boolean {
  return [chunk, ...hand.map((one) => one.chunk)].some((id) => id !== undefined && chunks.get(id)!.batch === batch);
}
