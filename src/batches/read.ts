// Read: what is asked of batches, and the end of waiting for them.
//
// Owns the order and the bounds of the listings: batches newest first, results in the items' order.

import { PAGE_SCAN_MAX, RESULTS_PAGE_BYTES_MAX } from '../limits.ts';
import type { BatchRequest } from '../state/inputs.ts';
import type { BatchView } from '../state/replies.ts';
import type { ListenerRow } from '../state/rows.ts';
import { answer, refuse, type Step } from '../state/step.ts';
import { resultViews, batchView } from './views.ts';
import { answerAsItIs, answerOrWait, markRead } from './waiting.ts';

const LIST_CURSOR = /^\d{15}$/u;
const RESULTS_CURSOR = /^\d{1,6}$/u;

export function readBatch(step: Step, input: Extract<BatchRequest, { kind: 'readBatch' }>): void {
  const batch = step.state.batches.get(input.batch);
  if (batch === undefined) return refuse(step, input.request, { code: 'batch_not_found' });
  answerOrWait(step, input.request, batch, input.waitMs, false);
}

/** The cursor is the key of the last batch looked at. A page looks at `PAGE_SCAN_MAX` batches at most and may be short. */
export function listBatches(step: Step, input: Extract<BatchRequest, { kind: 'listBatches' }>): void {
  const { state } = step;
  const { cursor, limit } = input;
  if (cursor !== undefined && !LIST_CURSOR.test(cursor)) return refuse(step, input.request, { code: 'cursor_invalid' });
  const views: BatchView[] = [];
  let scanned = 0;
  let last: string | undefined;
  for (const key of state.batchIndex.listed.from(cursor ?? '')) {
    if (key === cursor) continue;
    if (views.length === limit || scanned === PAGE_SCAN_MAX) return answer(step, input.request, { kind: 'batches', views, nextCursor: last });
    const batch = state.batches.get(state.batchIndex.byListKey.get(key)!)!;
    if (input.state === undefined || input.state === batch.state) views.push(batchView(state, batch));
    scanned++;
    last = key;
  }
  answer(step, input.request, { kind: 'batches', views });
}

/** The cursor is the index of the page's first item. */
export function readResults(step: Step, input: Extract<BatchRequest, { kind: 'readResults' }>): void {
  const { state } = step;
  const batch = state.batches.get(input.batch);
  if (batch === undefined) return refuse(step, input.request, { code: 'batch_not_found' });
  const first = firstIndex(input.cursor, batch.counts.total);
  if (first === undefined) return refuse(step, input.request, { code: 'cursor_invalid' });
  const { results, nextIndex } = resultViews(state, batch, first, input.limit, RESULTS_PAGE_BYTES_MAX);
  if (results.some((result) => result.state === 'failed')) markRead(step, batch.id);
  answer(step, input.request, { kind: 'results', results, nextCursor: nextIndex < batch.counts.total ? String(nextIndex) : undefined });
}

/** The time of a waiting request is over. */
export function listenerDue(step: Step, listener: ListenerRow): void {
  const { state } = step;
  state.listeners.delete(listener.request);
  if (listener.on.kind === 'batch') answerAsItIs(step, listener.request, state.batches.get(listener.on.batch)!);
}

/** An orderly stop began: who waits for a batch is answered with what there is. */
export function releaseWaiters(step: Step): void {
  for (const listener of step.state.listeners.values()) if (listener.on.kind === 'batch') listenerDue(step, listener);
}

function firstIndex(cursor: string | undefined, total: number): number | undefined {
  if (cursor === undefined) return 0;
  const first = Number(cursor);
  return RESULTS_CURSOR.test(cursor) && first < total ? first : undefined;
}
