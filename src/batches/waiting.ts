// Waiting: requests that are answered when a batch has ended.
//
// Owns what an ended batch answers. Such requests are listeners; hanging up on one changes nothing.

import type { BatchRow } from '../state/rows.ts';
import { answer, refuse, type Step } from '../state/step.ts';
import { batchView, batchViewWithResults } from './views.ts';

/**
 * Answers now if the batch has ended or there is nothing to wait for, else when it has ended or after `waitMs`.
 * `inline`: the request submitted the batch, so it gets the results, and a failure is a refusal.
 */
export function answerOrWait(step: Step, request: number, batch: BatchRow, waitMs: number, inline: boolean): void {
  const { state } = step;
  if (batch.endedAt !== undefined) answerEnded(step, request, batch, inline);
  else if (waitMs === 0 || state.phase !== 'serving') answerAsItIs(step, request, batch);
  else state.listeners.put({ request, on: { kind: 'batch', batch: batch.id, inline }, waitUntil: step.now + waitMs });
}

export function answerAsItIs(step: Step, request: number, batch: BatchRow): void {
  answer(step, request, { kind: 'batch', view: batchView(step.state, batch) });
}

/** Tells everybody who waits for the batch that it has ended. */
export function answerWaiting(step: Step, batchId: string): void {
  const { state } = step;
  for (const request of state.leaseIndex.batchListenersOf(batchId)) {
    const listener = state.listeners.get(request)!;
    state.listeners.delete(request);
    answerEnded(step, request, state.batches.get(batchId)!, listener.on.kind === 'batch' && listener.on.inline);
  }
}

/** Failures have been fetched: they do not count as unread any more. */
export function markRead(step: Step, batchId: string): void {
  const batch = step.state.batches.get(batchId)!;
  if (batch.unread === true) step.state.batches.put({ ...batch, unread: undefined });
}

function answerEnded(step: Step, request: number, batch: BatchRow, inline: boolean): void {
  if (inline && batch.state === 'succeeded') answer(step, request, { kind: 'batch', view: batchViewWithResults(step.state, batch) });
  else if (inline) refuse(step, request, { code: 'task_failed', error: batch.error, batch: batch.id });
  else answerAsItIs(step, request, batch);
  if (batch.error !== undefined) markRead(step, batch.id);
}
